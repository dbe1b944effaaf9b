"""REST under /api/v1: every resource, its OpenAPI 3.1 document and its page at /api/docs."""

from flask import Flask

from api.edge.problems import ProblemApi
from api.resources import docs

PREFIX = "/api/v1"


def register_resources(app: Flask) -> None:
    app.config.update(
        API_TITLE="Treffpunkt",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
    )
    api = ProblemApi(app)
    app.register_blueprint(docs.make_blueprint(api))
