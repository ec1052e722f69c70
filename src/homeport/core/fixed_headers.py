"""The security headers that are the same on every page, for the application and for the edge."""

from homeport.core.config import Config

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


def fixed_headers(config: Config) -> dict[str, str]:
    """What each answer carries unless its view has set something stricter."""
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
    return fixed
