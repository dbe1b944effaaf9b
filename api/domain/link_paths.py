"""Where the links in mails lead: one address for each purpose, followed by the secret."""

from __future__ import annotations

import re
from datetime import timedelta

from api.domain.enums import LinkPurpose

LINK_PATHS: dict[LinkPurpose, str] = {
    LinkPurpose.LOGIN: "/logg-inn/lenke",
    LinkPurpose.CONFIRM_REQUEST: "/bestilling/bekreft",
    LinkPurpose.REQUEST: "/bestilling/status",
    LinkPurpose.INVITATION: "/invitasjon",
    LinkPurpose.VISIT: "/besok/ditt",
    LinkPurpose.PROFILE: "/rollemodell/profil",
    LinkPurpose.COMPANY: "/bedrift/lenke",
    LinkPurpose.ENTRY: "/ko",
    LinkPurpose.OFFER: "/plass",
    LinkPurpose.GUARDIAN: "/foresatt",
    LinkPurpose.MENTOR: "/mentor/lenke",
    LinkPurpose.EVALUATION: "/evaluering",
    LinkPurpose.FEED: "/kalender",
    LinkPurpose.UNSUBSCRIBE: "/meldinger",
}
# Those that may be acted on once only.
ONCE = frozenset({LinkPurpose.LOGIN, LinkPurpose.CONFIRM_REQUEST})
LOGIN_LASTS = timedelta(minutes=10)


def path_of(purpose: LinkPurpose, secret: str) -> str:
    """The path of a link, with its secret."""
    return f"{LINK_PATHS[purpose]}/{secret}"


def purpose_of_path(path: str) -> LinkPurpose | None:
    """Which kind of link a path is, or lies under; None for every other page."""
    found = _LINK.match(path)
    return _PURPOSES[found["prefix"]] if found else None


_PURPOSES = {prefix: purpose for purpose, prefix in LINK_PATHS.items()}
_LINK = re.compile(rf"(?P<prefix>{'|'.join(map(re.escape, _PURPOSES))})/[0-9a-f]{{64}}(/|\Z)")
