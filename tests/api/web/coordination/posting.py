"""Forms as a browser sends them."""

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.api.web.reading import csrf, page


def post(client: FlaskClient, address: str, /, *, seen: str = "/besok", **fields: Any) -> TestResponse:
    """Sends a form with the token of a page that was seen before."""
    return client.post(address, data={"csrf_token": csrf(page(client, seen)), **fields})
