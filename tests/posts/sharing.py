"""Making a preview link, as a person does."""

import re

from tests.conftest import Browser

CANARY = "the-canary-of-alice"
"""A word of the draft that is shared, to be found nowhere else."""


def share(browser: Browser, post_id: int, days: str = "7", note: str = "Mum") -> str:
    """Make a link on the page, and return its address on this site."""
    page = browser.submit(f"/write/{post_id}/previews", {"days": days, "note": note})
    assert page.status_code == 200, page.text
    found = re.search(r'value="http://localhost:8000(/preview/[\w-]{43})"', page.text)
    assert found, page.text
    return found[1]
