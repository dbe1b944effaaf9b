"""The plan as a week, what would help those without a visit, and what has changed since the current plan."""

import re
from datetime import timedelta

import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.enums import Mode, RequestState, RunKind, TopicUse
from api.models.follow_up import Alternative
from api.models.plan_rows import PlanVisit
from api.models.visits import RequestTopic
from tests import factories as make
from tests.api.web.coordination.conftest import NOW
from tests.api.web.coordination.posting import lock_visits, post
from tests.api.web.reading import page, rows, text
from tests.seasons import World, lessons_on, plan_now

STARTS = re.compile(r'name="starts" value="([^"]+)"')


def test_week_shows_days_in_blocks_with_locks_and_free_reserved_people(
    session: Session, world: World, planner: FlaskClient
) -> None:
    visit = session.scalars(select(PlanVisit.id).where(PlanVisit.request_id == world.served[0].id)).one()
    post(planner, f"/besok/{visit}/las")
    monday = world.monday.isoformat()
    source = page(planner, f"/besok/uke?dag={monday}")
    said = text(source)
    assert "Mandag ma. 18. jan. ett besøk" in said or "Mandag ma. 18. jan. 1 besøk" in said
    assert "Oslo skole 0" in said
    assert source.count("tp-visit-locked") == 1
    assert "én avsatt er ledig" in said
    assert "Uke 3 · 3 besøk" in text(page(planner, "/besok/uke"))
    assert "ingen besøk" in text(page(planner, "/besok/uke?dag=2027-03-01"))


def test_smallest_change_is_offered_by_its_button(session: Session, world: World, planner: FlaskClient) -> None:
    left = world.unserved[0]
    left.contact_id = make.make_person(session).id
    session.flush()
    said = text(page(planner, "/besok/uten"))
    assert "Digitalt besøk" in said
    assert "Tilby digitalt : Øygard skole 0" in said
    starts = STARTS.findall(page(planner, "/besok/uten"))[0]
    late = post(planner, f"/besok/uten/{left.id}/tilby", seen="/besok/uten", starts="2027-01-01T09:00:00+00:00")
    assert late.status_code == 303
    assert left.state is RequestState.OPEN
    for _ in range(2):
        post(planner, f"/besok/uten/{left.id}/tilby", seen="/besok/uten", starts=starts)
    session.refresh(left)
    assert left.state is RequestState.DECLINED
    [alternative] = session.scalars(select(Alternative))
    assert (alternative.request_id, alternative.mode) == (left.id, Mode.DIGITAL)
    assert "Besvart siden" in text(page(planner, "/besok/uten"))


def test_what_the_plan_found_is_told_where_nothing_near_helps(
    session: Session, world: World, planner: FlaskClient
) -> None:
    nobodys = make.make_topic(session, name_nb="romfart", name_en="space")
    common = {"season_id": world.season.id, "programme_id": world.visit_rules.programme_id}
    asked = make.make_request(session, starts=(lessons_on(world, 3),), school_id=world.served[0].school_id, **common)
    asked.topics = [RequestTopic(topic_id=nobodys.id, use=TopicUse.NEEDED)]
    session.flush()
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        plan_now(session, world, RunKind.VISIT)
    source = page(planner, "/besok/uten")
    assert f"/besok/uten/{asked.id}" in source
    assert "Et besøk er mulig om temaet er fritt. Andre besøk kan bli flyttet for det; ingen faller bort." in text(
        source
    )
    assert "Ingenting i nærheten" not in text(source)


def test_rows_that_changed_since_the_current_plan_can_be_shown_alone(
    session: Session, world: World, planner: FlaskClient
) -> None:
    assert "Endret siden gjeldende" not in text(page(planner, "/besok"))
    lock_visits(session, planner, world.served)
    world.unserved[0].mode = world.unserved[0].prefers = Mode.DIGITAL
    session.flush()
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        plan_now(session, world, RunKind.VISIT)
    assert "Endret siden gjeldende (1)" in text(page(planner, "/besok"))
    [row] = rows(page(planner, "/besok?changed=1"))
    assert "Øygard skole 0" in row
