"""OpenID Connect (Feide) by Authlib: state, nonce and PKCE are the library's; what comes back is checked claims."""

from typing import Any

from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Flask, current_app, url_for
from joserfc.errors import JoseError
from requests import RequestException
from werkzeug import Response

from api.config import OidcProvider
from api.errors import Conflict
from api.i18n import gettext as _
from api.services.accounts.identities import Identity, identity_of

SECONDS = 10


def init_app(app: Flask, provider: OidcProvider | None) -> None:
    app.config["OIDC"] = None
    if provider is None:
        return
    registry = OAuth(app)
    registry.register(
        "provider",
        client_id=provider.client_id,
        client_secret=provider.client_secret,
        server_metadata_url=f"{provider.issuer}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid profile email", "code_challenge_method": "S256", "timeout": SECONDS},
    )
    app.config["OIDC"] = registry.provider


def send_away() -> Response:
    """To the service's sign-in page. Raises Conflict where the service does not answer."""
    try:
        answer: Response = _client().authorize_redirect(url_for("feide.back", _external=True))
    except (RequestException, OAuthError) as error:
        raise _failed() from error
    return answer


def come_back() -> Identity:
    """Who has signed in there, from the address they came back to. Raises Conflict where it cannot be trusted."""
    try:
        token = _client().authorize_access_token()
    except (OAuthError, JoseError, RequestException, KeyError, ValueError) as error:
        raise _failed() from error
    claims = token.get("userinfo")
    if not claims or not claims.get("sub") or not claims.get("iss"):
        raise _failed()
    return identity_of(claims)


def _client() -> Any:
    return current_app.config["OIDC"]


def _failed() -> Conflict:
    return Conflict(
        _("Signing in there did not work."), remedy=_("Try once more, or sign in another way."), code="oidc_failed"
    )
