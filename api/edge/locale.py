"""Which language an answer is in: the link just followed, the cookie, the person's own, the browser's, bokmål."""

from flask import Flask, Response, request

from api.i18n import DEFAULT_LOCALE, LOCALES, current_locale, known_locale, set_locale

COOKIE = "language"
PARAMETER = "lang"
_YEAR = 365 * 24 * 3600


def choose_for_requests(app: Flask) -> None:
    """Registered before login, so that a refusal is in the right language too."""
    app.before_request(_choose)
    app.after_request(_remember)


def prefer(locale: str | None) -> None:
    """The signed-in person's language, used where this browser has not chosen another."""
    if locale and not _chosen():
        set_locale(locale)


def _choose() -> None:
    set_locale(_chosen() or request.accept_languages.best_match(["nb", "no", *LOCALES]) or DEFAULT_LOCALE)


def _chosen() -> str | None:
    return known_locale(request.args.get(PARAMETER)) or known_locale(request.cookies.get(COOKIE))


def _remember(response: Response) -> Response:
    asked = known_locale(request.args.get(PARAMETER))
    if asked and not request.path.startswith("/api/"):
        response.set_cookie(COOKIE, asked, max_age=_YEAR, samesite="Lax", httponly=True, secure=request.is_secure)
    if not response.direct_passthrough:
        response.headers["Content-Language"] = current_locale()
        response.vary.update(("Accept-Language", "Cookie"))
    return response
