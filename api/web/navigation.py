"""The menu: one line an entry, in order. An entry is shown to those who may do its action (None: everyone)."""

from dataclasses import dataclass

from api.domain.permissions import Action
from api.i18n import mark


@dataclass(frozen=True, slots=True)
class Entry:
    """`endpoint` of the page, its `label` (a text of the catalogue), the `action` it needs, and the pages under it.

    unless: those who may do this have another entry in its place.
    """

    endpoint: str
    label: str
    action: Action | None = None
    section: str | None = None
    unless: Action | None = None

    def is_current(self, endpoint: str | None) -> bool:
        """Whether the page shown is this entry's or lies under it (same blueprint, when `section` names it)."""
        return endpoint == self.endpoint or (self.section is not None and str(endpoint).split(".")[0] == self.section)


NAVIGATION: tuple[Entry, ...] = (
    Entry("today.overview", mark("Today"), Action.SEE_EXCEPTIONS, section="today"),
    Entry("visits.table", mark("Visits"), Action.SEE_VISIT_PLANS, section="visits"),
    Entry("groups.sites", mark("Study groups"), section="groups"),
    Entry("campus.sites", mark("Sites"), Action.MANAGE_GROUPS, section="campus"),
    Entry("mentor.own", mark("My meetings"), Action.MARK_ATTENDANCE, section="mentor", unless=Action.MANAGE_GROUPS),
    Entry("map.visits", mark("Map"), section="map"),
    Entry("runs.overview", mark("Runs"), Action.SEE_RUNS, section="runs"),
    Entry("school_contacts.table", mark("Contacts of schools"), Action.VERIFY_SCHOOLS, section="school_contacts"),
    Entry("users.table", mark("Users"), Action.MANAGE_USERS, section="users"),
)
