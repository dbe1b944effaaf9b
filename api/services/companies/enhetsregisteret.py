"""What the register of legal entities (Enhetsregisteret) says of an organisation number; a help, never a condition.

`GET /enheter/<nine digits>` of its open API answers with navn, forretningsadresse and slettedato. It is asked outside
any transaction, for a few seconds at most, and only where TREFFPUNKT_COMPANY_REGISTER_URL is set.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

import requests

from api.config import settings
from api.domain.orgnr import is_orgnr

TIMEOUT_SECONDS = (2, 3)  # to connect, to answer
LONGEST = 200


class Unreachable(Exception):
    """The register does not answer, or not as its documentation says."""


@dataclass(frozen=True, slots=True)
class Entity:
    """A company as the register has it. town: of its business address, or ""."""

    orgnr: str
    name: str
    town: str


def is_set_up() -> bool:
    """Whether there is a register to ask."""
    return settings().company_register_url is not None


def look_up(orgnr: str) -> Entity | None:
    """The entity of a number, None where there is none any more, or no register is set up. Raises Unreachable."""
    url = settings().company_register_url
    if url is None or not is_orgnr(orgnr):
        return None
    try:
        answer = requests.get(f"{url}/enheter/{orgnr}", headers={"Accept": "application/json"}, timeout=TIMEOUT_SECONDS)
        if answer.status_code in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
            return None
        answer.raise_for_status()
        told = answer.json()
        name, address = told["navn"], told.get("forretningsadresse") or {}
        if told.get("slettedato") or not isinstance(name, str):
            return None
        return Entity(orgnr, name[:LONGEST], str(address.get("poststed") or "").title())
    except (requests.RequestException, ValueError, TypeError, KeyError, AttributeError) as error:
        raise Unreachable(type(error).__name__) from error
