"""What roles are called."""

from api.domain.permissions import Role
from api.i18n import gettext, mark

ROLES: dict[Role, str] = {
    Role.ADMIN: mark("Administrator"),
    Role.COORDINATOR: mark("Coordinator"),
    Role.DEPUTY: mark("Deputy"),
    Role.ASSISTANT: mark("Student assistant"),
    Role.SITE_LEADER: mark("Site leader"),
    Role.MENTOR: mark("Mentor"),
    Role.SCHOOL_CONTACT: mark("School contact"),
    Role.COMPANY_CONTACT: mark("Company contact"),
    Role.ROLE_MODEL: mark("Role model"),
    Role.PUPIL: mark("Pupil"),
    Role.GUARDIAN: mark("Guardian"),
}


def role_name(role: Role) -> str:
    """A role in the reader's language."""
    return gettext(ROLES[role])
