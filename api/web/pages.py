"""The table of contents of the pages: every blueprint that `create_app` registers."""

from flask import Blueprint

from api.web import account, maps, public
from api.web.coordinator import adjust, compare, locks, runs, visits
from api.web.site import groups

BLUEPRINTS: tuple[Blueprint, ...] = (
    public.pages,
    account.pages,
    visits.pages,
    locks.pages,
    adjust.pages,
    compare.pages,
    groups.pages,
    maps.pages,
    runs.pages,
)
