"""Two ways to use a page: by pointing, and by the keyboard alone."""

from contextlib import nullcontext
from typing import Protocol

from playwright.sync_api import Page

MOST_STOPS = 120

_NAME_OF_FOCUS = """() => {
  const at = document.activeElement;
  const label = at.labels?.[0]?.textContent ?? at.getAttribute('aria-label') ?? at.textContent;
  const kind = at.type === 'radio' ? 'choice' : { A: 'link', BUTTON: 'button' }[at.tagName] ?? 'field';
  return [kind, label.trim()];
}"""


class Hands(Protocol):
    """What somebody does on a page, by the words they read there."""

    def fill(self, label: str, text: str) -> None:
        """Write into the field with this label, instead of what stands there."""

    def choose(self, option: str) -> None:
        """Choose one of several round buttons."""

    def press(self, button: str, *, leaves: bool = True) -> None:
        """Press a button; the next page is loaded when this returns, unless the button leaves no page."""

    def follow(self, link: str) -> None:
        """Follow a link."""


class Pointer:
    """A mouse, or a finger."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def fill(self, label: str, text: str) -> None:
        """Write into a field."""
        self.page.get_by_label(label, exact=True).fill(text)

    def choose(self, option: str) -> None:
        """Choose one of several round buttons."""
        self.page.get_by_label(option).check()

    def press(self, button: str, *, leaves: bool = True) -> None:
        """Press a button."""
        with self.page.expect_navigation() if leaves else nullcontext():
            self.page.get_by_role("button", name=button, exact=True).click()

    def follow(self, link: str) -> None:
        """Follow the first link with this text."""
        self.page.get_by_role("link", name=link, exact=True).first.click()


class Keyboard:
    """Tab, letters, arrows and Enter; nothing else is touched."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def fill(self, label: str, text: str) -> None:
        """Write into a field."""
        self._go_to("field", label)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def choose(self, option: str) -> None:
        """Choose one of several round buttons: Tab reaches the chosen one, arrows go on from there."""
        self._go_to("choice", option)
        for _ in range(MOST_STOPS):
            if self.page.evaluate(_NAME_OF_FOCUS)[1].startswith(option):
                self.page.keyboard.press("Space")  # where none was chosen before, Tab alone chooses none
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"the arrows never reach {option!r}")

    def press(self, button: str, *, leaves: bool = True) -> None:
        """Press a button."""
        self._go_to("button", button)
        with self.page.expect_navigation() if leaves else nullcontext():
            self.page.keyboard.press("Enter")

    def follow(self, link: str) -> None:
        """Follow a link."""
        self._go_to("link", link)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def _go_to(self, kind: str, name: str) -> None:
        passed = []
        for _ in range(MOST_STOPS):
            self.page.keyboard.press("Tab")
            found = self.page.evaluate(_NAME_OF_FOCUS)
            if found == [kind, name] or found[0] == kind == "choice":
                outline = self.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                assert outline != "none", f"nobody sees that the {kind} {name!r} has the focus"
                return
            passed.append(found[1])
        raise AssertionError(f"Tab never reaches the {kind} {name!r} on {self.page.url}; it stops at {passed}")
