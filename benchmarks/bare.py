"""The least that Flask can do, on the settings the blog's own web server has: what everything else is compared with."""

import sys
from pathlib import Path

from flask import Flask

from homeport.core.config import Config
from homeport.serving.web import server

application = Flask(__name__)


@application.get("/")
def hello() -> str:
    """A page without template or database."""
    return "Hello, world!\n"


if __name__ == "__main__":
    granian = server(Config(data=Path(), port=int(sys.argv[1])))
    granian.target = f"{__file__}:application"
    granian.factory = False
    granian.serve()
