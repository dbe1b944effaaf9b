"""What `explain` found, in words that a teacher or a pupil understands, in three languages.

A story is what `matcher.explain.explain` returns for an id. No other pupil and no role model is named in it. Whoever
shows it says what sessions and times are called; `Names` says it from the problem.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol

from matcher.problem import GroupProblem, Problem
from matcher.words_texts import LANGUAGES, TEXTS

__all__ = ["LANGUAGES", "Names", "Naming", "change_for_pupil", "change_for_request", "tell"]

Story = Mapping[str, Any]

_WEEKDAYS = {
    "nb": ("mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag"),
    "nn": ("måndag", "tysdag", "onsdag", "torsdag", "fredag", "laurdag", "søndag"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_CLOCK = {"nb": "kl. %H.%M", "nn": "kl. %H.%M", "en": "at %H:%M"}


class Naming(Protocol):
    """What things are called."""

    def session(self, identifier: str) -> str:
        """A session, such as "Tuesday at 17:00, Blindern"."""

    def moment(self, start: str) -> str:
        """A local time in ISO form, such as "18.01.2027 at 08:30"."""


class Names:
    """Names from the problem alone: a session by weekday, hour and site."""

    def __init__(self, problem: Problem, language: str) -> None:
        self._language = language
        self._sessions = {one.id: one for one in problem.sessions} if isinstance(problem, GroupProblem) else {}

    def session(self, identifier: str) -> str:
        one = self._sessions[identifier]
        day = _WEEKDAYS[self._language][one.weekday - 1]
        return f"{day} {one.start.strftime(_CLOCK[self._language])}, {one.site} ({identifier})"

    def moment(self, start: str) -> str:
        at = datetime.fromisoformat(start)
        day = _WEEKDAYS[self._language][at.weekday()]
        return f"{day} {at.strftime('%d.%m.%Y')} {at.strftime(_CLOCK[self._language])}"


def tell(story: Story, language: str, names: Naming) -> list[str]:
    """The story of one id, a sentence each. language: one of LANGUAGES. Raises KeyError for another."""
    return list(_TELLERS[next(key for key in _TELLERS if key in story)](story, language, names))


def change_for_pupil(change: Story | None, language: str, names: Naming) -> str:
    """The smallest change that would seat a pupil; None is that no single one does."""
    kind = "none" if change is None else change["kind"]
    told = {"session": names.session(change["session"])} if change and "session" in change else {}
    return _say(f"pupil.change.{kind}", language, count=(change or {}).get("minutes"), **told)


def change_for_request(change: Story | None, language: str, names: Naming) -> str:
    """The smallest change that would serve a request; None is that no single one does."""
    kind = "none" if change is None else change["kind"]
    told = {"start": names.moment(change["start"])} if change and "start" in change else {}
    return _say(f"request.change.{kind}", language, count=(change or {}).get("minutes"), **told)


def _say(text: str, language: str, count: int | None = None, **values: Any) -> str:
    said = TEXTS[text][language]
    chosen = said if isinstance(said, str) else said[count != 1]
    return chosen.format(count=count, **values)


def _pupil(story: Story, language: str, names: Naming) -> Iterator[str]:
    number = story["position"] + 1
    if story["served"]:
        yield _say("pupil.served", language, session=names.session(story["session"]))
        yield from _which_choice(story, language)
        if story["named_mentor"]:
            yield _say("pupil.named_mentor", language)
        yield from (_fate(one, language, names) for one in story["better_choices"])
        return
    yield _say("pupil.not_served", language, number=number)
    if story["ahead"]:
        yield _say("pupil.ahead", language, story["ahead"])
    if not story["choices"]:
        yield _say("pupil.no_choices", language)
    yield from (_fate(one, language, names) for one in story["choices"])
    if story["proof"] and story["proof"]["room"]:
        yield _say("pupil.proof", language, story["proof"]["room"])
    yield change_for_pupil(story["smallest_change"], language, names)


def _which_choice(story: Story, language: str) -> Iterator[str]:
    if story["fixed"]:
        yield _say("pupil.fixed", language)
    elif story["choice"] == 0:
        yield _say("pupil.first_choice", language)
    else:
        yield _say("pupil.choice", language, number=story["choice"] + 1)


def _fate(choice: Story, language: str, names: Naming) -> str:
    why = _say(f"fate.{choice['code']}", language)
    return _say("fate", language, session=names.session(choice["session"]), why=why)


def _session(story: Story, language: str, names: Naming) -> Iterator[str]:
    name = names.session(story["session"])
    if story["open"]:
        counts = {"pupils": story["pupils"], "seats": story["seats"], "mentors": len(story["mentors"])}
        yield _say("session.open", language, session=name, **counts)
    else:
        yield _fate({"session": story["session"], "code": story["closed_because"]}, language, names)
    if waiting := sum(story["waiting_by_level"].values()):
        yield _say("session.waiting", language, waiting)
    if story["one_more_mentor_serves"]:
        yield _say("session.one_more_mentor", language, story["one_more_mentor_serves"])


def _mentor(story: Story, language: str, names: Naming) -> Iterator[str]:
    yield _say("mentor.stands", language, len(story["sessions"]), most=story["max_sessions"])
    for one in story["sessions"]:
        yield _say("mentor.session", language, one["pupils"], session=names.session(one["session"]))


def _request(story: Story, language: str, names: Naming) -> Iterator[str]:
    if story["served"]:
        visit = story["visit"]
        yield _say("request.served", language, len(visit["role_models"]), start=names.moment(visit["start"]))
        if others := sum(not one["used_elsewhere"] for one in story["alternatives"]):
            yield _say("request.others", language, others)
        return
    yield _say("request.not_served", language)
    for reason in story["reasons"]:
        yield _say(f"reason.{reason['code']}", language, reason["count"])
    yield change_for_request(story["smallest_change"], language, names)


def _role_model(story: Story, language: str, names: Naming) -> Iterator[str]:
    yield _say("role_model.visits", language, story["engagements"], most=story["max_per_term"])
    if may_meet := len(story["unserved_requests_they_may_meet"]):
        yield _say("role_model.may_meet", language, may_meet)


_TELLERS = {"pupil": _pupil, "request": _request, "role_model": _role_model, "session": _session, "mentor": _mentor}
