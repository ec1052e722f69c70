"""Security headers, on every response whatever its status."""

from flask import Flask, Response, request

from homeport.core.config import Config
from homeport.core.http import FOR_ALL

# No 'unsafe-inline' and no foreign host anywhere: what a page needs, the blog serves itself.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "media-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "object-src 'none'",
    )
)
TWO_YEARS = 2 * 365 * 24 * 3600


def install(app: Flask, config: Config) -> None:
    """Add the headers after every request; a view may have set a stricter policy of its own."""
    fixed = {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    }
    if config.secure:
        fixed["Strict-Transport-Security"] = f"max-age={TWO_YEARS}"

    def add(response: Response) -> Response:
        present = {name.lower() for name, _ in response.headers}
        for name, value in fixed.items():
            if name.lower() not in present:
                response.headers.add(name, value)
        if "cache-control" not in present:
            # Readers' browsers may keep a page but must ask each time; what a person or a form is behind is
            # not kept at all.
            cacheable = response.status_code in {200, 301, 304, 308, 404} and FOR_ALL in request.environ
            response.headers["Cache-Control"] = "no-cache" if cacheable else "no-store"
        return response

    app.after_request(add)
