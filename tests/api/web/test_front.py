"""The front page: doors for everyone, and the season in figures."""

import html
import re
from datetime import UTC, datetime

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from api.domain.enums import RunKind
from api.domain.permissions import Role
from tests.api.counting import count_queries
from tests.api.web.conftest import AsRole, for_now
from tests.api.web.reading import page, text
from tests.seasons import World, plan_now, planned_season, small_season


def test_without_a_season_says_so_and_still_has_its_doors(client: FlaskClient) -> None:
    shown = page(client, "/")
    assert "står tallene her" in text(shown)
    assert text(page(client, "/kart")).count("Det er ikke noe forslag ennå") == 1


def test_each_door_opens(client: FlaskClient, world: World) -> None:
    shown = page(client, "/")
    for door in ("/bestill", "/bedrift/ny", "/elev/bli-med", "/rollemodeller", "/grupper/steder", "/rettferdig"):
        assert f'href="{door}"' in shown
        assert client.get(door).status_code == 200


def test_season_without_plans_says_what_is_missing(client: FlaskClient, session: Session) -> None:
    small_season(session)
    shown = text(page(client, "/"))
    assert "Forslaget til besøk er ikke laget ennå." in shown
    assert "Forslaget til studiegrupper er ikke laget ennå." in shown


def test_figures_are_those_of_the_plans(client: FlaskClient, world: World) -> None:
    shown = text(page(client, "/"))
    assert world.season.name in shown
    assert "3 besøk er fordelt på skolene" in shown
    assert "3 elever har plass i en studiegruppe, på 2 steder." in shown


def test_one_plan_alone_is_shown(client: FlaskClient, session: Session) -> None:
    world = small_season(session)
    plan_now(session, world, RunKind.GROUP)
    shown = text(page(client, "/"))
    assert "Forslaget til besøk er ikke laget ennå." in shown
    assert "3 elever har plass" in shown


def test_other_languages_have_the_same_figures(client: FlaskClient, world: World) -> None:
    assert "3 visits shared out between schools" in text(page(client, "/?lang=en"))
    assert "3 besøk er fordelte på skulane" in text(page(client, "/?lang=nn"))


def test_school_is_promised_an_answer_ten_working_days_on(client: FlaskClient, world: World) -> None:
    with time_machine.travel(datetime(2027, 2, 26, 9, tzinfo=UTC), tick=False):
        assert "Tre minutter. Svar innen fredag 12. mars." in text(page(client, "/")).replace("\N{NO-BREAK SPACE}", " ")


def test_who_has_been_here_before_finds_the_way_in(signed_in_as: AsRole, client: FlaskClient, world: World) -> None:
    assert 'href="/logg-inn"' in page(client, "/")
    assert 'href="/konto"' in page(signed_in_as(Role.COORDINATOR), "/")


@pytest.mark.long_on_postgres
def test_no_door_leads_a_reader_to_a_page_that_does_not_open(
    client: FlaskClient, world: World, signed_in_as: AsRole
) -> None:
    readers = [client, *(signed_in_as(role) for role in (Role.PUPIL, Role.ASSISTANT, Role.COORDINATOR))]
    readers.append(signed_in_as(Role.SITE_LEADER, world.blindern))
    for reader in readers:
        for address in ("/", "/kart", "/kart/grupper", "/grupper/steder", "/grupper/uten", "/grupper/blindern"):
            shown = page(reader, address)
            for link in set(re.findall(r'href="(/(?!static|api|logg-inn)[^"#]*)"', shown)):
                assert reader.get(html.unescape(link), follow_redirects=True).status_code == 200, (address, link)


def test_signing_in_leads_to_where_work_begins(world: World, signed_in_as: AsRole) -> None:
    first = {Role.COORDINATOR: "/i-dag", Role.ASSISTANT: "/i-dag", Role.PUPIL: "/"}
    assert {role: signed_in_as(role).get("/hjem").location for role in first} == first
    assert signed_in_as(Role.SITE_LEADER, world.blindern).get("/hjem").location == "/studiested"


def test_more_shows_each_what_they_may_do(signed_in_as: AsRole) -> None:
    seen = {
        role: set(re.findall(r'<li><a class="ds-link" href="([^"]+)"', page(signed_in_as(role), "/mer")))
        for role in (Role.ADMIN, Role.COORDINATOR, Role.ASSISTANT)
    }
    assert seen[Role.ASSISTANT] == {"/bestill-for", "/skolekontakter"}
    assert seen[Role.COORDINATOR] == seen[Role.ASSISTANT] | {"/melding", "/dobbelt", "/regler", "/historikk"}
    assert seen[Role.ADMIN] == seen[Role.COORDINATOR] | {"/brukere"}
    assert signed_in_as(Role.PUPIL).get("/mer").status_code == 404


def test_no_page_asks_another_host_or_runs_inline_code(planner: FlaskClient, world: World) -> None:
    for address in (
        "/",
        "/besok",
        "/besok/uten",
        "/kart",
        "/kart/grupper",
        "/grupper",
        "/grupper/steder",
        "/grupper/uten",
    ):
        shown = page(planner, address)
        assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', shown), address
        assert not re.findall(r"<script(?![^>]* src=)|<style|\son[a-z]+=|\sstyle=", shown), address


def test_questions_do_not_grow_with_the_season(client: FlaskClient, session: Session) -> None:
    counts = []
    for copies in (1, 3):
        with for_now(session):
            planned_season(session, copies=copies)
            page(client, "/")
            with count_queries(session) as counted:
                page(client, "/")
            counts.append(counted.total)
    assert counts[0] == counts[1]
