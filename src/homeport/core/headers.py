"""Security headers, on every response whatever its status."""

from flask import Flask, Response, request

from homeport.core.config import Config
from homeport.core.fixed_headers import fixed_headers
from homeport.core.http import FOR_ALL


def install(app: Flask, config: Config) -> None:
    """Add the headers after every request; a view may have set a stricter policy of its own."""
    fixed = fixed_headers(config)

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
