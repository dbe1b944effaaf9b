"""What the notice of privacy says, read from the tags of the columns, the rules of retention and the rights."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache

from api.domain.permissions import RIGHTS, SCOPED_ROLES, Action, Role
from api.i18n import gettext, mark
from api.models.personal import PERSONAL_TABLES, Retention
from api.models.registry import metadata
from api.web.admin.words import role_name

# Each purpose as api.models gives it to a column.
PURPOSES = (
    mark("address the person"),
    mark("answer a repeated request with the first answer"),
    mark("ask and inform those who answer for a pupil"),
    mark("calls when something falls through"),
    mark("decide what the user may see and do"),
    mark("end a session for good"),
    mark("find accounts to delete"),
    mark("find the visits that suit the role model"),
    mark("follow up each invitation"),
    mark("heed what the person does not want to get"),
    mark("hide name and address"),
    mark("how far the pupil has to the site; may be left out"),
    mark("keep the queue, and show that it was kept"),
    mark("keep what a company set aside"),
    mark("keep what a person has decided"),
    mark("know whether a guardian is asked"),
    mark("know whether the role model may be asked now"),
    mark("know who comes, and free seats that stand empty"),
    mark("know who visits whom"),
    mark("know who was called and what came of it"),
    mark("learn from each visit"),
    mark("let a school go on with an order it has begun"),
    mark("let the receiver of a mail act on one thing"),
    mark("make the roster and the pay sheet"),
    mark("messages about what they take part in"),
    mark("never ask again for what was declined"),
    mark("never ask for more than was offered"),
    mark("never promise a person twice at one time"),
    mark("offer seats in the order of the queue"),
    mark("place the pupil in a study group"),
    mark("show names to schools only"),
    mark("show that a police certificate was seen, where a statute asks for it"),
    mark("show that the queue was kept"),
    mark("show what was proposed and why"),
    mark("show who approved what"),
    mark("show who changed what"),
    mark("shown to schools before the name is"),
    mark("sign a program in on a user's behalf"),
    mark("sign in"),
    mark("tell people what concerns them, and show that it was told"),
    mark("travel from home or work to the school"),
    mark("write in the person's language"),
    mark("yearly statistics, never placement"),
)
# What is kept so long: whose it is, how long, and by what right.
_TASK = mark("Public task (GDPR article 6 no. 1 e)")
_KINDS: dict[Retention, tuple[str, str, str]] = {
    Retention.PUPIL: (mark("Pupils and guardians"), mark("90 days after the end of term"), _TASK),
    Retention.CONTACT: (
        mark("Role models, and contacts of schools and companies"),
        mark("24 months after the last visit or order"),
        _TASK,
    ),
    Retention.MENTOR: (
        mark("Mentors"),
        mark("24 months after the last term"),
        mark("Contract of employment (GDPR article 6 no. 1 b)"),
    ),
    Retention.ACCOUNT: (mark("Accounts"), mark("24 months after the last sign-in"), _TASK),
    Retention.DRAFT: (
        mark("Orders that are begun"),
        mark("14 days after the last change; what was typed goes when it is sent"),
        _TASK,
    ),
    Retention.MESSAGE: (
        mark("Messages we have sent"),
        mark("texts 7 days after sending, the rest 24 months"),
        _TASK,
    ),
    Retention.PLAN: (mark("Plans"), mark("24 months; pupils' rows 90 days after the end of term"), _TASK),
    Retention.AUDIT: (
        mark("Who did what"),
        mark("24 months"),
        mark("Duty to keep the information secure (GDPR article 6 no. 1 c)"),
    ),
    Retention.TOKEN: (mark("Links and sessions"), mark("24 hours after they have ended"), _TASK),
}
_SEEN: tuple[tuple[str, Action], ...] = (
    (mark("Orders of schools"), Action.SEE_REQUESTS),
    (mark("Names of role models and how to reach them"), Action.SEE_ROLE_MODELS),
    (mark("Pupils in groups and queues"), Action.SEE_NAMES),
    (mark("Who came to a meeting"), Action.MARK_ATTENDANCE),
    (mark("Messages we have sent"), Action.SEE_MESSAGES),
    (mark("Who did what"), Action.SEE_AUDIT),
)


@dataclass(frozen=True, slots=True)
class Kind:
    """Personal data that is kept equally long: whose, what for, how long and by what right."""

    whose: str
    purposes: tuple[str, ...]
    how_long: str
    basis: str


@dataclass(frozen=True, slots=True)
class Seen:
    """Something kept, and the roles that may see it; of some of them only those it belongs to."""

    what: str
    roles: tuple[str, ...]


@lru_cache(maxsize=1)
def purposes() -> dict[Retention, tuple[str, ...]]:
    """What the tagged columns are kept for, by how long they are kept."""
    found: defaultdict[Retention, set[str]] = defaultdict(set)
    for name in PERSONAL_TABLES:
        for column in metadata.tables[name].columns:
            found[Retention(column.info["retention"])].add(column.info["purpose"])
    return {retention: tuple(sorted(words)) for retention, words in found.items()}


def kinds() -> list[Kind]:
    """Every kind of personal data in the reader's language."""
    return [
        Kind(gettext(whose), tuple(gettext(one) for one in purposes()[retention]), gettext(how_long), gettext(basis))
        for retention, (whose, how_long, basis) in _KINDS.items()
        if retention in purposes()
    ]


def seen() -> list[Seen]:
    """Who may see what, by the table of rights."""
    return [
        Seen(gettext(what), tuple(_reader(role) for role in Role if action in RIGHTS[role])) for what, action in _SEEN
    ]


def _reader(role: Role) -> str:
    if role in SCOPED_ROLES:
        return gettext("%(role)s (only their own)", role=role_name(role))
    return role_name(role)
