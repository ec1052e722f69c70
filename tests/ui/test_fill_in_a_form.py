"""Somebody fills in a form, with and without mistakes."""

import pytest
from flask import Flask, render_template_string
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    DateTimeLocalField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import URL, Email, InputRequired, Length, NumberRange, Optional

from homeport.core.errors import Problem
from homeport.ui.forms import SENTENCES, Form

PAGE = """{% from "ui/macros.html" import field, error_summary %}
{{ error_summary(form) }}{{ field(form.title, help="A few words.", autocomplete="off") }}
{% for name in ("mail", "password", "body", "size", "when", "kind", "open", "terms") %}
{{ field(form[name]) }}{% endfor %}
"""


class EveryKind(Form):
    title = StringField("Title", [InputRequired("Enter a title."), Length(max=20)])
    mail = StringField("Email", [InputRequired(), Email(check_deliverability=False)])
    link = StringField("Link", [Optional(), URL()])
    password = PasswordField("Password", [InputRequired()])
    body = TextAreaField("Text")
    size = IntegerField("Size", [Optional(), NumberRange(1, 9)])
    when = DateTimeLocalField("When", [Optional()])
    kind = SelectField("Kind", choices={"a": "A", "b": "B"}, default="a")
    open = RadioField("Who may join", choices={"yes": "Everybody", "no": "Nobody"}, default="no")
    terms = BooleanField("I agree")


def sent(**fields: str) -> EveryKind:
    return EveryKind(
        MultiDict({"title": "T", "mail": "a@example.org", "password": "x", "kind": "a", "open": "no"} | fields)
    )


def page(app: Flask, form: Form) -> str:
    with app.test_request_context():
        return render_template_string(PAGE, form=form)


def test_blanks_around_a_line_are_taken_away() -> None:
    form = sent(title="  A title ", mail=" a@example.org\t")
    assert form.validate()
    assert (form.title.data, form.mail.data) == ("A title", "a@example.org")


def test_a_title_of_blanks_only_is_no_title() -> None:
    form = sent(title="   ")
    assert not form.validate()
    assert form.errors["title"] == ["Enter a title."]


def test_a_password_and_a_text_keep_their_blanks() -> None:
    form = sent(password=" two words ", body="    indented code\r\n\r\nend\r\n")
    assert form.validate()
    assert form.password.data == " two words "
    assert form.body.data == "    indented code\n\nend\n"


def test_what_was_typed_is_still_there_when_something_is_wrong(bare_app: Flask) -> None:
    form = sent(
        title="A title of more than twenty letters", mail="not <mail>", body="<script>", size="many", when="soon"
    )
    assert not form.validate()
    html = page(bare_app, form)
    assert 'value="A title of more than twenty letters"' in html
    assert 'value="not &lt;mail&gt;"' in html
    assert "&lt;script&gt;</textarea>" in html
    assert 'value="many"' in html
    assert 'value="soon"' in html


def test_a_password_never_comes_back(bare_app: Flask) -> None:
    form = sent(title="", password="hunter2")
    assert not form.validate()
    assert "hunter2" not in page(bare_app, form)


def test_each_error_is_a_plain_sentence() -> None:
    form = EveryKind(
        MultiDict(
            {
                "title": "x" * 30,
                "mail": "no",
                "link": "no",
                "password": "",
                "size": "12",
                "when": "x",
                "kind": "z",
                "open": "z",
            }
        )
    )
    assert not form.validate()
    errors = dict(form.errors)
    assert errors["title"] == ["Use at most 20 characters."]
    assert errors["mail"] == ["Enter an email address like name@example.org."]
    assert errors["password"] == ["Fill this in."]
    assert errors["size"] == ["Enter a number from 1 to 9."]
    for sentences in errors.values():
        for sentence in sentences:
            assert str(sentence).endswith("."), sentence
            assert "field" not in str(sentence).lower()


@pytest.mark.parametrize("sentence", SENTENCES.values())
def test_each_sentence_says_what_to_do(sentence: str) -> None:
    assert sentence.endswith(".")
    assert sentence.split(maxsplit=1)[0] in {"Fill", "Choose", "Enter", "Use", "This"}


def test_an_error_is_tied_to_its_field_for_screen_readers(bare_app: Flask) -> None:
    form = sent(title="")
    assert not form.validate()
    html = page(bare_app, form)
    assert 'aria-describedby="title-help title-error"' in html
    assert 'aria-invalid="true"' in html
    assert '<p class="error" id="title-error">Enter a title.</p>' in html
    assert '<a href="#title">Title: Enter a title.</a>' in html
    assert '<label for="title">Title</label>' in html
    assert html.count("aria-invalid") == 1


def test_a_field_without_an_error_claims_none(bare_app: Flask) -> None:
    html = page(bare_app, sent())
    assert "aria-invalid" not in html
    assert 'class="errors"' not in html
    assert 'aria-describedby="title-help"' in html
    assert 'autocomplete="off"' in html


def test_choices_are_a_group_with_a_name(bare_app: Flask) -> None:
    html = page(bare_app, sent(open="yes"))
    assert "<legend>Who may join</legend>" in html
    assert '<label for="open-0">Everybody</label>' in html
    assert html.count("checked") == 1


def test_what_the_service_refuses_stands_at_its_field(bare_app: Flask) -> None:
    form = sent(title="Taken")
    assert form.validate()
    form.add_problem(Problem("This title is taken.", hint="Choose another."), "title")
    form.add_problem(Problem("The site is full."))
    assert form.problems() == [("", "The site is full."), ("title", "Title: This title is taken. Choose another.")]
    html = page(bare_app, form)
    assert '<p class="error" id="title-error">This title is taken. Choose another.</p>' in html
    assert "<li>The site is full.</li>" in html
