"""Public forms: programs are slowed down, people are never shut out for sharing an address."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import time_machine
from flask import Flask, render_template_string
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from api.db import transaction
from api.edge import public_forms
from api.edge.limits import hashed
from api.edge.public_forms import Checked
from api.errors import TooManyRequests
from api.services import rates
from tests.api.forms import fields_of

START = "2027-01-10T08:00:00+00:00"


def checked(app: Flask, fields: dict[str, str], mail: str | None = None, address: str = "192.0.2.1") -> Checked:
    with app.test_request_context(method="POST", data=fields, environ_base={"REMOTE_ADDR": address}):
        return public_forms.check("order", mail=mail)


@pytest.fixture
def still(session: Session) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def test_form_of_a_person_goes_on(app: Flask, still: time_machine.Traveller) -> None:
    assert checked(app, fields_of(app, "order"), "teacher@example.org") == Checked()


def test_template_writes_the_fields(app: Flask, still: time_machine.Traveller) -> None:
    source = '{% from "public_form.html" import public_form_fields %}{{ public_form_fields("order") }}'
    with app.test_request_context():
        made = render_template_string(source)
    for name in ("csrf_token", public_forms.STAMP_FIELD, public_forms.HONEYPOT_FIELD):
        assert f'name="{name}"' in made


@pytest.mark.parametrize(
    "change",
    [
        {public_forms.HONEYPOT_FIELD: "https://example.org"},
        {public_forms.STAMP_FIELD: ""},
        {public_forms.STAMP_FIELD: "forged.stamp.x"},
    ],
)
def test_what_a_program_sends_is_shown_again(app: Flask, still: time_machine.Traveller, change: dict[str, str]) -> None:
    assert checked(app, fields_of(app, "order") | change).again


def test_too_quick_stale_and_foreign_stamps_are_shown_again(app: Flask, still: time_machine.Traveller) -> None:
    with app.test_request_context():
        fresh = {public_forms.STAMP_FIELD: public_forms.stamp("order")}
    assert checked(app, fresh).again
    still.shift(public_forms.LEAST_TIME)
    assert not checked(app, fresh).again
    still.shift(public_forms.MOST_SECONDS)
    assert checked(app, fresh).again
    assert checked(app, fields_of(app, "join")).again


def test_a_whole_school_behind_one_address_is_confirmed_by_mail_not_refused(
    app: Flask, still: time_machine.Traveller
) -> None:
    answers = [checked(app, fields_of(app, "order"), f"pupil{n}@example.org") for n in range(70)]
    assert answers == [Checked()] * 60 + [Checked(by_mail=True)] * 10
    assert checked(app, fields_of(app, "order"), address="192.0.2.2") == Checked()
    still.shift(10)
    assert checked(app, fields_of(app, "order")) == Checked()


def test_one_mail_address_is_not_flooded(app: Flask, still: time_machine.Traveller) -> None:
    for n in range(5):
        checked(app, fields_of(app, "order"), "Flooded@Example.org", address=f"192.0.2.{n}")
    with pytest.raises(TooManyRequests) as slowed:
        checked(app, fields_of(app, "order"), "flooded@example.org")
    assert slowed.value.retry_after == 180
    still.shift(180)
    assert checked(app, fields_of(app, "order"), "flooded@example.org") == Checked()


def test_bucket_gives_no_token_twice(own_database: Engine) -> None:
    bucket, together = rates.Bucket(5, 3600), Barrier(8)

    def take(_: int) -> int:
        together.wait()
        with transaction() as session:
            return rates.take(session, hashed("race"), bucket)

    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(take, range(8)))
    assert waits.count(0) == 5
