"""The owner's form for the settings of the site: its fields are named as those of `core.site.Site`."""

from wtforms import IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, NumberRange, Optional, Regexp

from homeport.core import zones
from homeport.ui.forms import Form, Length

LANGUAGE = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$"  # what BCP 47 (RFC 5646) allows of it that people use


class SiteForm(Form):
    """All settings of the site."""

    title = StringField("Title", [InputRequired(), Length(max=120)])
    description = StringField("Description", [Optional(), Length(max=300)])
    about = TextAreaField("About", [Optional(), Length(max=50_000)])
    footer = StringField("Footer", [Optional(), Length(max=300)])
    language = StringField(
        "Language", [InputRequired(), Regexp(LANGUAGE, message="Enter a language code, such as en, de or pt-BR.")]
    )
    time_zone = SelectField("Time zone", choices=zones.by_continent, validators=[InputRequired()])
    registration = RadioField(
        "Registration",
        [InputRequired()],
        choices={
            "open": "Open: anybody may make an account, as a reader",
            "invitation": "By invitation: whoever has a link that you made may make an account",
            "closed": "Closed: you add people",
        },
    )
    second_factor = RadioField(
        "Second factor",
        [InputRequired()],
        choices={
            "editors": "Owners and editors need a passkey or an authenticator app",
            "nobody": "Everybody decides for themselves",
        },
    )
    posts_per_page = IntegerField("Posts on a page", [InputRequired(), NumberRange(1, 100)])
    primer = RadioField(
        "How the web works",
        choices={
            "everybody": "Show the primer to everybody",
            "members": "Show it to people who are logged in",
        },
        default="everybody",
    )
