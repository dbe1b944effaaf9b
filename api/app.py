"""The web application: REST under /api/v1 and pages elsewhere. `create_app()` is what waitress and gunicorn serve."""

from typing import Any

from flask import Flask

import api.models.registry  # noqa: F401 (sessions need the whole metadata)
from api.config import Settings
from api.config import settings as settings_of_process
from api.db import init_engine
from api.edge import access, csrf, headers, limits, locale, login, logs, measures, oidc, session
from api.logs import configure_logging
from api.resources.registry import register_resources
from api.web import shell
from api.web.pages import BLUEPRINTS

MAX_BODY_BYTES = 1_000_000


class Treffpunkt(Flask):
    """Flask whose failures are logged without what people typed."""

    def log_exception(self, exc_info: Any) -> None:
        logs.log_failure(exc_info[1])


def create_app(settings: Settings | None = None) -> Flask:
    """A configured application. Raises ConfigurationError when a setting is missing or wrong."""
    settings = settings or settings_of_process()
    configure_logging()
    init_engine(settings)
    app = Treffpunkt(__name__, static_folder="web/static", template_folder="web/templates")
    app.config.from_mapping(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_BODY_BYTES,
        PROPAGATE_EXCEPTIONS=False,
        DEVELOPMENT=settings.development,
        METRICS_TOKEN=settings.metrics_token,
        SECOND_FACTOR=settings.second_factor,
        **login.cookie_config(production=not settings.development),
    )
    access.public(app.view_functions["static"])
    logs.log_requests(app)
    measures.measure_requests(app)
    session.close_after_request(app)
    headers.protect(app, production=not settings.development)
    locale.choose_for_requests(app)
    login.init_app(app)
    csrf.init_app(app)
    oidc.init_app(app, settings.oidc)
    limits.init_app(app)
    app.before_request(access.check_access)
    shell.init_app(app)
    register_resources(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app
