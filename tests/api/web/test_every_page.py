"""Every page of the URL map: it has an example address, answers, and says its language and its title."""

import re

from flask import Flask
from sqlalchemy.orm import Session

from tests.journeys.addresses import NOT_PAGES, STATUSES, examples, pages, unknown_parameters


def test_every_page_has_an_example_address_and_answers(app: Flask, session: Session) -> None:
    side = examples(session)
    remedy = "add the parameter to tests/api/two_sides.py, or the endpoint to NOT_PAGES with its reason"
    assert unknown_parameters(app, side.ids) == {}, remedy
    assert set(NOT_PAGES) - set(app.view_functions) == set()
    faults = []
    for one in pages(app, session, side):
        client = app.test_client()
        if one["cookie"]:
            client.set_cookie("session", one["cookie"])
        client.set_cookie("language", "nn")
        answer = client.get(str(one["address"]))
        if answer.status_code not in (200, STATUSES.get(str(one["endpoint"]))):
            faults.append((one["endpoint"], one["address"], answer.status_code))
        elif not re.search(r'<html lang="nn">.*<title>[^<]+ · Treffpunkt</title>', answer.text, re.DOTALL):
            faults.append((one["endpoint"], one["address"], "no title"))
    assert faults == []
