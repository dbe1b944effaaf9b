"""The table of contents of the pages: every blueprint that `create_app` registers."""

from flask import Blueprint

from api.web import (
    account,
    account_feide,
    account_links,
    account_own,
    account_second_factor,
    account_tokens,
    maps,
    metrics,
    public,
)
from api.web.admin import school_contacts, users
from api.web.company import own as company_own
from api.web.company import people as company_people
from api.web.company import register as company_register
from api.web.coordinator import (
    adjust,
    approval,
    audit_files,
    by_hand,
    compare,
    contacts,
    coverage,
    doubles,
    exports,
    history,
    ledger,
    load,
    locks,
    more,
    municipality,
    rules,
    runs,
    stand_ins,
    today,
    visits,
    week,
)
from api.web.mail import calendars, mailbox, unsubscribe
from api.web.mentor import own as mentor_own
from api.web.pupil import draw, guardian, join, offer, queue
from api.web.report import surveys, year, yearly
from api.web.role_model import invitation, profile
from api.web.role_model import register as role_model_register
from api.web.role_model import visits as role_model_visits
from api.web.school import catalogue, change, order, own, status
from api.web.site import approval as group_approval
from api.web.site import attendance, campus, equality, evenings, groups, meetings, mentors

BLUEPRINTS: tuple[Blueprint, ...] = (
    public.pages,
    account.pages,
    account_links.pages,
    account_feide.pages,
    account_second_factor.pages,
    account_own.pages,
    account_tokens.pages,
    users.pages,
    school_contacts.pages,
    visits.pages,
    week.pages,
    stand_ins.pages,
    locks.pages,
    adjust.pages,
    compare.pages,
    approval.pages,
    today.pages,
    rules.pages,
    history.pages,
    audit_files.pages,
    by_hand.pages,
    doubles.pages,
    exports.pages,
    ledger.pages,
    municipality.pages,
    coverage.pages,
    load.pages,
    contacts.pages,
    more.pages,
    groups.pages,
    equality.pages,
    campus.pages,
    evenings.pages,
    meetings.pages,
    mentors.pages,
    attendance.pages,
    mentor_own.pages,
    maps.pages,
    metrics.pages,
    runs.pages,
    unsubscribe.pages,
    calendars.pages,
    mailbox.pages,
    invitation.pages,
    role_model_visits.pages,
    profile.pages,
    role_model_register.pages,
    company_register.pages,
    company_own.pages,
    company_people.pages,
    order.pages,
    status.pages,
    change.pages,
    own.pages,
    catalogue.pages,
    join.pages,
    queue.pages,
    offer.pages,
    guardian.pages,
    draw.pages,
    group_approval.pages,
    year.pages,
    yearly.pages,
    surveys.pages,
)
