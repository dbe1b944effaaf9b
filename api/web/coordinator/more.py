"""More: what the coordination needs now and then, so that the menu stays short."""

from flask import Blueprint, render_template

from api.domain.permissions import Action
from api.edge.access import allowed
from api.web.navigation import MORE
from api.web.shell import is_shown

pages = Blueprint("more", __name__)


@pages.get("/mer", endpoint="page")
@allowed(Action.VERIFY_SCHOOLS)
def more() -> str:
    return render_template("coordinator/more.html", entries=[entry for entry in MORE if is_shown(entry)])
