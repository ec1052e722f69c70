"""The editor's form, and the one for a preview link. What may be stored is decided by `texts.accept`."""

from wtforms import HiddenField, RadioField, StringField, TextAreaField, widgets
from wtforms.validators import InputRequired

from homeport.posts.previews import DAYS
from homeport.posts.texts import LIMITS, Draft
from homeport.ui.forms import Form, Length

NOTHING = Draft("", "")
LIFETIMES = {str(days): "1 day" if days == 1 else f"{days} days" for days in DAYS}


class EditorForm(Form):
    """A post's text. `version` is the one its writer saw, `key` names a new post's form.

    It is sent as multipart/form-data: percent-encoding would make a long text in many scripts three times as long, and
    more than the blog takes in at once.
    """

    longest = LIMITS["body"]

    title = StringField("Title", [InputRequired()])
    body = TextAreaField("Text")
    summary = TextAreaField("Summary")
    tags = StringField("Tags")
    path = StringField("Address")
    publish_at = StringField("Publish at", widget=widgets.DateTimeLocalInput())
    version = HiddenField()
    key = HiddenField()

    def draft(self, present: Draft = NOTHING) -> Draft:
        """What was typed; a field that was not sent stays as it is at `present`."""
        sent = {field.name: field.data or "" for field in self if field.raw_data}
        tags = tuple(name.strip() for name in sent.get("tags", "").split(",") if name.strip())
        return Draft(
            title=sent.get("title", present.title),
            body=sent.get("body", present.body),
            summary=sent.get("summary", present.summary),
            tags=tags if "tags" in sent else present.tags,
            path=sent.get("path", present.path),
        )

    def seen_version(self) -> int:
        """The version that was changed; 0, which no post has, where the form does not say."""
        text = self.version.data or ""
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def fields_of(draft: Draft, version: int) -> dict[str, str]:
    """What the form shows for a text that goes out from a version."""
    return {
        "title": draft.title,
        "body": draft.body,
        "summary": draft.summary,
        "tags": ", ".join(draft.tags),
        "path": draft.path,
        "version": str(version),
    }


class PreviewForm(Form):
    """A link that shows a draft: for whom, and for how long."""

    note = StringField("Whom is it for?", [Length(max=200)], render_kw={"autocomplete": "off"})
    days = RadioField("It works for", choices=LIFETIMES, default="7")
