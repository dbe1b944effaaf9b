"""Moving a visit of a plan by hand: the judge is asked, and what holds becomes a lock for the next run."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import clock
from api.domain.enums import RunKind
from api.domain.permissions import Action, Actor, reach
from api.errors import Conflict, FieldError, NotFound
from api.i18n import gettext
from api.models.people import Person
from api.models.places import School
from api.models.plan_rows import Lock
from api.models.planning import Run
from api.models.role_models import RoleModel
from api.models.visits import Lesson, Request, RequestOption
from api.queries import season_now, stories
from api.queries.coordination_adjust import Broken, Change, rule_on
from api.services import runs
from api.services.coordination import judge_words, locks


def move_and_lock(session: Session, actor: Actor, plan_id: str, change: Change, *, reason: str = "") -> Lock:
    """Keeps a changed visit for the next run, when the judge finds no broken rule and nothing of today contradicts it.

    Effects: the request's lock gives way to the new one, with two entries in the trail. The plan itself never changes:
    a run with the lock makes the plan that can be approved. Raises NotFound without the right, and Conflict with one
    sentence for each broken rule, or as `locks.lock_visit`.
    """
    if not reach(actor, Action.QUEUE_RUNS):
        raise NotFound(gettext("There is no such plan."))
    season_now.plan_of_kind(session, plan_id, RunKind.VISIT)
    facts = stories.visit_facts(session, plan_id)
    if change.option is None:
        raise Conflict(
            gettext("Nothing can be locked for a request without a visit."),
            code="nothing_to_lock",
            remedy=gettext("Approve the plan without that row instead."),
        )
    ruling = rule_on(facts, change)
    if not ruling.fits:
        sentences = broken_sentences(session, ruling.broken)
        raise Conflict(
            gettext("This breaks a rule."),
            code="breaks_rules",
            remedy=" ".join(sentences),
            errors=[FieldError(one.code, said) for one, said in zip(ruling.broken, sentences, strict=True)],
        )
    starts_at = facts.story.requests[change.request].options[change.option].lessons[0].start
    option_id = session.scalar(
        select(RequestOption.id)
        .join(Lesson, Lesson.option_id == RequestOption.id)
        .where(
            RequestOption.request_id == change.request,
            Lesson.position == 0,
            Lesson.starts_at == clock.at_local(starts_at.date(), starts_at.time()),
        )
        .order_by(RequestOption.position)
        .limit(1)
    )
    if option_id is None:
        raise Conflict(
            gettext("The school has taken that time away."), code="option_gone", remedy=gettext("Choose another time.")
        )
    return locks.lock_visit(
        session, actor, change.request, option_id, change.mode, change.role_models, reason=reason, replaces=True
    )


def run_again(session: Session, actor: Actor, plan_id: str, *, seconds: int) -> Run:
    """Orders a run of the plan's season, in which the locks stand. Raises NotFound."""
    plan = season_now.plan_of_kind(session, plan_id, RunKind.VISIT)
    return runs.queue_run(session, actor, kind=RunKind.VISIT, season_id=plan.season_id, seconds=seconds)


def broken_sentences(session: Session, broken: Collection[Broken]) -> list[str]:
    """What the judge found, in words, with the names of people and schools; two queries."""
    people = names_of(session, {one for item in broken for one in item.people})
    schools = schools_of(session, {one for item in broken for one in item.against})
    return [judge_words.sentence(item, people, schools) for item in broken]


def names_of(session: Session, role_models: Collection[str]) -> dict[str, str]:
    """The names of role models, for those who may see them."""
    rows = session.execute(
        select(RoleModel.id, Person.name)
        .join(Person, RoleModel.person_id == Person.id)
        .where(RoleModel.id.in_(role_models))
    )
    return {row.id: row.name for row in rows}


def schools_of(session: Session, requests: Collection[str]) -> dict[str, str]:
    """The school of each request, and when it asked, for a sentence."""
    rows = session.execute(
        select(Request.id, School.name, Request.reference).join(School).where(Request.id.in_(requests))
    )
    return {row.id: f"{row.name} ({row.reference})" for row in rows}
