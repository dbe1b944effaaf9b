"""The OpenAPI document and a page to read and try it, from our own files and without inline script."""

from typing import Any

from flask import Blueprint, Response, json, render_template
from flask_smorest import Api

from api.edge.access import public


def make_blueprint(api: Api) -> Blueprint:
    blueprint = Blueprint("api_docs", __name__)

    @blueprint.get("/api/openapi.json")
    @public
    def document() -> Response:
        spec: dict[str, Any] = api.spec.to_dict()
        return Response(json.dumps(spec), content_type="application/json")

    @blueprint.get("/api/docs")
    @public
    def page() -> str:
        return render_template("api_docs.html")

    return blueprint
