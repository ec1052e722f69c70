"""A small web site with accounts, written as one should not, for the lab `sessions`. It listens nowhere."""

from itertools import count

import pyotp
from flask import Flask, Response, make_response, redirect, request
from flask.typing import ResponseReturnValue


class WeakSite:
    """Made-up people by e-mail address, and sessions by the number in the cookie."""

    def __init__(self) -> None:
        self.people: dict[str, dict[str, str]] = {}
        self.sessions: dict[str, str] = {}
        self.half: dict[str, str] = {}
        self._numbers = count(1001)
        self.app = Flask("weak")
        self.app.add_url_rule("/login", view_func=self.log_in, methods=["POST"])
        self.app.add_url_rule("/login/code", view_func=self.code, methods=["POST"])
        self.app.add_url_rule("/logout", view_func=self.log_out, methods=["POST"])
        self.app.add_url_rule("/account", view_func=self.account, methods=["GET", "POST"])

    def _enter(self, email: str) -> Response:
        # Weak: whatever number the browser brings is kept, also one that somebody else has put there (fixation).
        number = request.cookies.get("sid") or str(next(self._numbers))
        self.sessions[number] = email
        answer = make_response(redirect("/account", 303))
        answer.set_cookie("sid", number)
        return answer

    def log_in(self) -> ResponseReturnValue:
        """The password; with an app, the code comes next."""
        email = request.form["email"]
        person = self.people.get(email)
        if person is None or person["password"] != request.form["password"]:
            return "wrong", 422
        if not person["secret"]:
            return self._enter(email)
        answer = make_response(redirect("/login/code", 303))
        answer.set_cookie("half", email)
        return answer

    def code(self) -> ResponseReturnValue:
        """The six digits. Weak: a code that was used counts again while its time lasts."""
        email = request.cookies.get("half", "")
        if email in self.people and pyotp.TOTP(self.people[email]["secret"]).verify(
            request.form["code"], valid_window=1
        ):
            return self._enter(email)
        return "wrong", 422

    def log_out(self) -> ResponseReturnValue:
        """Weak: the browser forgets the number, the site does not."""
        answer = make_response(redirect("/", 303))
        answer.delete_cookie("sid")
        return answer

    def account(self) -> ResponseReturnValue:
        """One's page. Weak: the form may come from anywhere."""
        email = self.sessions.get(request.cookies.get("sid", ""))
        if email is None:
            return redirect("/login", 303)
        if request.method == "POST":
            self.people[email]["name"] = request.form["display_name"]
        return f"You are {self.people[email]['name']}."
