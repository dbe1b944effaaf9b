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
    """`unconfirmed` waits for the mail's link; `open` can be planned; `visit` has a live visit; the rest are past."""

    UNCONFIRMED = "unconfirmed"
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
    """`unconfirmed` waits for the link in the mail."""

    UNCONFIRMED = "unconfirmed"
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


class ProfileState(StrEnum):
    """Of a role model: `unconfirmed` was registered by others and has not said yes; `paused` is not matched."""

    UNCONFIRMED = "unconfirmed"
    ACTIVE = "active"
    PAUSED = "paused"
    LEFT = "left"


class MembershipState(StrEnum):
    ACTIVE = "active"
    ENDED = "ended"


class InvitationKind(StrEnum):
    """`ask` waits for a yes; `notice` tells an agreement person, who may object; `direct` was named by the school."""

    ASK = "ask"
    NOTICE = "notice"
    DIRECT = "direct"


class TravelPayer(StrEnum):
    """Who pays a role model's travel."""

    SCHOOL = "school"
    EMPLOYER = "employer"
    SELF = "self"


class InvitationState(StrEnum):
    """`queued` waits for its turn; `expired` is silence; `fell_through` was accepted and taken back by the person."""

    QUEUED = "queued"
    SENT = "sent"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    FELL_THROUGH = "fell_through"


class Side(StrEnum):
    """Who evaluates a visit."""

    SCHOOL = "school"
    ROLE_MODEL = "role_model"


class AlternativeKind(StrEnum):
    """What differs from what was asked for: one thing only."""

    DATE = "date"
    MODE = "mode"
    TOPIC = "topic"


class AlternativeState(StrEnum):
    OPEN = "open"
    CHOSEN = "chosen"
    LAPSED = "lapsed"
    TAKEN = "taken"


class ApprovalState(StrEnum):
    """`approved` can be undone until it is `sent`."""

    APPROVED = "approved"
    SENT = "sent"
    UNDONE = "undone"


class ExceptionState(StrEnum):
    OPEN = "open"
    RESOLVED = "resolved"


class CallOutcome(StrEnum):
    ANSWERED = "answered"
    NO_ANSWER = "no_answer"


class AskingState(StrEnum):
    """Of a school that has not ordered: what came of asking it. `not_asked`: the note was a mistake."""

    ASKED = "asked"
    NO_ANSWER = "no_answer"
    WILL_ORDER = "will_order"
    NOT_NOW = "not_now"
    NOT_ASKED = "not_asked"


class OfferState(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class OfferReason(StrEnum):
    """Where the seat comes from: a plan, a seat that became free, a swap to a higher choice, a seat of the same day."""

    PLAN = "plan"
    QUEUE = "queue"
    SWAP = "swap"
    SAME_DAY = "same_day"


class QueueMove(StrEnum):
    """What happened to an entry in the queue; each row names the rule by which it did."""

    JOINED = "joined"
    DRAWN = "drawn"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    MOVED_BACK = "moved_back"
    SKIPPED = "skipped"
    SWAPPED = "swapped"
    CHANGED = "changed"
    RELEASED = "released"
    LEFT = "left"


class Presence(StrEnum):
    """Never a reason: illness is health data."""

    HERE = "here"
    TOLD = "told"
    NOT_TOLD = "not_told"


class DutyState(StrEnum):
    """A mentor at one meeting. `asked` waits for the mentor's yes: changes close to the day need it.

    `withdrawn`: taken off the roster again, by others than the mentor.
    """

    ASKED = "asked"
    PLANNED = "planned"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    AWAY = "away"
    PRESENT = "present"


class Channel(StrEnum):
    MAIL = "mail"
    SMS = "sms"


class OutboxState(StrEnum):
    """`failed` has been tried for four hours and needs a person; `withdrawn` was undone before it left."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


class LinkPurpose(StrEnum):
    """What a link in a mail is for: one purpose, one object."""

    LOGIN = "login"
    CONFIRM_REQUEST = "confirm_request"
    REQUEST = "request"
    INVITATION = "invitation"
    VISIT = "visit"
    PROFILE = "profile"
    COMPANY = "company"
    ENTRY = "entry"
    OFFER = "offer"
    GUARDIAN = "guardian"
    MENTOR = "mentor"
    EVALUATION = "evaluation"
    FEED = "feed"
    UNSUBSCRIBE = "unsubscribe"


class VerifiedBy(StrEnum):
    """How we know that a person belongs to a school, or to a company (by the link that was sent)."""

    MAIL_DOMAIN = "mail_domain"
    FEIDE = "feide"
    CALL_BACK = "call_back"
    MAIL_LINK = "mail_link"


class JobState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Measure(StrEnum):
    """What the annual report counts of a programme in a year; the last four are shares in per cent."""

    REGISTERED = "registered"
    OFFERED = "offered"
    SCHOOLS = "schools"
    VISITS = "visits"
    PUPILS_MET = "pupils_met"
    EVENTS = "events"
    PARTICIPANTS = "participants"
    SATISFIED = "satisfied"
    MENTORS = "mentors"
    BETTER_GRADE = "better_grade"
    INSPIRED = "inspired"


class Factor(StrEnum):
    """The four factors of science capital."""

    INTERESTS = "interests"
    ATTITUDES = "attitudes"
    KNOWLEDGE = "knowledge"
    RELATIONS = "relations"


class Audience(StrEnum):
    """Whom "you said, we did" is for."""

    PUPILS = "pupils"
    SCHOOLS = "schools"
