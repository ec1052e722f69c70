"""The experiments of chapter 1: what the reader's own client sent, and this blog as its own client."""

from wtforms import StringField
from wtforms.validators import InputRequired, Regexp

from homeport.learn.experiments import Context, Fields, Outcome, experiment
from homeport.ui.forms import Form, Length


class PathForm(Form):
    """The address of a page of this blog."""

    path = StringField(
        "What to ask for",
        [
            InputRequired(),
            Length(max=200),
            Regexp(r"^/[!-~]*$", message="Begin with /, and use no spaces and no letters with accents."),
        ],
        default="/archive",
        description="The part of an address behind the blog’s name, such as /archive or /nothing-here.",
    )


@experiment("your-request", title="What your browser says", button="Send a request")
def your_request(_form: Fields, seen: Context) -> Outcome:
    """The request that ran the experiment, as it arrived."""
    return "learn/experiments/your_request.html", {"seen": seen}


@experiment("be-the-client", title="A client of four lines", button="Ask", fields=PathForm)
def be_the_client(form: Fields, seen: Context) -> Outcome:
    """The shortest useful request, and the raw answer to it."""
    return "learn/experiments/traffic.html", {"exchange": seen.ask(form["path"], headers=(("Accept", "text/html"),))}
