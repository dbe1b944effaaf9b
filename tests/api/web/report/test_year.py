"""The year in figures on the screen, as a chapter, as a file and for everyone; targets, and what came of answers."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest
import time_machine
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.domain.enums import Audience, Factor, Measure, ProgrammeKind
from api.domain.permissions import Role
from api.models.programmes import Programme
from api.models.reports import ProgrammeFactor, SaidAndDone, YearlyFigure
from tests import factories as make
from tests.api.counting import count_queries
from tests.api.queries.report.test_year import applied, evening, held, study_groups
from tests.api.web.conftest import AsRole
from tests.api.web.coordination.posting import post
from tests.api.web.reading import page, text

LATER = datetime(2028, 2, 15, 9, tzinfo=UTC)
STRANGE = "<b>Dere</b> sa \"=1+1\" 𝓡2 \u202e og ''--"


@pytest.fixture(autouse=True)
def in_february() -> object:
    with time_machine.travel(LATER, tick=False):
        yield


@pytest.fixture
def programme(session: Session) -> Programme:
    """Study groups at two sites in 2027, ten and forty who applied, three at the small one without a place."""
    season, made = make.make_season(session), study_groups(session)
    school = make.make_school(session)
    level = make.make_level(session).id
    for name, count, placed in (("Lille", 10, 7), ("Store", 40, 20)):
        at = evening(session, made, season, make.make_site(session, name=name))
        applied(session, at, count, placed, school_id=school.id)
    for entry in session.scalars(select(make.Entry)):
        entry.level_id = level
    session.flush()
    return made


@pytest.fixture
def planner(signed_in_as: AsRole) -> FlaskClient:
    return signed_in_as(Role.COORDINATOR)


def test_page_has_the_figures_and_hides_the_small_ones(planner: FlaskClient, programme: Programme) -> None:
    said = text(page(planner, "/aret"))
    assert "Året 2027 i tall" in said
    assert "Elever som søkte plass 50" in said
    assert "27 fikk tilbud om plass, og 23 sto igjen." in said
    assert "Lille Institution 10 :" in said  # three of ten had no place
    assert "Store Institution 40 :" in said  # or they could be worked out


def test_filters_and_what_they_leave_out(planner: FlaskClient, programme: Programme, session: Session) -> None:
    site = session.scalars(select(make.Site).where(make.Site.name == "Store")).one()
    said = text(page(planner, f"/aret?year=2027&place=site:{site.id}"))
    assert "Søkte, med førstevalg her 40" in said
    assert "Kjønn, trinn og fag lagres ikke for hvert sted" in said
    school = session.scalars(select(make.School)).first()
    assert school is not None
    there = f"/aret?place=municipality:{school.municipality_id}"
    assert "Søkte fra skolene der 50" in text(page(planner, there))
    for odd in ("?year=9999", "?year=x&season=y&programme=z&place=site:", "?place=municipality:nowhere", "?all=x"):
        assert planner.get(f"/aret{odd}").status_code == 200


def test_chapter_shows_every_table(planner: FlaskClient, programme: Programme) -> None:
    shown = page(planner, "/aret/rapport")
    assert shown.count("<details") == shown.count(" open>") == 2


def test_page_without_anything_says_so(planner: FlaskClient) -> None:
    assert "Ingenting er talt ennå." in text(page(planner, "/aret"))
    assert planner.get("/aret/rapport").status_code == 200


def test_file_has_what_the_page_shows(planner: FlaskClient, programme: Programme) -> None:
    answer = planner.get("/aret/tall.csv?year=2027")
    lines = list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig")), delimiter=";"))
    assert lines[0] == ["Del", "Hva", "Tall", "Året før", "Mål"]
    assert ["Lille, Institution", "Fikk tilbud", ":", "", ""] in lines
    assert ["Lille, Institution", "Søkte plass", "10", "", ""] in lines
    book = load_workbook(io.BytesIO(planner.get("/aret/tall.xlsx").get_data()))
    assert book.active.max_row == len(lines)
    assert planner.get("/aret/tall.pdf").status_code == 404


def test_everyone_sees_the_last_whole_year_without_places(
    client: FlaskClient, programme: Programme, session: Session
) -> None:
    shown = text(page(client, "/i-tall"))
    assert "Elever som søkte plass 50" in shown
    assert "Lille" not in shown
    assert "Året 2027 i tal" in text(page(client, "/i-tall?lang=nn"))
    assert client.get("/aret").status_code == 302


def test_assistants_read_and_leaders_do_not(signed_in_as: AsRole, session: Session) -> None:
    assistant = signed_in_as(Role.ASSISTANT)
    assert assistant.get("/aret").status_code == 200
    for path in ("/aret/mal", "/aret/dere-sa"):
        assert assistant.get(path).status_code == 404
        assert path not in page(assistant, "/aret")
    assert signed_in_as(Role.SITE_LEADER, make.make_site(session)).get("/aret").status_code == 404


def test_targets_are_kept_changed_and_taken_away(planner: FlaskClient, session: Session) -> None:
    visits = make.make_programme(session)
    name, counted = f"target-{visits.id}-visits", f"counted-{visits.id}-visits"
    factor = f"factor-{visits.id}"
    form = {"seen": "/aret/mal?year=2027"}
    sent = post(planner, "/aret/mal/2027", **form, **{name: "120", counted: "97", factor: ["interests", "nonsense"]})
    assert sent.status_code == 303
    row = session.scalars(select(YearlyFigure)).one()
    assert (row.measure, row.target, row.counted) == (Measure.VISITS, 120, 97)
    assert session.scalars(select(ProgrammeFactor.factor)).all() == [Factor.INTERESTS]
    assert 'value="120"' in page(planner, "/aret/mal?year=2027")
    refused = post(planner, "/aret/mal/2027", **form, **{name: "mange", counted: "-4"})
    assert refused.status_code == 422
    assert f'href="#{name}"' in refused.get_data(as_text=True)
    assert 'value="mange"' in refused.get_data(as_text=True)
    assert post(planner, "/aret/mal/2027", **form, **{name: "", counted: ""}).status_code == 303
    assert session.scalars(select(YearlyFigure)).all() == []


def test_a_share_is_at_most_a_hundred(planner: FlaskClient, session: Session) -> None:
    made = make.make_programme(session, kind=ProgrammeKind.STUDY_GROUP)
    sent = {f"target-{made.id}-satisfied": "101"}
    assert post(planner, "/aret/mal/2027", seen="/aret/mal", **sent).status_code == 422
    assert post(planner, "/aret/mal/1999", seen="/aret/mal").status_code == 404


def test_you_said_we_did_is_shown_where_it_belongs(planner: FlaskClient, session: Session) -> None:
    season = make.make_season(session)
    where = f"/aret/dere-sa/{season.id}"
    seen = "/aret/dere-sa"
    lines = {"said_nb-1": "", "said_nb-2": STRANGE, "done_nb-2": "Nå er det gjort.", "said_nn-2": "De sa"}
    refused = post(planner, where, seen=seen, audience="pupils", **lines)
    assert refused.status_code == 422
    assert 'href="#done_nn-2"' in refused.get_data(as_text=True)
    kept = post(planner, where, seen=seen, audience="pupils", **lines, **{"done_nn-2": "No er det gjort."})
    assert kept.status_code == 303
    row = session.scalars(select(SaidAndDone)).one()
    assert (row.position, row.audience, row.said_nn) == (1, Audience.PUPILS, "De sa")
    shown = page(planner, "/aret?year=2027")
    assert "<b>Dere</b>" not in shown
    assert "Nå er det gjort." in shown
    assert post(planner, where, seen=seen, audience="pupils").status_code == 303
    assert session.scalars(select(SaidAndDone)).all() == []
    assert post(planner, "/aret/dere-sa/nowhere", seen=seen, audience="pupils").status_code == 404


def test_page_asks_the_same_number_of_times_with_more_rows(planner: FlaskClient, session: Session) -> None:
    counted = []
    for more in (1, 2):
        for _ in range(more):
            at = evening(session, study_groups(session), make.make_season(session))
            applied(session, at, 2, school_id=make.make_school(session).id)
            held(session, make.make_programme(session), datetime(2027, 3, 2, 8, tzinfo=UTC))
        with count_queries(session) as queries:
            page(planner, "/aret?year=2027")
        counted.append(queries.total)
    assert counted[0] == counted[1] <= 40
