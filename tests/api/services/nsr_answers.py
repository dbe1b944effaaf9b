"""Answers of Nasjonalt skoleregister in the shape its documentation gives."""

from __future__ import annotations

from typing import Any

import responses

from api.services.school_register_nsr import NSR_URL

UNIT = {
    "Organisasjonsnummer": "974589648",
    "Navn": "Aker skole",
    "Kommunenummer": "0301",
    "ErAktiv": True,
    "ErSkole": True,
    "ErGrunnskole": True,
    "ErVideregaaendeSkole": False,
}
PAGE = {
    "Organisasjonsnummer": "974589648",
    "Navn": "Aker skole",
    "Kommune": {"Kommunenummer": "0301", "Navn": "Oslo"},
    "Beliggenhetsadresse": {"Adresse": "Skoleveien 1", "Postnummer": "0001", "Poststed": "OSLO"},
    "Koordinat": {"Lengdegrad": 10.82539, "Breddegrad": 59.88137, "Zoom": 12, "GeoKilde": "GeoNorge"},
    "ErPrivatskole": False,
    "Elevtall": 540,
    "SkoletrinnGSFra": 8,
    "SkoletrinnGSTil": 10,
    "SkoletrinnVGSFra": None,
    "SkoletrinnVGSTil": None,
}


def answer_lists(*pages: list[dict[str, Any]]) -> None:
    for number, units in enumerate(pages, start=1):
        responses.get(
            f"{NSR_URL}/enheter",
            match=[responses.matchers.query_param_matcher({"sidenummer": number, "antallperside": 1000})],
            json={"Sidenummer": number, "AntallSider": len(pages), "EnhetListe": units},
        )


def answer_unit(**changes: Any) -> None:
    unit = PAGE | changes
    responses.get(f"{NSR_URL}/enhet/{unit['Organisasjonsnummer']}", json=unit)
