"""Headers of every answer: a strict content policy, HSTS behind https, no shared cache for a person's page."""

from flask import Flask, Response, request
from flask_compress import Compress
from flask_talisman import Talisman

CONTENT_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}
STATIC_SECONDS = 365 * 24 * 3600
# Not JSON: what REST answers keeps the ETag it was given.
COMPRESSED = (
    "text/html",
    "text/css",
    "text/javascript",
    "image/svg+xml",
    "application/geo+json",
    "application/javascript",
)


def protect(app: Flask, *, production: bool) -> None:
    """Adds the headers. TLS ends in front of us: http is not redirected here, and HSTS goes out on https only."""
    app.config["COMPRESS_MIMETYPES"] = list(COMPRESSED)
    app.config["COMPRESS_ALGORITHM"] = ["br", "gzip"]
    Compress(app)
    Talisman(
        app,
        content_security_policy=CONTENT_POLICY,
        force_https=False,
        frame_options="DENY",
        permissions_policy={"browsing-topics": "()", "camera": "()", "geolocation": "()", "microphone": "()"},
        referrer_policy="same-origin",
        session_cookie_secure=production,
        session_cookie_http_only=True,
        session_cookie_samesite="Lax",
        strict_transport_security=True,
        strict_transport_security_max_age=STATIC_SECONDS,
    )
    app.after_request(_isolate)


def _isolate(response: Response) -> Response:
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if request.endpoint == "static":
        if response.mimetype in COMPRESSED and response.direct_passthrough:
            response.direct_passthrough = False
            response.make_sequence()  # flask-compress has no gzip for streams
        versioned = "v" in request.args
        response.headers["Cache-Control"] = f"public, max-age={STATIC_SECONDS}, immutable" if versioned else "no-cache"
    elif "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "private, no-cache" if request.method == "GET" else "no-store"
    return response
