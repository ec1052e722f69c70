"""The form with which people choose their picture."""

from wtforms import FileField
from wtforms.validators import InputRequired

from homeport.ui.forms import Form


class PictureForm(Form):
    """One file. What it is, its content says, and neither its name nor the type that the browser sends."""

    picture = FileField("A picture of you", validators=[InputRequired()])
