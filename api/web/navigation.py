"""The menu: one line an entry, in order. An entry is shown to those who may do its action, or who have its role."""

from dataclasses import dataclass

from api.domain.permissions import Action, Role
from api.i18n import mark


@dataclass(frozen=True, slots=True)
class Entry:
    """`endpoint` of the page, its `label` (a text of the catalogue), the `action` it needs, and the pages under it.

    also: further blueprints whose pages lie under it. role: only who has this role sees it.
    unless: those who may do this have another entry in its place. under: entries that its page leads to.
    """

    endpoint: str
    label: str
    action: Action | None = None
    section: str | None = None
    unless: Action | None = None
    role: Role | None = None
    also: tuple[str, ...] = ()
    under: tuple["Entry", ...] = ()

    def is_current(self, endpoint: str | None) -> bool:
        """Whether the page shown is this entry's or lies under it (same blueprint, when `section` names it)."""
        in_section = str(endpoint).split(".")[0] in {self.section, *self.also}
        return endpoint == self.endpoint or in_section or any(entry.is_current(endpoint) for entry in self.under)


# What the coordination needs now and then; the page of national roles only.
MORE: tuple[Entry, ...] = (
    Entry("by_hand.order", mark("Order for somebody on the phone"), Action.CHANGE_REQUESTS),
    Entry("by_hand.message", mark("Message to all of a week"), Action.MESSAGE_PEOPLE),
    Entry("doubles.overview", mark("Doubles"), Action.MERGE_DOUBLES, section="doubles"),
    Entry("rules.overview", mark("Rules of the programmes"), Action.EDIT_RULES, section="rules"),
    Entry("history.everything", mark("History"), Action.SEE_AUDIT, section="history"),
    Entry("school_contacts.table", mark("Contacts of schools"), Action.VERIFY_SCHOOLS, section="school_contacts"),
    Entry("users.table", mark("Users"), Action.MANAGE_USERS, section="users"),
)
CAMPUS: tuple[Entry, ...] = (
    Entry("meetings.table", mark("Meetings"), section="meetings"),
    Entry("evenings.new", mark("Set up an evening"), section="evenings"),
    Entry("campus_mentors.all", mark("Mentors"), section="campus_mentors"),
)
AGREEMENTS: tuple[Entry, ...] = (
    Entry("ledger.overview", mark("Agreements"), Action.SEE_VISIT_PLANS, section="municipality"),
    Entry("coverage.schools", mark("Coverage"), Action.SEE_VISIT_PLANS, section="coverage"),
    Entry("load.overview", mark("Load by role model"), Action.SEE_VISIT_PLANS, section="load"),
    Entry("contacts.overview", mark("Schools that have not ordered"), Action.VERIFY_SCHOOLS, section="contacts"),
)
# Blueprints of what is done with a plan of visits.
PLANNING = ("locks", "map", "adjust", "compare", "approval", "week")
NAVIGATION: tuple[Entry, ...] = (
    Entry("today.overview", mark("Monday's list"), Action.SEE_EXCEPTIONS, section="today"),
    Entry("visits.table", mark("Visits"), Action.SEE_VISIT_PLANS, section="visits", also=PLANNING),
    Entry("runs.overview", mark("Runs"), Action.SEE_RUNS, section="runs"),
    Entry("catalogue.table", mark("Role models"), Action.VERIFY_SCHOOLS, section="catalogue"),
    Entry("ledger.overview", mark("Agreements"), Action.SEE_VISIT_PLANS, section="ledger", under=AGREEMENTS),
    Entry("groups.table", mark("Study groups"), Action.SEE_GROUP_PLANS, section="groups"),
    Entry("campus.sites", mark("Sites"), Action.MANAGE_GROUPS, section="campus", under=CAMPUS),
    Entry("year.overview", mark("The year in figures"), Action.SEE_FIGURES, section="year"),
    Entry("more.page", mark("More"), Action.VERIFY_SCHOOLS, under=MORE),
    Entry("company.overview", mark("My company"), role=Role.COMPANY_CONTACT, section="company"),
    Entry("profile.mine", mark("My profile"), role=Role.ROLE_MODEL, section="profile"),
    Entry("own_orders.mine", mark("My orders"), role=Role.SCHOOL_CONTACT, section="own_orders"),
    Entry("order.show", mark("Order a visit"), role=Role.SCHOOL_CONTACT, section="order"),
    Entry("mentor.own", mark("My meetings"), Action.MARK_ATTENDANCE, section="mentor", unless=Action.MANAGE_GROUPS),
    Entry("join.mine", mark("My place in the queue"), role=Role.PUPIL, section="join"),
)
