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
    public,
)
from api.web.coordinator import adjust, compare, locks, runs, today, visits
from api.web.mail import calendars, mailbox, unsubscribe
from api.web.site import groups

BLUEPRINTS: tuple[Blueprint, ...] = (
    public.pages,
    account.pages,
    account_links.pages,
    account_feide.pages,
    account_second_factor.pages,
    account_own.pages,
    account_tokens.pages,
    visits.pages,
    locks.pages,
    adjust.pages,
    compare.pages,
    today.pages,
    groups.pages,
    maps.pages,
    runs.pages,
    unsubscribe.pages,
    calendars.pages,
    mailbox.pages,
)
