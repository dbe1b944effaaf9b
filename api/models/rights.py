"""What users may do, and where."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from api.domain.permissions import Role
from api.models.access import User
from api.models.base import Base, Created, Identified, ref
from api.models.companies import Company
from api.models.groups import Site
from api.models.personal import Retention, tag
from api.models.places import School

_RIGHT = tag("decide what the user may see and do", Retention.ACCOUNT)
NATIONAL = "site_id IS NULL AND school_id IS NULL AND company_id IS NULL"


class RoleGrant(Identified, Created, Base):
    """A role, for the whole country or for one site, school or company.

    Site leaders and mentors have a site, school contacts a school, company contacts a company; the rest have none.
    """

    __tablename__ = "role_grant"

    user_id: Mapped[str] = ref(User.id, owned=True, index=False, info=_RIGHT)
    role: Mapped[Role] = mapped_column(info=_RIGHT)
    site_id: Mapped[str | None] = ref(Site.id, owned=True, info=_RIGHT)
    school_id: Mapped[str | None] = ref(School.id, owned=True, info=_RIGHT)
    company_id: Mapped[str | None] = ref(Company.id, owned=True, info=_RIGHT)

    user: Mapped[User] = relationship()

    __table_args__ = (
        UniqueConstraint("user_id", "role", "site_id"),
        UniqueConstraint("user_id", "role", "school_id"),
        UniqueConstraint("user_id", "role", "company_id"),
        Index(
            "uq_role_grant_national",
            "user_id",
            "role",
            unique=True,
            sqlite_where=text(NATIONAL),
            postgresql_where=text(NATIONAL),
        ),
        CheckConstraint("(role IN ('site_leader', 'mentor')) = (site_id IS NOT NULL)", name="site"),
        CheckConstraint("(role = 'school_contact') = (school_id IS NOT NULL)", name="school"),
        CheckConstraint("(role = 'company_contact') = (company_id IS NOT NULL)", name="company"),
    )

    @property
    def scope(self) -> str | None:
        """The id of the site, school or company; None for the whole country."""
        return self.site_id or self.school_id or self.company_id
