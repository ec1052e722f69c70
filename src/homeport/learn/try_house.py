"""The experiments of chapter 12: the floors of the house, a room from within, and which function answers an address."""

from typing import Any

from flask import current_app
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its published types
from wtforms.validators import InputRequired, Regexp

from homeport.learn import house, wayfinder
from homeport.learn.experiments import Context, Fields, Outcome, experiment
from homeport.ui.forms import Form, Length

METHODS = ("GET", "POST", "HEAD")


def _choices(names: tuple[str, ...]) -> Any:  # what WTForms wants now, its published types do not know yet
    return [SelectChoice(name, name) for name in names]


class RoomForm(Form):
    """Which room to look into."""

    room = SelectField("Room", [InputRequired()], choices=lambda: _choices(house.names()), default="jobs")


class AddressForm(Form):
    """An address, and how it is asked for."""

    method = SelectField("Method", [InputRequired()], choices=_choices(METHODS), default="GET")
    address = StringField(
        "Address",
        [InputRequired(), Length(max=200), Regexp(r"^/[!-~]*$", message="Begin with /, and use no spaces.")],
        default="/archive",
        description="The part behind the blog’s name, such as /archive or /login.",
    )


@experiment("floors", title="The floors of the house", button="Read the program and draw them")
def floors(_form: Fields, _seen: Context) -> Outcome:
    """The rooms by floors, as the imports in the files that run have them."""
    return "learn/experiments/floors.html", {"floors": house.floors(), "by_name": house.BY_NAME}


@experiment("room", title="Look into a room", button="Look", fields=RoomForm)
def room(form: Fields, _seen: Context) -> Outcome:
    """The files of a room, each with what it says of itself."""
    found = house.rooms()[form["room"]]
    return "learn/experiments/room.html", {"room": found, "importers": house.importers(found.name)}


@experiment("which-function", title="Which function answers?", button="Find it", fields=AddressForm)
def which_function(form: Fields, _seen: Context) -> Outcome:
    """The route, the mark, the function and its tests."""
    path = form["address"].partition("?")[0].partition("#")[0]
    way = wayfinder.find(current_app, form["method"], path)
    return "learn/experiments/which_function.html", {"way": way, "is_found": isinstance(way, wayfinder.Way)}
