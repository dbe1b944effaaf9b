"""Monday's list: what needs a person, whom to call, and remedies that do what they say."""

from datetime import UTC, date, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.enums import (
    CallOutcome,
    ExceptionState,
    InvitationState,
    OutboxState,
    RunState,
)
from api.domain.exception_kinds import KINDS
from api.domain.permissions import Action, Role
from api.models.follow_up import ExceptionItem, Invitation
from api.models.outbox import OutboxMessage
from api.models.planning import Run
from api.services.coordination.remedies import REMEDIES
from api.services.follow_up import exceptions
from api.web.coordinator import today_words
from tests import factories as make
from tests.api.counting import count_queries
from tests.api.web.conftest import AsRole
from tests.api.web.coordination.conftest import NOW
from tests.api.web.coordination.posting import post
from tests.api.web.reading import page, text
from tests.seasons import World

TEL = "+47 00 00 00 00"


def raised(session: Session, kind: str, about: str, code: str, **given: object) -> ExceptionItem:
    reason = given.pop("reason", {"code": kind})
    return exceptions.raise_line(session, kind, about, reason=reason, remedy={"code": code}, **given)


def school_line(session: Session, world: World, code: str = "call_school") -> ExceptionItem:
    request = world.unserved[0]
    request.contact = make.make_person(session, name="Rådgiver 1", phone=TEL)
    session.flush()
    return raised(session, "nobody_found", request.id, code, person_id=request.contact_id, season_id=world.season.id)


def asked_line(session: Session, world: World) -> tuple[ExceptionItem, Invitation]:
    role_model = make.make_role_model(session)
    visit = make.make_visit(session, role_model, request=world.served[0])
    visit.request.state = "visit"
    invitation = Invitation(
        visit_id=visit.id,
        role_model_id=role_model.id,
        state=InvitationState.SENT,
        sent_at=datetime(2026, 11, 20, 9, tzinfo=UTC),
        answer_by=datetime(2026, 11, 30, 9, tzinfo=UTC),
    )
    session.add(invitation)
    session.flush()
    line = raised(
        session,
        "asked_in_vain",
        world.served[0].id,
        "call_invited",
        person_id=role_model.person_id,
        reason={"code": "no_or_silent", "people": 2},
    )
    return line, invitation


def test_every_remedy_has_a_function_and_words() -> None:
    proposed = {code for kind in KINDS.values() for code in kind.remedies}
    assert proposed == REMEDIES.keys()
    assert proposed == today_words.REMEDIES.keys()
    assert all(isinstance(remedy.action, Action) for remedy in REMEDIES.values())


def test_every_kind_of_line_has_words_and_a_place_in_the_order() -> None:
    from api.queries.coordination_today import WORST_FIRST

    assert KINDS.keys() <= today_words.KINDS.keys()
    assert KINDS.keys() <= today_words.REASONS.keys()
    assert KINDS.keys() <= set(WORST_FIRST)


def test_nothing_to_do_says_so(world: World, planner: FlaskClient) -> None:
    said = text(page(planner, "/i-dag"))
    assert "Ingenting trenger deg i dag." in said
    assert "Stillhetsklokka" in said


def test_line_says_what_whose_and_the_number(session: Session, world: World, planner: FlaskClient) -> None:
    school_line(session, world)
    source = page(planner, "/i-dag")
    said = text(source)
    assert "1 ting trenger deg i dag" in said
    assert "Øygard skole 0" in said
    assert world.unserved[0].reference in said
    assert "Vi fant ingen til noen av tidspunktene skolen foreslo." in said
    assert f'href="tel:{TEL.replace(" ", "")}"' in source
    assert "Rådgiver 1" in said


def test_worst_comes_first(session: Session, world: World, coordinator: FlaskClient) -> None:
    raised(session, "mail_failed", make.make_person(session).id, "call_and_correct_address")
    school_line(session, world)
    asked_line(session, world)
    kinds = [line["kind"] for line in coordinator.get("/api/v1/exceptions").json["items"]]
    assert kinds == ["nobody_found", "asked_in_vain", "mail_failed"]


def test_call_without_an_answer_is_noted_with_the_time(session: Session, world: World, planner: FlaskClient) -> None:
    line = school_line(session, world)
    post(planner, f"/i-dag/{line.id}/ringt", seen="/i-dag", outcome="no_answer", note="prøver etter kl. 12")
    said = text(page(planner, "/i-dag"))
    assert "Ringt i dag kl. 10.00, svarte ikke: prøver etter kl. 12" in said
    assert [note.outcome for note in line.calls] == [CallOutcome.NO_ANSWER]
    assert line.state is ExceptionState.OPEN


def test_talking_to_the_school_closes_the_line(session: Session, world: World, planner: FlaskClient) -> None:
    line = school_line(session, world)
    post(planner, f"/i-dag/{line.id}/gjor", seen="/i-dag")
    session.refresh(line)
    assert (line.state, line.resolution) == (ExceptionState.RESOLVED, "call_school")
    assert "Ingenting trenger deg i dag." in text(page(planner, "/i-dag"))


@pytest.mark.parametrize(("answer", "state"), [("yes", InvitationState.ACCEPTED), ("no", InvitationState.DECLINED)])
def test_answer_on_the_phone_counts(
    session: Session, world: World, planner: FlaskClient, answer: str, state: InvitationState
) -> None:
    line, invitation = asked_line(session, world)
    assert "2 personer på rad" in text(page(planner, "/i-dag"))
    post(planner, f"/i-dag/{line.id}/gjor", seen="/i-dag", answer=answer)
    session.refresh(invitation)
    session.refresh(line)
    assert invitation.state is state
    assert line.state is ExceptionState.RESOLVED


def test_remedy_that_asks_for_something_says_what_is_missing(
    session: Session, world: World, planner: FlaskClient
) -> None:
    line, _invitation = asked_line(session, world)
    post(planner, f"/i-dag/{line.id}/gjor", seen="/i-dag")
    assert "Dette må fylles ut." in text(page(planner, "/i-dag"))
    session.refresh(line)
    assert line.state is ExceptionState.OPEN


def test_new_plan_is_ordered_and_the_line_stays(session: Session, world: World, planner: FlaskClient) -> None:
    line = raised(session, "promise_missed", world.served[0].id, "plan_again", season_id=world.season.id)
    answer = post(planner, f"/i-dag/{line.id}/gjor", seen="/i-dag")
    run = session.scalars(select(Run).where(Run.state == RunState.QUEUED)).one()
    assert answer.headers["Location"] == f"/kjoringer/{run.id}"
    session.refresh(line)
    assert line.state is ExceptionState.OPEN


def test_corrected_address_sends_what_failed_again(session: Session, world: World, planner: FlaskClient) -> None:
    person = make.make_person(session, email="feil@example.org")
    message = OutboxMessage(
        kind="staff_word",
        person_id=person.id,
        address="feil@example.org",
        locale="nb",
        values={},
        about_kind="person",
        about_id=person.id,
        message_id="m1@treffpunkt",
        state=OutboxState.FAILED,
        not_before=datetime(2026, 11, 1, tzinfo=UTC),
    )
    session.add(message)
    line = raised(session, "mail_failed", person.id, "call_and_correct_address", person_id=person.id)
    post(planner, f"/i-dag/{line.id}/gjor", seen="/i-dag", address="ikke en adresse")
    session.refresh(line)
    assert line.state is ExceptionState.OPEN
    post(planner, f"/i-dag/{line.id}/gjor", seen="/i-dag", address="rett@example.org")
    session.refresh(message)
    session.refresh(line)
    assert (message.address, message.state) == ("rett@example.org", OutboxState.WAITING)
    assert line.state is ExceptionState.RESOLVED


def test_digital_visit_is_found_and_announced(session: Session, world: World, planner: FlaskClient) -> None:
    line = school_line(session, world, "digital")
    post(planner, f"/i-dag/{line.id}/gjor", seen="/i-dag")
    session.refresh(line)
    session.refresh(world.unserved[0])
    assert line.state is ExceptionState.RESOLVED
    assert world.unserved[0].state.value == "visit"


def test_line_is_closed_with_a_reason(session: Session, world: World, planner: FlaskClient) -> None:
    line = school_line(session, world)
    post(planner, f"/i-dag/{line.id}/lukk", seen="/i-dag", resolution="because")
    session.refresh(line)
    assert line.state is ExceptionState.OPEN
    post(planner, f"/i-dag/{line.id}/lukk", seen="/i-dag", resolution="by_phone")
    session.refresh(line)
    assert line.resolution == "by_phone"


def test_site_leader_sees_the_own_site_and_the_coordination_the_rest(
    session: Session, world: World, signed_in_as: AsRole
) -> None:
    evening = world.evenings[0]
    raised(
        session,
        "underfilled",
        evening.id,
        "send_offers",
        site_id=world.blindern.id,
        reason={"code": "underfilled", "seated": 1, "least": 6, "waiting": 3},
    )
    school_line(session, world)
    leader = text(page(signed_in_as(Role.SITE_LEADER, world.blindern), "/i-dag"))
    assert "Blindern" in leader
    assert "1 av minst 6, 3 står på venteliste." in leader
    assert "Øygard skole" not in leader
    assert "Ingenting trenger deg" in text(page(signed_in_as(Role.SITE_LEADER, world.nygard), "/i-dag"))
    coordinator = text(page(signed_in_as(Role.COORDINATOR), "/i-dag"))
    assert "Øygard skole" in coordinator
    assert "av minst 6" not in coordinator


def test_other_sites_lines_are_not_there(session: Session, world: World, signed_in_as: AsRole) -> None:
    line = raised(session, "underfilled", world.evenings[0].id, "send_offers", site_id=world.blindern.id)
    leader = signed_in_as(Role.SITE_LEADER, world.nygard)
    for what in ("ringt", "gjor", "lukk"):
        assert post(leader, f"/i-dag/{line.id}/{what}", seen="/i-dag").status_code == 404


def test_assistant_does_fewer_remedies(session: Session, world: World, assistant: FlaskClient) -> None:
    line = raised(session, "promise_missed", world.served[0].id, "plan_again", season_id=world.season.id)
    assert "Lag et nytt forslag" not in text(page(assistant, "/i-dag"))
    assert post(assistant, f"/i-dag/{line.id}/gjor", seen="/i-dag").status_code == 404


def test_program_acts_under_the_lines_etag(session: Session, world: World, coordinator: FlaskClient) -> None:
    line = school_line(session, world)
    address = f"/api/v1/exceptions/{line.id}"
    found = coordinator.get(address)
    assert coordinator.post(f"{address}/calls", json={"outcome": "no_answer"}).status_code == 428
    match = {"If-Match": found.headers["ETag"]}
    called = coordinator.post(f"{address}/calls", json={"outcome": "no_answer"}, headers=match)
    assert [one["outcome"] for one in called.json["calls"]] == ["no_answer"]
    closed = coordinator.post(f"{address}/resolve", json={"resolution": "elsewhere"}, headers=match)
    assert closed.json["state"] == "resolved"
    late = coordinator.post(f"{address}/remedy", json={}, headers=match)
    assert late.status_code == 412


def test_promises_at_risk_and_the_clock_of_silence_are_shown(
    session: Session, world: World, planner: FlaskClient
) -> None:
    world.served[1].answer_on = date(2026, 11, 25)
    for request in (world.served[0], world.served[2], *world.unserved):
        request.answer_on = date(2027, 1, 10)
    asked_line(session, world)
    said = text(page(planner, "/i-dag"))
    assert "Svar innen som står i fare 1 av 4" in said
    assert "Bergen skole 0 Bergen, 9. trinn i morgen Ingen er funnet ennå." in said
    assert "1 ubesvarte" in said
    assert "Dag 2 (minner på): 1" in page(planner, "/i-dag")


def test_what_solved_itself_has_a_page_of_its_own(session: Session, world: World, planner: FlaskClient) -> None:
    school_line(session, world)
    assert "løste seg uten deg" not in text(page(planner, "/i-dag"))
    exceptions.resolve_lines(session, world.unserved[0].id)
    session.flush()
    assert "Ett avvik løste seg uten deg siden fredag." in text(page(planner, "/i-dag"))
    said = text(page(planner, "/i-dag/av-seg-selv"))
    assert "Ett avvik løste seg selv" in said
    assert "Øygard skole 0" in said
    assert "Bestillingen har fått besøk, eller er over." in said


def test_after_a_remedy_the_next_line_takes_focus(session: Session, world: World, planner: FlaskClient) -> None:
    first, (second, _invitation) = school_line(session, world), asked_line(session, world)
    answer = post(planner, f"/i-dag/{first.id}/gjor", seen="/i-dag", next=second.id)
    assert answer.headers["Location"] == f"/i-dag?fokus={second.id}"
    fragment = planner.get(answer.headers["Location"], headers={"HX-Request": "true"}).get_data(as_text=True)
    assert "<html" not in fragment
    assert f'id="line-{second.id}" tabindex="-1" autofocus' in fragment
    assert 'hx-swap-oob="innerHTML"' in fragment
    assert "Samtalen er notert." in text(fragment)
    again = post(planner, f"/i-dag/{second.id}/gjor", seen="/i-dag", answer="yes", next="nobody")
    assert 'id="line-top" tabindex="-1" autofocus' in page(planner, again.headers["Location"])


def test_nine_lines_stand_on_the_page_and_the_rest_behind_a_link(
    session: Session, world: World, planner: FlaskClient
) -> None:
    for _ in range(11):
        raised(session, "mail_failed", make.make_person(session).id, "call_and_correct_address")
    source = page(planner, "/i-dag")
    assert source.count('class="tp-line-row') == 9
    assert "2 ting til, som haster mindre" in text(source)
    assert page(planner, "/i-dag?page=2").count('class="tp-line-row') == 2


def test_season_a_year_ago_stands_beside_this_one(session: Session, world: World, planner: FlaskClient) -> None:
    year = timedelta(days=365)
    before = make.make_season(
        session, starts_on=world.season.starts_on - year, ends_on=world.season.ends_on - year, name="I fjor"
    )
    request = make.make_request(session, season_id=before.id, submitted_at=NOW - timedelta(weeks=60))
    make.make_visit(session, make.make_role_model(session), request=request, starts_at=NOW - year, state="held")
    said = text(page(planner, "/i-dag"))
    assert "streken er i fjor" in said
    assert "0 besøk holdt, mot 1 på samme tid i fjor." in said


def test_questions_do_not_grow_with_the_lines(session: Session, world: World, planner: FlaskClient) -> None:
    counts = []
    for number in range(3):
        request = make.make_request(
            session, season_id=world.season.id, starts=(datetime(2027, 1, 18, 8, tzinfo=UTC) + timedelta(days=number),)
        )
        raised(session, "nobody_found", request.id, "call_school", person_id=make.make_person(session).id)
        session.expire_all()
        with count_queries(session) as counted:
            page(planner, "/i-dag")
        counts.append(counted.total)
    assert counts[0] == counts[2]
