"""What every page shares: the base template, macros, form fields, static files and error pages.

`ui` knows no feature and no feature's table. A feature extends `ui/base.html` (pages to read) or `ui/desk.html`
(pages to work on) and takes its parts from `ui/macros.html`.
"""

from flask import Flask

from homeport.core.site import site
from homeport.ui import assets, filters, foot, messages, navigation, notices, pages


def register(app: Flask) -> None:
    """Add templates, static files, filters, navigation and error pages to `app`."""
    assets.register(app)
    filters.register(app)
    foot.register(app)
    messages.register(app)
    navigation.register(app)
    notices.register(app)
    pages.register(app)
    app.context_processor(lambda: {"site": site()})
