"""Accounts: found, opened, closed, given and relieved of roles."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from api.db import transaction
from api.domain.permissions import Action, Grant, Role
from api.edge.access import allowed, current_actor
from api.edge.session import read_session
from api.errors import AppError, Conflict, InvalidInput
from api.i18n import gettext as _
from api.queries import users as reads
from api.services.accounts import administration, second_factor
from api.web.admin.words import role_name
from api.web.asked import asked_text, asked_window

pages = Blueprint("users", __name__)


@pages.get("/brukere", endpoint="table")
@allowed(Action.MANAGE_USERS)
def show_users() -> str:
    return _table()


@pages.post("/brukere", endpoint="open")
@allowed(Action.MANAGE_USERS)
def open_account() -> Response | tuple[str, int]:
    form = request.form
    try:
        with transaction() as session:
            made = administration.open_account(
                session,
                current_actor(),
                login=form.get("login", "")[:254],
                name=form.get("name", ""),
                grants=[_grant()] if form.get("role") else [],
            )
    except (InvalidInput, Conflict) as problem:
        return _table(problem), 422
    flash(_("The account is open, and a link to sign in is on its way."), "success")
    return redirect(url_for("users.one", user_id=made.id), 303)


@pages.get("/brukere/<uuid:user_id>", endpoint="one")
@allowed(Action.MANAGE_USERS)
def show_user(user_id: object) -> str:
    return _one(str(user_id))


@pages.post("/brukere/<uuid:user_id>/roller", endpoint="give")
@allowed(Action.MANAGE_USERS)
def give_role(user_id: object) -> Response | tuple[str, int]:
    try:
        with transaction() as session:
            administration.give(session, current_actor(), str(user_id), _grant())
    except InvalidInput as problem:
        return _one(str(user_id), problem), 422
    return _done(user_id, _("The role is given."))


@pages.post("/brukere/<uuid:user_id>/roller/<uuid:grant_id>/ta-bort", endpoint="take_away")
@allowed(Action.MANAGE_USERS)
def take_role_away(user_id: object, grant_id: object) -> Response | tuple[str, int]:
    try:
        with transaction() as session:
            administration.take_away(session, current_actor(), str(user_id), str(grant_id))
    except Conflict as problem:
        return _one(str(user_id), problem), 409
    return _done(user_id, _("The role is taken away."))


@pages.post("/brukere/<uuid:user_id>/steng", endpoint="close")
@allowed(Action.MANAGE_USERS)
def close(user_id: object) -> Response | tuple[str, int]:
    return _set_active(user_id, False, _("The account is closed."))


@pages.post("/brukere/<uuid:user_id>/aapne", endpoint="reopen")
@allowed(Action.MANAGE_USERS)
def reopen(user_id: object) -> Response | tuple[str, int]:
    return _set_active(user_id, True, _("The account is open again."))


@pages.post("/brukere/<uuid:user_id>/lenke", endpoint="send_link")
@allowed(Action.MANAGE_USERS)
def send_link(user_id: object) -> Response | tuple[str, int]:
    try:
        with transaction() as session:
            administration.send_link(session, current_actor(), str(user_id))
    except Conflict as problem:
        return _one(str(user_id), problem), 409
    return _done(user_id, _("A link to sign in is on its way."))


@pages.post("/brukere/<uuid:user_id>/to-trinn", endpoint="take_second_factor")
@allowed(Action.MANAGE_USERS)
def take_second_factor(user_id: object) -> Response:
    with transaction() as session:
        second_factor.take_away(session, current_actor(), str(user_id))
    return _done(user_id, _("The second step is set up anew at the next sign-in."))


def _set_active(user_id: object, active: bool, words: str) -> Response | tuple[str, int]:
    try:
        with transaction() as session:
            user = administration.account(session, current_actor(), str(user_id))
            administration.set_active(session, current_actor(), user, active)
    except Conflict as problem:
        return _one(str(user_id), problem), 409
    return _done(user_id, words)


def _grant() -> Grant:
    return Grant(administration.role_of(request.form.get("role", "")), request.form.get("scope", "").strip() or None)


def _done(user_id: object, words: str) -> Response:
    flash(words, "success")
    return redirect(url_for("users.one", user_id=user_id), 303)


def _table(problem: AppError | None = None) -> str:
    word = asked_text("role")
    role = Role(word) if word in set(Role) else None
    text = asked_text("text")
    page = reads.accounts(read_session(), asked_window(tuple(reads.SORTS)), text=text or None, role=role)
    return render_template(
        "admin/users.html", page=page, role=role, text=text, roles=list(Role), role_name=role_name, problem=problem
    )


def _one(user_id: str, problem: AppError | None = None) -> str:
    account = reads.account(read_session(), user_id)
    return render_template("admin/user.html", account=account, roles=list(Role), role_name=role_name, problem=problem)
