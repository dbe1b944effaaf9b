"""REST under /api/v1: every resource, its OpenAPI 3.1 document and its page at /api/docs."""

from flask import Flask

from api.edge.problems import ProblemApi
from api.resources import (
    adjustments,
    approvals,
    attendance,
    audit,
    companies,
    comparisons,
    coordination,
    docs,
    entries,
    exceptions,
    group_approvals,
    group_sessions,
    hours,
    invitations,
    locks,
    lotteries,
    mentors,
    messages,
    offers,
    places,
    plan_stories,
    plans,
    requests,
    role_models,
    rules,
    runs,
    school_contacts,
    school_orders,
    tokens,
    users,
    visits,
)

PREFIX = "/api/v1"
RESOURCES = (
    places.blueprint,
    users.blueprint,
    tokens.blueprint,
    school_contacts.blueprint,
    requests.blueprint,
    school_orders.blueprint,
    role_models.blueprint,
    companies.blueprint,
    runs.blueprint,
    runs.one_run,
    plans.blueprint,
    plan_stories.blueprint,
    messages.blueprint,
    locks.blueprint,
    adjustments.blueprint,
    comparisons.blueprint,
    approvals.blueprint,
    approvals.one_approval,
    exceptions.blueprint,
    exceptions.one_line,
    rules.blueprint,
    audit.blueprint,
    coordination.blueprint,
    invitations.blueprint,
    invitations.one_invitation,
    visits.blueprint,
    visits.one_visit,
    entries.blueprint,
    offers.blueprint,
    lotteries.blueprint,
    group_approvals.blueprint,
    group_approvals.one_approval,
    group_sessions.blueprint,
    mentors.blueprint,
    attendance.blueprint,
    hours.blueprint,
)


def register_resources(app: Flask) -> None:
    app.config.update(
        API_TITLE="Treffpunkt",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        API_SPEC_OPTIONS={
            "security": [{"token": []}, {"session": []}, {}],
            "components": {
                "securitySchemes": {
                    "token": {"type": "http", "scheme": "bearer"},
                    "session": {"type": "apiKey", "in": "cookie", "name": app.config["SESSION_COOKIE_NAME"]},
                }
            },
        },
    )
    api = ProblemApi(app)
    for blueprint in RESOURCES:
        api.register_blueprint(blueprint, url_prefix=PREFIX)
    app.register_blueprint(docs.make_blueprint(api))
