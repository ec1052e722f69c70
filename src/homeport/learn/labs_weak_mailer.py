"""A small web application as many are written: a route that starts a thread which sends the mails. For a lab only."""

import os
import smtplib
import sys
from email.message import EmailMessage
from threading import Thread

import click
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server


def send_all(host: str, port: int, count: int) -> None:
    """Send a mail to each of `count` made-up people."""
    with smtplib.SMTP(host, port) as server:
        for number in range(count):
            mail = EmailMessage()
            mail["From"], mail["To"] = "weak@example.org", f"person{number}@example.org"
            mail["Subject"] = "News"
            mail.set_content("There is something new.")
            server.send_message(mail)


def make_weak_app(host: str, port: int, count: int) -> Flask:
    """The application."""
    app = Flask("weak")

    @app.post("/send")
    def send() -> str:
        Thread(target=send_all, args=(host, port, count)).start()
        return f"{count} mails are on their way."

    return app


class _Quiet(WSGIRequestHandler):
    def log_request(self, *_: object) -> None:
        pass


def _end_with_the_lab() -> None:
    sys.stdin.read()
    os._exit(0)


def main() -> None:
    """Serve it on the loopback until standard input ends; the first line on standard output is the port."""
    Thread(target=_end_with_the_lab, daemon=True).start()
    host, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    server = make_server(host, 0, make_weak_app(host, port, count), request_handler=_Quiet)
    click.echo(server.server_port)
    server.serve_forever()


if __name__ == "__main__":
    main()
