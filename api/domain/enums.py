"""The words that rows use, each a short string; the database refuses any other."""

from __future__ import annotations

from enum import StrEnum


class Locale(StrEnum):
    NB = "nb"
    NN = "nn"
    EN = "en"


class Ownership(StrEnum):
    PUBLIC = "public"
    PRIVATE = "private"


class OwnerKind(StrEnum):
    MUNICIPALITY = "municipality"
    COUNTY = "county"
    STATE = "state"
    PRIVATE = "private"


class SchoolStatus(StrEnum):
    """`closed` marks a school that its register no longer names; its row and its visits stay."""

    ACTIVE = "active"
    CLOSED = "closed"


class IdentifierScheme(StrEnum):
    """`place` is name, municipality and rounded position, for schools that have no number."""

    ORGNR = "orgnr"
    NSR = "nsr"
    GEONORGE = "geonorge"
    PLACE = "place"


class ProgrammeKind(StrEnum):
    SCHOOL_VISIT = "school_visit"
    COMPANY_DAY = "company_day"
    STUDY_GROUP = "study_group"
    DROP_IN = "drop_in"


class WindowKind(StrEnum):
    """Requests for visits, or registration for study groups."""

    REQUEST = "request"
    REGISTRATION = "registration"


class Mode(StrEnum):
    PHYSICAL = "physical"
    DIGITAL = "digital"


class RequestMode(StrEnum):
    PHYSICAL = "physical"
    DIGITAL = "digital"
    EITHER = "either"


class Purpose(StrEnum):
    BROADEN = "broaden"
    DEEPEN = "deepen"
    INTEREST = "interest"


class Fallback(StrEnum):
    STAND_IN = "stand_in"
    DIGITAL = "digital"
    ANOTHER_DATE = "another_date"
    DROP = "drop"


class RequestState(StrEnum):
    """`open` can be planned; `visit` has a live visit; the rest are past planning."""

    OPEN = "open"
    VISIT = "visit"
    DECLINED = "declined"
    CANCELLED = "cancelled"


class TopicUse(StrEnum):
    """A needed topic is a rule (one shared is enough); a wished one is a goal."""

    NEEDED = "needed"
    WISHED = "wished"


class RefusalScope(StrEnum):
    TIME = "time"
    REQUEST = "request"
    SCHOOL = "school"


class VisitState(StrEnum):
    """`planned` and `confirmed` hold their people's time; `fell_through` was promised and did not come about."""

    PLANNED = "planned"
    CONFIRMED = "confirmed"
    HELD = "held"
    FELL_THROUGH = "fell_through"
    CANCELLED = "cancelled"


class SessionState(StrEnum):
    ACTIVE = "active"
    CANCELLED = "cancelled"


class MeetingState(StrEnum):
    PLANNED = "planned"
    HELD = "held"
    CANCELLED = "cancelled"


class Gender(StrEnum):
    """For the yearly statistics only; no rule and no goal reads it."""

    GIRL = "girl"
    BOY = "boy"
    OTHER = "other"


class PriorityReason(StrEnum):
    """Why an entry is in its priority group."""

    RETURNING = "returning"
    GRADE_10 = "grade_10"
    EXAM_YEAR = "exam_year"
    REST = "rest"


class EntryState(StrEnum):
    WAITING = "waiting"
    PLACED = "placed"
    LEFT = "left"


class MembershipReason(StrEnum):
    """How the pupil came to the seat."""

    PLAN = "plan"
    QUEUE = "queue"
    MOVED = "moved"


class RunKind(StrEnum):
    VISIT = "visit"
    GROUP = "group"


class RunState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class PlanStatus(StrEnum):
    """As engine.md: infeasible and unknown ones carry no rows, only conflicts."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"
    UNKNOWN = "unknown"


class Sense(StrEnum):
    MAX = "max"
    MIN = "min"


class LockKind(StrEnum):
    """A fixed visit, a fixed mentor or a fixed pupil of the next problem."""

    VISIT = "visit"
    MENTOR = "mentor"
    PUPIL = "pupil"
