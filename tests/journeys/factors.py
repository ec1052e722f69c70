"""What people hold in their hands to show who they are: a telephone with passkeys, or one with an authenticator app."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pyotp
from playwright.sync_api import Page, Route

from tests.journeys.hands import Hands

# As a telephone's own: it keeps passkeys, and its owner unlocks it with a finger.
KIND = {
    "protocol": "ctap2",
    "ctap2Version": "ctap2_1",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": False,
}


class Telephone:
    """Chromium's virtual authenticator, for one page (https://chromedevtools.github.io/devtools-protocol/tot/WebAuthn).

    Without its owner's finger it waits, as a real one does.
    """

    def __init__(self, page: Page, **kind: object) -> None:
        self._page = page
        self._chromium = page.context.new_cdp_session(page)
        self._chromium.send("WebAuthn.enable")
        added = self._chromium.send("WebAuthn.addVirtualAuthenticator", {"options": KIND | kind})
        self._id = {"authenticatorId": added["authenticatorId"]}

    @contextmanager
    def touched(self) -> Iterator[None]:
        """The owner's finger is on it."""
        self._touch_by_itself(enabled=True)
        yield
        self._touch_by_itself(enabled=False)

    @contextmanager
    def touched_when_asked(self, options: str) -> Iterator[None]:
        """The owner's finger comes while the blog is asked what to sign, at the address that ends in `options`.

        Before that, what the field offers would take the touch. After that it would come too late: a virtual
        authenticator looks for a finger once, when a request arrives.
        """
        self._page.route(f"**{options}", self._touch)
        yield
        self._page.unroute(f"**{options}", self._touch)
        self._touch_by_itself(enabled=False)

    def _touch(self, route: Route) -> None:
        self._touch_by_itself(enabled=True)
        route.continue_()

    def _touch_by_itself(self, *, enabled: bool) -> None:
        self._chromium.send("WebAuthn.setAutomaticPresenceSimulation", self._id | {"enabled": enabled})

    def recognise(self, *, owner: bool) -> None:
        """Whether the finger is its owner's."""
        self._chromium.send("WebAuthn.setUserVerified", self._id | {"isUserVerified": owner})

    def passkeys(self) -> list[dict[str, object]]:
        """What it keeps."""
        kept: list[dict[str, object]] = self._chromium.send("WebAuthn.getCredentials", self._id)["credentials"]
        return kept


def enrol_with_passkey(page: Page, hands: Hands) -> Telephone:
    """From the page Security to the recovery codes, by a passkey."""
    telephone = Telephone(page)
    hands.follow("Add a passkey")
    page.wait_for_url("**/account/passkeys/add")
    with telephone.touched():
        hands.press("Make the passkey")
    return telephone


def enrol_with_app(page: Page, hands: Hands) -> None:
    """From the page Security to the recovery codes, by an authenticator app whose key is typed off the page."""
    hands.press("Set up an app")
    secret = re.sub(r"\s", "", page.locator(".key").text_content() or "")
    hands.fill("Code", pyotp.TOTP(secret).now())
    hands.press("Turn it on")


def recovery_codes(page: Page) -> list[str]:
    """The codes that are shown."""
    return page.locator(".codes code").all_text_contents()
