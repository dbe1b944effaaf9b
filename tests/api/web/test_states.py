"""Pages that say what went wrong: one way back, in each language."""

import pytest
from flask.testing import FlaskClient

from tests.api.web.reading import text


@pytest.mark.parametrize(
    ("locale", "heading", "way_back"),
    [
        ("nb", "Vi finner ikke siden", "Til forsiden"),
        ("nn", "Vi finn ikkje den sida", "Til framsida"),
        ("en", "We cannot find that page", "To the front page"),
    ],
)
def test_missing_page_leads_to_the_front(client: FlaskClient, locale: str, heading: str, way_back: str) -> None:
    answer = client.get(f"/nowhere?lang={locale}")
    assert answer.status_code == 404
    assert heading in text(answer.text)
    assert way_back in text(answer.text)


def test_what_is_too_large_says_so(client: FlaskClient) -> None:
    assert client.post("/logg-inn", data={"login": "x" * 1_100_000}).status_code == 413
