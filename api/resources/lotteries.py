"""Draws over REST, for everyone: hash before, seed after, every ticket."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from api.edge.access import public
from api.edge.rest import ResourceBlueprint
from api.edge.session import read_session
from api.queries import queue_draw
from api.schemas.entries import LotterySchema, TicketsSchema

blueprint = ResourceBlueprint("api_lotteries", __name__, description="The draws of registration periods")


@blueprint.get("/lotteries")
@blueprint.etag
@blueprint.response(200, LotterySchema(many=True))
@public
def list_lotteries() -> Any:
    """Draws"""
    return [one.lottery for one in queue_draw.draws(read_session())]


@blueprint.get("/lotteries/<uuid:lottery_id>")
@blueprint.etag
@blueprint.response(200, LotterySchema)
@public
def get_lottery(lottery_id: UUID) -> Any:
    """One draw"""
    return queue_draw.draw(read_session(), str(lottery_id)).lottery


@blueprint.get("/lotteries/<uuid:lottery_id>/tickets")
@blueprint.etag
@blueprint.response(200, TicketsSchema)
@public
def get_tickets(lottery_id: UUID) -> Any:
    """Every ticket: SHA-256 of seed, a colon and an entry's id, smallest first"""
    session = read_session()
    found = queue_draw.draw(session, str(lottery_id))
    result = queue_draw.drawn(session, found)
    return {"first": result.first, "tickets": queue_draw.tickets(found, result)}
