"""The training of role models: four short films, ticked one by one; trained when all are seen."""

from __future__ import annotations

from sqlalchemy.orm import Session

from api import clock
from api.errors import InvalidInput
from api.i18n import gettext as _
from api.models.role_models import RoleModel, RoleModelFilm
from api.services.role_models import change_role_model

FILMS = range(1, 5)


def tick(session: Session, role_model: RoleModel, film: str) -> None:
    """A film has been seen today; the last one makes the role model trained. Again is as good as once.

    film: its number as a form sends it. Raises InvalidInput for one that is not there.
    """
    if film not in {str(number) for number in FILMS}:
        raise InvalidInput(_("There is no such film."), field="film")
    seen = {one.film for one in role_model.films}
    if role_model.trained_on is None and int(film) not in seen:
        role_model.films.append(RoleModelFilm(film=int(film), seen_on=clock.today()))
        session.flush()
    if role_model.trained_on is None and {one.film for one in role_model.films} >= set(FILMS):
        change_role_model(session, role_model, {"trained_on": clock.today()})
