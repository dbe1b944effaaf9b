"""Rules of programmes: checked, versioned, and kept with every plan."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.enums import RunKind
from api.domain.permissions import Role
from api.models.planning import Plan, Run
from api.models.programmes import ProgrammeRuleVersion
from api.queries.snapshot import order_of_run, take_snapshot
from api.services import audit
from tests.api.web.conftest import AsRole
from tests.api.web.coordination.posting import post
from tests.api.web.reading import page, text
from tests.seasons import World


def address(world: World) -> str:
    return f"/regler/{world.visit_rules.programme_id}"


def as_shown(client: FlaskClient, world: World) -> dict[str, str]:
    """The rules as the form has them."""
    rules = client.get(f"/api/v1/programmes/{world.visit_rules.programme_id}/rules").json["settings"]
    return {name: "" if value is None else str(value) for name, value in rules.items()}


def versions(session: Session, world: World) -> list[ProgrammeRuleVersion]:
    wanted = select(ProgrammeRuleVersion).where(ProgrammeRuleVersion.programme_id == world.visit_rules.programme_id)
    return list(session.scalars(wanted.order_by(ProgrammeRuleVersion.number)))


def test_change_is_a_new_version_with_who_and_what(session: Session, world: World, planner: FlaskClient) -> None:
    typed = as_shown(planner, world) | {"remind_hours": "24", "max_per_week": "3"}
    answer = post(planner, address(world), seen=address(world), number="1", **typed)
    assert answer.status_code == 303
    first, second = versions(session, world)
    assert (first.settings, second.number) == ({"lead_school_days": 0}, 2)
    assert (second.settings["remind_hours"], second.settings["max_per_week"]) == (24, 3)
    assert second.settings["lead_school_days"] == 0
    audit.write_pending(session)
    said = text(page(planner, address(world)))
    assert "Første påminnelse etter timer: 48 → 24" in said
    assert "Versjon 2 ti. 24. nov. kl. 10.00, Person" in said


def test_page_says_what_a_change_would_touch_before_it_is_kept(
    session: Session, world: World, planner: FlaskClient
) -> None:
    typed = as_shown(planner, world) | {"first_visit_months": "1", "max_per_term": "2", "remind_hours": "24"}
    looked = post(planner, address(world), seen=address(world), number="1", step="look", **typed)
    assert looked.status_code == 200
    said = looked.get_data(as_text=True)
    assert "Dette endres" in said
    assert "skoler regnes som uten besøk da." in said
    assert "har tilbudt mer enn det." in said
    assert 'name="step" value="keep"' in said
    assert len(versions(session, world)) == 1
    same = post(planner, address(world), seen=address(world), number="1", step="look", **as_shown(planner, world))
    assert "Ingenting endres" in same.get_data(as_text=True)


@pytest.mark.parametrize("words", ["=1+1", "<b>", "\u202e", "9" * 300, "1e400", "nan", "-0"])
def test_naughty_numbers_are_named(session: Session, world: World, planner: FlaskClient, words: str) -> None:
    typed = as_shown(planner, world) | {"remind_hours": words}
    for step in ("look", "keep"):
        answer = post(planner, address(world), seen=address(world), number="1", step=step, **typed)
        assert answer.status_code in (200, 303, 422)


def test_plan_keeps_its_version_and_a_new_run_takes_the_new_one(
    session: Session, world: World, coordinator: FlaskClient
) -> None:
    programme = world.visit_rules.programme_id
    plan = session.get_one(Plan, world.plans[RunKind.VISIT])
    before = session.get_one(Run, plan.run_id).rule_version_id
    rules = coordinator.get(f"/api/v1/programmes/{programme}/rules")
    changed = rules.json["settings"] | {"kmh": 80, "lead_school_days": 0}
    made = coordinator.put(
        f"/api/v1/programmes/{programme}/rules", json={"settings": changed}, headers={"If-Match": rules.headers["ETag"]}
    )
    assert (made.status_code, made.json["number"]) == (200, 2)
    assert session.get_one(Run, plan.run_id).rule_version_id == before
    code = made.json["code"]
    order = {"kind": "visit", "season": world.season.id, "programme": code}
    run = session.get_one(Run, coordinator.post("/api/v1/runs", json=order).json["id"])
    assert session.get_one(ProgrammeRuleVersion, run.rule_version_id).number == 2
    problem = take_snapshot(session, order_of_run(session, run.id, world.today)).problem
    assert problem.travel.kmh == 80


def test_rules_that_cannot_be_used_are_named_and_what_was_typed_is_kept(
    session: Session, world: World, planner: FlaskClient
) -> None:
    typed = as_shown(planner, world) | {"send_hour": "24", "kmh": "fort", "remind_hours": "-1"}
    answer = post(planner, address(world), seen=address(world), number="1", **typed)
    assert answer.status_code == 422
    source = answer.get_data(as_text=True)
    assert "Oppgi en time fra 0 til 23." in source
    assert "Oppgi et tall over 0." in source
    assert "Oppgi et helt tall på minst 0." in source
    assert 'value="fort"' in source
    assert len(versions(session, world)) == 1


def test_late_change_does_not_overwrite(session: Session, world: World, planner: FlaskClient) -> None:
    typed = as_shown(planner, world)
    post(planner, address(world), seen=address(world), number="1", **(typed | {"remind_hours": "24"}))
    late = post(planner, address(world), seen=address(world), number="1", **(typed | {"remind_hours": "36"}))
    assert late.status_code == 409
    assert [one.settings.get("remind_hours") for one in versions(session, world)] == [None, 24]


def test_saving_without_a_change_makes_no_version(session: Session, world: World, planner: FlaskClient) -> None:
    answer = post(planner, address(world), seen=address(world), number="1", **as_shown(planner, world))
    assert answer.status_code == 409
    assert len(versions(session, world)) == 1


def test_program_needs_the_etag_and_known_rules(world: World, coordinator: FlaskClient) -> None:
    rules = f"/api/v1/programmes/{world.visit_rules.programme_id}/rules"
    assert coordinator.put(rules, json={"settings": {}}).status_code == 428
    match = {"If-Match": coordinator.get(rules).headers["ETag"]}
    wrong = coordinator.put(rules, json={"settings": {"speed": 1}}, headers=match)
    assert wrong.status_code == 422
    assert "settings.speed" in wrong.json["errors"]["json"]


def test_group_rules_are_edited_too(session: Session, world: World, planner: FlaskClient) -> None:
    programme = world.group_rules.programme_id
    settings = planner.get(f"/api/v1/programmes/{programme}/rules").json["settings"]
    typed = {name: "" if value is None else str(value) for name, value in settings.items()}
    where = f"/regler/{programme}"
    answer = post(
        planner, where, seen=where, number="1", **(typed | {"returning_share": "0,6", "placement": "queue_first"})
    )
    assert answer.status_code == 303
    after = planner.get(f"/api/v1/programmes/{programme}/rules").json["settings"]
    assert (after["returning_share"], after["placement"]) == (0.6, "queue_first")
    shown = page(planner, where)
    assert '<option value="queue_first" selected>I køens rekkefølge' in shown
    assert "Valgregel: Flest mulig plasser → I køens rekkefølge" in text(shown)


def test_rules_of_groups_show_what_the_choice_rule_costs(session: Session, world: World, planner: FlaskClient) -> None:
    most, first = session.get_one(Plan, world.plans[RunKind.GROUP]).certificate["placements"]
    said = text(page(planner, f"/regler/{world.group_rules.programme_id}"))
    assert "Hva valgregelen koster" in said
    assert "Flest mulig plasser regelen nå I køens rekkefølge" in said
    assert f"Elever som får plass {sum(most['served'])} {sum(first['served'])}" in said
    assert f"Fikk førstevalget {most['first_choice']} {first['first_choice']}" in said
    assert f"Vil heller ha plassen til noen bak seg {most['envy']} {first['envy']}" in said
    assert "Hva valgregelen koster" not in text(page(planner, address(world)))


def test_rule_that_is_only_looked_at_is_not_yet_the_rule(world: World, planner: FlaskClient) -> None:
    where = f"/regler/{world.group_rules.programme_id}"
    settings = planner.get(f"/api/v1/programmes/{world.group_rules.programme_id}/rules").json["settings"]
    typed = {name: "" if value is None else str(value) for name, value in settings.items()}
    answer = post(planner, where, seen=where, number="1", step="look", **(typed | {"placement": "queue_first"}))
    said = text(answer.get_data(as_text=True))
    assert "Valgregel: Flest mulig plasser → I køens rekkefølge" in said
    assert "Flest mulig plasser regelen nå I køens rekkefølge" in said


def test_rules_are_for_those_who_may_edit_them(world: World, signed_in_as: AsRole) -> None:
    for role in (Role.ASSISTANT,):
        assert signed_in_as(role).get("/regler").status_code == 404
    assert "Reglene for programmene" in text(page(signed_in_as(Role.COORDINATOR), "/regler"))
