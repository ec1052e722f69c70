"""The form of the page on which people delete their account."""

from collections.abc import Sequence

from wtforms import RadioField, SelectField
from wtforms.validators import InputRequired, Optional

from homeport.accounts.models import PostsFate
from homeport.ui.forms import Form

FATES = {
    PostsFate.DELETE: "Delete them, with every earlier version",
    PostsFate.HAND_OVER: "Hand them to somebody else here, under their name; what is in the trash is deleted",
    PostsFate.KEEP: "Keep what is public, without my name; drafts, private posts and the trash are deleted",
}


class LeavingForm(Form):
    """What becomes of one's posts."""

    posts = RadioField("Your posts", choices=[], validators=[InputRequired("Choose what becomes of your posts.")])
    heir = SelectField("Who is to have them", choices=[], validators=[Optional()])

    def offer(self, heirs: Sequence[tuple[str, str]]) -> None:
        """Say who could have the posts; where nobody could, that is no choice."""
        self.posts.choices = [
            (fate.value, words) for fate, words in FATES.items() if heirs or fate is not PostsFate.HAND_OVER
        ]
        self.heir.choices = [("", "Choose somebody"), *heirs]
        if not heirs:
            del self.heir

    def chosen_heir(self) -> int | None:
        """The id of who is to have the posts, if somebody is chosen."""
        return int(self.heir.data) if "heir" in self and self.heir.data else None
