"""A role model's own page, by the link in a mail or signed in: the profile, what waits, visits to come."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug import Response

from api import clock
from api.db import transaction
from api.domain.enums import Mode, ProfileState
from api.domain.transitions import Party
from api.edge.access import current_actor, public, signed_in
from api.edge.session import read_session
from api.errors import Conflict, NotFound
from api.i18n import gettext as _
from api.models.follow_up import Invitation
from api.models.programmes import Topic
from api.models.role_models import RoleModel
from api.models.visits import Visit
from api.queries import people_and_topics, profiles, reach
from api.services import change, links, role_models
from api.services.follow_up import messages
from api.services.profiles import letters, own, reconfirm, training
from api.web import words
from api.web.role_model import languages, profile_words, shown
from api.web.role_model import profile_form as forms

pages = Blueprint("profile", __name__)
shown.init(pages)
ACTS = "any(bekreft,gjenoppta,pause,lagre,borte,film,slutt,slett,invitasjon,besok)"
ASKED = "any(slutt,slett)"
Find = Callable[[Session], RoleModel]


@pages.errorhandler(links.LinkExpired)
def expired(error: links.LinkExpired) -> tuple[str, int]:
    return render_template("role_model/profile_expired.html", secret=(request.view_args or {}).get("secret")), 410


@pages.get("/rollemodell")
@signed_in
def mine() -> str:
    """?minutter=60: what that many minutes of travel would open for; htmx gets that part of the page only."""
    return _page(own.of_actor(read_session(), current_actor()), None, forms.ProfileForm())


@pages.post(f"/rollemodell/<{ACTS}:act>")
@signed_in
def act_signed_in(act: str) -> Response | tuple[str, int]:
    actor = current_actor()
    return _act(lambda session: own.of_actor(session, actor), act, None)


@pages.get(f"/rollemodell/<{ASKED}:act>")
@signed_in
def ask_signed_in(act: str) -> str:
    own.of_actor(read_session(), current_actor())
    return render_template("role_model/profile_end.html", secret=None, act=act)


@pages.get("/rollemodell/profil/<secret>")
@public
def by_link(secret: str) -> str:
    """Changes nothing: mail scanners follow links."""
    return _page(own.of_link(read_session(), secret), secret, forms.ProfileForm())


@pages.post(f"/rollemodell/profil/<secret>/<{ACTS}:act>")
@public
def act_by_link(secret: str, act: str) -> Response | tuple[str, int]:
    return _act(lambda session: own.of_link(session, secret), act, secret)


@pages.get(f"/rollemodell/profil/<secret>/<{ASKED}:act>")
@public
def ask_by_link(secret: str, act: str) -> str:
    own.of_link(read_session(), secret)
    return render_template("role_model/profile_end.html", secret=secret, act=act)


@pages.post("/rollemodell/profil/<secret>/ny-lenke")
@public
def new_link(secret: str) -> str:
    """A new link in place of an old one, to the address that the profile has; once a day."""
    with transaction() as session:
        try:
            role_model = own.of_link(session, secret)
        except links.LinkExpired as old:
            found = session.get(RoleModel, old.token.object_id)
            if found is None or found.state is ProfileState.LEFT:
                raise NotFound(_("There is no such role model.")) from None
            role_model = found
        letters.tell(session, "profile_link", role_model, dedupe=f"profile_link:{role_model.id}:{clock.today()}")
    return render_template("role_model/profile_link_sent.html")


def _act(find: Find, act: str, secret: str | None) -> Response | tuple[str, int]:
    if act == "lagre":
        return _save(find, secret)
    if act in ("invitasjon", "besok"):
        return _open(find, act)
    form = forms.typed()
    until = forms.away_until(form) if act == "borte" else None
    if form.faults:
        return _page(find(read_session()), secret, form), 422
    try:
        with transaction() as session:
            said = _do(session, find(session), act, until)
    except Conflict as error:
        if isinstance(error, links.LinkExpired):
            raise
        flash(" ".join(filter(None, (error.sentence, error.remedy))), "danger")
        return redirect(_address(secret), 303)
    if act in ("slutt", "slett"):
        return render_template("role_model/profile_ended.html", deleted=act == "slett"), 200
    flash(said, "success")
    return redirect(_address(secret), 303)


def _do(session: Session, role_model: RoleModel, act: str, until: object) -> str:
    who = change.by(Party.ROLE_MODEL, current_actor())
    if act == "bekreft":
        own.confirm(session, role_model, who)
    elif act == "gjenoppta":
        own.resume(session, role_model, who)
    elif act == "pause":
        own.pause(session, role_model, who)
    elif act == "film":
        training.tick(session, role_model, request.form.get("id", ""))
        if role_model.trained_on is not None:
            return _("Thank you. All four films are seen: now we can ask you.")
    elif act == "borte":
        own.set_away(session, role_model, until, who)  # type: ignore[arg-type]  # a day or nothing
    elif act == "slutt":
        own.leave(session, role_model, who)
    else:
        own.delete_me(session, role_model)
    return _("Thank you. We have noted it.")


def _save(find: Find, secret: str | None) -> Response | tuple[str, int]:
    form = forms.typed()
    with transaction() as session:
        role_model = find(session)
        given = forms.read(session, form, role_model)
        if not form.faults:
            if role_model.state is ProfileState.LEFT:
                raise NotFound(_("There is no such role model."))
            looked_over = role_model.state is ProfileState.ACTIVE
            role_models.change_role_model(session, role_model, given | {"confirmed": looked_over})
    if form.faults:
        return _page(find(read_session()), secret, form), 422
    flash(_("Your profile is saved."), "success")
    return redirect(_address(secret), 303)


def _open(find: Find, act: str) -> Response:
    """A fresh link to one's own invitation or visit."""
    wanted = request.form.get("id", "")
    with transaction() as session:
        role_model = find(session)
        if act == "invitasjon":
            invitation = session.get(Invitation, wanted)
            if invitation is None or invitation.role_model_id != role_model.id:
                raise NotFound(_("There is no such invitation."))
            return redirect(links.address_of(messages.invitation_link(session, invitation)), 303)
        visit = session.get(Visit, wanted)
        if visit is None or all(one.role_model_id != role_model.id for one in visit.role_models):
            raise NotFound(_("There is no such visit."))
        return redirect(links.address_of(messages.visit_link(session, visit, role_model.person_id)), 303)


def _address(secret: str | None) -> str:
    return url_for("profile.by_link", secret=secret) if secret else url_for("profile.mine")


def _page(role_model: RoleModel, secret: str | None, form: forms.ProfileForm) -> str:
    session, now = read_session(), clock.now()
    forms.fill(form, role_model)
    found = reach.reach_of(session, role_model, _minutes(form))
    own_address = url_for("profile.by_link", secret=secret) if secret else url_for("profile.mine")
    if request.headers.get("HX-Request") and request.method == "GET":
        return render_template(
            "role_model/reach_part.html", reach=found, address=own_address, role_place=role_model.place
        )
    names = people_and_topics.topic_names(session)
    times, other_times = profiles.grid(role_model)
    return render_template(
        "role_model/profile.html",
        secret=secret,
        address=own_address,
        role_model=role_model,
        role_place=role_model.place,
        form=form,
        reach=found,
        MOST=reach.MOST,
        stale=reconfirm.is_stale(session, role_model, now),
        invitations=profiles.open_invitations(session, role_model.id, now),
        visits=profiles.own_visits(session, role_model.id, now),
        times=times,
        other_times=other_times,
        topics=[(topic.code, names[topic.id]) for topic in session.query(Topic).order_by(Topic.position, Topic.code)],
        spoken=[(code, languages.name_of(code)) for code in languages.COMMON],
        payers=profile_words.payers(role_model),
        films=profile_words.films(role_model),
        blocked=sorted(role_model.blocked, key=lambda one: one.from_date),
        today=clock.today(),
        Mode=Mode,
        State=ProfileState,
        words=words,
    )


def _minutes(form: forms.ProfileForm) -> int:
    """The minutes that the page is about: those of the address, those typed, or those stored."""
    for given in (request.args.get("minutter"), form.of("max_travel_minutes"), form.stored["max_travel_minutes"]):
        if given and given.isascii() and given.isdigit() and len(given) < 5:
            return min(int(given), forms.MOST_MINUTES)
    return 0
