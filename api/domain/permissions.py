"""Who may do what, and where: one table from role to actions, and the reach of an action for one actor.

A grant is a role with a scope: the id of a site, a school or a company, or None for the whole country. Pages and REST
ask the same questions here, and queries narrow their rows by the answer: what is not
yours looks like what is not there.
"""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """The users of product.md who sign in."""

    ADMIN = "admin"
    COORDINATOR = "coordinator"
    DEPUTY = "deputy"
    ASSISTANT = "assistant"
    SITE_LEADER = "site_leader"
    MENTOR = "mentor"
    SCHOOL_CONTACT = "school_contact"
    COMPANY_CONTACT = "company_contact"
    ROLE_MODEL = "role_model"
    PUPIL = "pupil"
    GUARDIAN = "guardian"


class Action(StrEnum):
    """What a page or an operation of the API asks leave for."""

    SEE_REQUESTS = "see_requests"
    CHANGE_REQUESTS = "change_requests"
    SEE_ROLE_MODELS = "see_role_models"
    CHANGE_ROLE_MODELS = "change_role_models"
    SEE_VISIT_PLANS = "see_visit_plans"
    SEE_GROUP_PLANS = "see_group_plans"
    SEE_NAMES = "see_names"
    SEE_GOALS = "see_goals"
    SEE_RUNS = "see_runs"
    QUEUE_RUNS = "queue_runs"
    APPROVE_PLANS = "approve_plans"
    SEE_EXCEPTIONS = "see_exceptions"
    HANDLE_EXCEPTIONS = "handle_exceptions"
    MESSAGE_PEOPLE = "message_people"
    MERGE_DOUBLES = "merge_doubles"
    EDIT_RULES = "edit_rules"
    SEE_COMPANIES = "see_companies"
    CHANGE_COMPANIES = "change_companies"
    SEE_GROUPS = "see_groups"
    MANAGE_GROUPS = "manage_groups"
    APPROVE_GROUPS = "approve_groups"
    MARK_ATTENDANCE = "mark_attendance"
    SEE_HOURS = "see_hours"
    SEE_MESSAGES = "see_messages"
    SEE_AUDIT = "see_audit"
    SEE_FIGURES = "see_figures"
    EDIT_FIGURES = "edit_figures"
    VERIFY_SCHOOLS = "verify_schools"
    MANAGE_USERS = "manage_users"


_COORDINATION = frozenset(Action) - {Action.MANAGE_USERS}

RIGHTS: dict[Role, frozenset[Action]] = {
    Role.ADMIN: frozenset(Action),
    Role.COORDINATOR: _COORDINATION,
    Role.DEPUTY: _COORDINATION,
    Role.ASSISTANT: frozenset(
        {
            Action.SEE_REQUESTS,
            Action.CHANGE_REQUESTS,
            Action.SEE_ROLE_MODELS,
            Action.SEE_VISIT_PLANS,
            Action.SEE_RUNS,
            Action.SEE_EXCEPTIONS,
            Action.HANDLE_EXCEPTIONS,
            Action.SEE_COMPANIES,
            Action.VERIFY_SCHOOLS,
            Action.SEE_FIGURES,
        }
    ),
    Role.SITE_LEADER: frozenset(
        {
            Action.SEE_GROUP_PLANS,
            Action.SEE_NAMES,
            Action.SEE_GOALS,
            Action.SEE_GROUPS,
            Action.MANAGE_GROUPS,
            Action.APPROVE_GROUPS,
            Action.MARK_ATTENDANCE,
            Action.SEE_HOURS,
            Action.SEE_EXCEPTIONS,
            Action.HANDLE_EXCEPTIONS,
        }
    ),
    Role.MENTOR: frozenset({Action.SEE_GROUPS, Action.MARK_ATTENDANCE}),
    Role.SCHOOL_CONTACT: frozenset({Action.SEE_REQUESTS, Action.CHANGE_REQUESTS}),
    Role.COMPANY_CONTACT: frozenset(
        {Action.SEE_ROLE_MODELS, Action.CHANGE_ROLE_MODELS, Action.SEE_COMPANIES, Action.CHANGE_COMPANIES}
    ),
    Role.ROLE_MODEL: frozenset(),
    Role.PUPIL: frozenset(),
    Role.GUARDIAN: frozenset(),
}

SCOPED_ROLES = frozenset({Role.SITE_LEADER, Role.MENTOR, Role.SCHOOL_CONTACT, Role.COMPANY_CONTACT})
# Who must show a second factor when signing in.
STAFF_ROLES = frozenset({Role.ADMIN, Role.COORDINATOR, Role.DEPUTY, Role.ASSISTANT, Role.SITE_LEADER})
READING = frozenset(action for action in Action if action.value.startswith("see_"))


@dataclass(frozen=True, slots=True)
class Grant:
    """A role, for the whole country (scope None) or for one site, school or company (its public id)."""

    role: Role
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """Where an action is allowed: everywhere, or for the named scopes only (none at all when empty)."""

    everywhere: bool
    scopes: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return self.everywhere or bool(self.scopes)

    def covers(self, scope: str | None) -> bool:
        """Whether the action is allowed for what belongs to `scope`."""
        return self.everywhere or scope in self.scopes


NOWHERE = Reach(everywhere=False)
EVERYWHERE = Reach(everywhere=True)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: nobody known, a signed-in user, or the holder of an API token (who may be limited to reading).

    person_id: the person behind the account, by whom role models, mentors, pupils and guardians are found.
    awaits_second_factor: has shown the first only, and reaches nothing but the pages that ask for the second.
    """

    user_id: str | None = None
    grants: frozenset[Grant] = frozenset()
    read_only: bool = False
    person_id: str | None = None
    awaits_second_factor: bool = False

    @property
    def is_known(self) -> bool:
        return self.user_id is not None and not self.awaits_second_factor


ANONYMOUS = Actor()


def reach(actor: Actor, action: Action) -> Reach:
    """Where `actor` may do `action`, over all the actor's grants. A scoped role without its scope reaches nothing."""
    if actor.read_only and action not in READING:
        return NOWHERE
    grants = [grant for grant in actor.grants if action in RIGHTS[grant.role]]
    if any(grant.scope is None and grant.role not in SCOPED_ROLES for grant in grants):
        return EVERYWHERE
    return Reach(everywhere=False, scopes=frozenset(grant.scope for grant in grants if grant.scope is not None))


def may(actor: Actor, action: Action) -> bool:
    """Whether `actor` may do `action` anywhere at all; which rows, the query says."""
    return bool(reach(actor, action))
