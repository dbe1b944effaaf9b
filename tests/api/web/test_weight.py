"""What a page weighs on the wire: the form of a school on a slow line, with everything it asks for."""

import re

from flask.testing import FlaskClient

from tests.seasons import World

LIMIT = 150_000
NEEDED_FONT = "vendor/inter/files/inter-latin-wght-normal.woff2"  # the one subset that Norwegian needs


def weight(client: FlaskClient, address: str, encoding: str) -> tuple[int, str]:
    with client.get(address, headers={"Accept-Encoding": encoding}) as answer:
        assert answer.status_code == 200, address
        return len(answer.get_data()), answer.headers.get("Content-Encoding", "")


def test_school_form_and_all_its_files_stay_light(client: FlaskClient, world: World) -> None:
    shown = client.get("/bestill").text
    files = re.findall(r'(?:src|href)="(/static/[^"]+)"', shown)
    assert len(files) > 4
    for encoding in ("gzip", "br"):
        weights = {one: weight(client, one, encoding)[0] for one in ["/bestill", *files, f"/static/{NEEDED_FONT}"]}
        assert sum(weights.values()) < LIMIT, weights


def test_files_are_compressed_and_kept_by_the_browser(client: FlaskClient, world: World) -> None:
    style = next(iter(re.findall(r'href="(/static/css/treffpunkt[^"]+)"', client.get("/").text)))
    assert weight(client, style, "gzip")[0] < weight(client, style, "identity")[0] / 2
    with client.get(style, headers={"Accept-Encoding": "br"}) as answer:
        assert answer.headers["Content-Encoding"] == "br"
        assert "Accept-Encoding" in answer.headers["Vary"]
        assert "immutable" in answer.headers["Cache-Control"]


def test_what_rest_answers_keeps_its_etag(client: FlaskClient) -> None:
    assert weight(client, "/api/openapi.json", "gzip")[1] == ""
