"""What a person's browser sends along with a public form."""

from datetime import timedelta

import time_machine
from flask import Flask

from api import clock
from api.edge import public_forms


def fields_of(app: Flask, form: str) -> dict[str, str]:
    """The hidden fields of a public form that has been on the screen for half a minute."""
    with app.test_request_context(), time_machine.travel(clock.now() - timedelta(seconds=30)):
        return {public_forms.STAMP_FIELD: public_forms.stamp(form), public_forms.HONEYPOT_FIELD: ""}
