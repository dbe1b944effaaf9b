"""Every theme, imported once, so that the metadata is whole. Programs that open a session import this first."""

from __future__ import annotations

from api.models import (
    access,
    asking,
    bookings,
    companies,
    drafts,
    follow_up,
    group_life,
    groups,
    jobs,
    links,
    outbox,
    people,
    places,
    plan_rows,
    planning,
    programmes,
    pupils,
    rates,
    records,
    reports,
    rights,
    role_models,
    sign_in,
    visits,
)
from api.models.base import Base

THEMES = (
    places,
    programmes,
    people,
    access,
    companies,
    role_models,
    groups,
    rights,
    planning,
    visits,
    drafts,
    pupils,
    bookings,
    plan_rows,
    rates,
    records,
    links,
    outbox,
    sign_in,
    follow_up,
    group_life,
    jobs,
    reports,
    asking,
)
metadata = Base.metadata
