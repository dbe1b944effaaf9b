"""What each rule of a programme is called, with its unit."""

from api.domain.enums import ProgrammeKind
from api.i18n import gettext as _
from api.i18n import mark, ngettext, number
from api.queries.rule_effects import Effect

# The five that are changed most; each with what it decides.
FIRST: dict[str, str] = {
    "promise_working_days": mark("A school that orders outside the booking periods has an answer by then."),
    "silence_working_days": mark("An invitation reminds twice, and then the next person is asked."),
    "open_invitations": mark("Further invitations to the same person wait their turn."),
    "lead_school_days": mark("Schools cannot ask for a day that is nearer."),
    "first_visit_months": mark("Such schools go before the others."),
}
FIRST_OF_GROUPS: dict[str, str] = {
    "placement": mark("Either as many seats as possible, or each pupil in the queue's order the best seat left."),
    "warned_ratio": mark("The site leader is warned above this."),
    "offer_days": mark("Silence gives the seat to the next in the queue."),
    "returning_share": mark("Who was there less than this joins the queue with the others."),
    "absences_release": mark("A person decides; nothing is released by itself."),
}

LABELS: dict[str, str] = {
    "detour": mark("Detour: the road is so many times longer than the straight line"),
    "kmh": mark("Speed of travel, kilometres an hour"),
    "confirmed_months": mark("A profile is asked again after months"),
    "first_visit_months": mark("A school counts as without a visit after months"),
    "lead_school_days": mark("Least notice outside windows, school days"),
    "lead_after_window": mark("Least notice after a window, school days"),
    "max_lessons": mark("Most lessons in a row, whatever a person offers"),
    "max_per_day": mark("Most visits a day, whatever a person offers"),
    "max_per_week": mark("Most visits a week, whatever a person offers"),
    "max_per_term": mark("Most visits a term, whatever a person offers"),
    "window_opens_weeks": mark("A window opens, weeks before the visit week"),
    "window_closes_weeks": mark("A window closes, weeks before the visit week"),
    "plan_approved_weeks": mark("The plan is approved, weeks before the visit week"),
    "promise_working_days": mark("A school hears within, working days"),
    "confirm_school_days": mark("Everyone is confirmed, school days before the visit"),
    "remind_hours": mark("First reminder after hours"),
    "later_remind_hours": mark("Second reminder after hours"),
    "silence_working_days": mark("Silence is a no after working days"),
    "near_working_days": mark("A visit is near within working days"),
    "near_remind_hours": mark("Near a visit: reminder after hours"),
    "near_silence_hours": mark("Near a visit: silence is a no after hours"),
    "open_invitations": mark("Most open invitations a person"),
    "escalate_after": mark("The coordinator calls after so many people in a row"),
    "pause_after": mark("A profile rests after so many silent weeks"),
    "objection_hours": mark("Agreement people may object for hours"),
    "send_hour": mark("Approved messages leave at the hour"),
    "send_minutes": mark("Least time for undoing, minutes"),
    "hold_days": mark("Alternatives are held for days"),
    "confirm_days": mark("An unconfirmed order lapses after days"),
    "call_working_days": mark("The role model calls within working days"),
    "ready_school_days": mark("Both say ready, school days before"),
    "classes": mark("How many priority groups"),
    "placement": mark("Choice rule"),
    "max_ratio": mark("Most pupils a mentor, whatever a session says"),
    "min_mentors": mark("Least adults in a room"),
    "min_pupils": mark("Least pupils in a session"),
    "offer_days": mark("An offer stands before the start, days"),
    "late_weeks": mark("The last weeks before the start"),
    "late_offer_hours": mark("In the last weeks an offer stands, hours"),
    "running_offer_hours": mark("After the start an offer stands, hours"),
    "weekend_offer_hours": mark("Over a weekend an offer stands, hours"),
    "join_ends_weeks": mark("Joining ends, weeks before the end"),
    "returning_share": mark("Share of meetings for a right to a place, 0 to 1"),
    "guardian_asked_below": mark("A guardian confirms below the age"),
    "guardian_told_below": mark("A guardian is told below the age"),
    "guardian_days": mark("The pupil's own day counts when a guardian confirms within days"),
    "absences_call": mark("Untold absences before a call"),
    "absences_release": mark("Untold absences before the seat may be released"),
    "digital_minutes": mark("Digital is suggested beyond minutes"),
    "friends": mark("Most with one friend code"),
    "mentor_notice_days": mark("Changes need the mentor's yes within days"),
    "underfilled_weeks": mark("Too few pupils warns, weeks before the start"),
    "meetings_least": mark("Least meetings a term"),
    "meetings_most": mark("Most meetings a term"),
    "warned_ratio": mark("Warn above so many pupils a mentor"),
    "fewer_told_hours": mark("Pupils are told of fewer mentors within hours"),
    "mentor_remind_hours": mark("Mentors are reminded, hours before"),
    "statute": mark("The law by which police certificates are seen"),
    "certificate_months": mark("A certificate is at most so many months old"),
    "offer_remind_hours": mark("An offer reminds, hours before its end"),
    "unconfirmed_days": mark("An unconfirmed registration lapses after days"),
    "guardian_remind_days": mark("A guardian is reminded after days"),
    "lowest_grade": mark("The youngest year that may join"),
    "first_day_hours": mark("The first meeting is called to mind, hours before"),
}

PLACEMENTS = {"most_served": mark("As many places as possible"), "queue_first": mark("In the queue's order")}
OPTIONS: dict[str, dict[str, str]] = {"placement": PLACEMENTS}
"""Rules that are one of a few words, and what each word is called."""


def text(name: str, value: object) -> str:
    """What a rule says, as the reader is shown it; a dash where it says nothing."""
    said = OPTIONS.get(name, {}).get(str(value))
    return _(said) if said else "–" if value in (None, "") else str(value)


def label(name: str) -> str:
    """What a rule is called; its own name where a new one has no words yet."""
    return _(LABELS[name]) if name in LABELS else name


def first_rules(kind: ProgrammeKind) -> dict[str, str]:
    """The five rules that stand first for a kind of programme, with what each decides."""
    of_groups = kind in (ProgrammeKind.STUDY_GROUP, ProgrammeKind.DROP_IN)
    return FIRST_OF_GROUPS if of_groups else FIRST


def effect_words(effect: Effect) -> str:
    """What a change would touch, in one sentence."""
    count, shown = effect.count, number(effect.count)
    so_far = number(effect.so_far or 0)
    match effect.code:
        case "first":
            return ngettext(
                "One school counts as without a visit then; now it is %(so_far)s.",
                "%(count)s schools count as without a visit then; now it is %(so_far)s.",
                count,
                count=shown,
                so_far=so_far,
            )
        case "too_near":
            return ngettext(
                "One request that waits comes too late then; now it is %(so_far)s.",
                "%(count)s requests that wait come too late then; now it is %(so_far)s.",
                count,
                count=shown,
                so_far=so_far,
            )
        case "unconfirmed":
            return ngettext(
                "One profile is asked again and not matched until it is confirmed; now it is %(so_far)s.",
                "%(count)s profiles are asked again and not matched until they are confirmed; now it is %(so_far)s.",
                count,
                count=shown,
                so_far=so_far,
            )
        case "more_open":
            return ngettext(
                "One person has more than that now, and is asked no more until some are answered.",
                "%(count)s people have more than that now, and are asked no more until some are answered.",
                count,
                count=shown,
            )
        case "keep_deadline":
            return ngettext(
                "The one invitation that is out keeps its deadline.",
                "The %(count)s invitations that are out keep their deadlines.",
                count,
                count=shown,
            )
        case "keep_promise":
            return ngettext(
                "The one request that waits keeps its date.",
                "The %(count)s requests that wait keep their dates.",
                count,
                count=shown,
            )
        case "offer_more":
            return ngettext(
                "One person has offered more than that.",
                "%(count)s people have offered more than that.",
                count,
                count=shown,
            )
    return _("Holds for the next run and the next messages.")
