"""One page that shows every part, for tests that look at it in a browser."""

from datetime import UTC, datetime

from flask import Flask, render_template_string
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, DateTimeLocalField, PasswordField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Optional

from homeport.core.errors import Problem
from homeport.core.http import public
from homeport.ui.forms import Form
from homeport.ui.pages import problem_page

MOMENT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SENTENCE = (
    "Every harbour of any age has a light, and every light has a keeper; this one has had eleven since 1871, and the "
    "present keeper climbs the stairs each evening at half past six and looks at the lamp for about a minute. "
)

PROSE = f"""
<p>{SENTENCE * 4}</p>
<h2 id="c-one">A heading</h2><p>With <a href="/reading">a link</a>, <code>code</code>, <kbd>Ctrl</kbd>,
<mark>a mark</mark> and <del>a slip</del>.
<sup class="footnote-ref"><a href="#c-fn1" id="c-fnref1" role="doc-noteref">1</a></sup></p>
<h3 id="c-two">A smaller one</h3><ul><li>one<ul><li>two</li></ul></li></ul>
<ul class="contains-task-list">
<li class="task-list-item"><input type="checkbox" disabled aria-label="done"> done</li></ul>
<blockquote><p>A light which cannot be told from another is no light.</p></blockquote>
<div class="highlight"><pre tabindex="0"><code>{"long " * 60}</code></pre></div>
<div class="table-scroll" role="region" tabindex="0" aria-label="Table 1"><table><thead><tr><th scope="col">Light</th>
<th scope="col" class="align-right">Range</th></tr></thead><tbody><tr><td>{"North mole " * 9}</td>
<td class="align-right">12</td></tr></tbody></table></div>
<dl><dt>Fathom</dt><dd>Six feet.</dd></dl><hr>
<p>https://example.org/{"a" * 300}</p>
<section class="footnotes" role="doc-endnotes"><ol class="footnotes-list"><li id="c-fn1" class="footnote-item">
<p>A note. <a href="#c-fnref1" class="footnote-backref" role="doc-backlink" aria-label="Back to the text">↩</a></p></li>
</ol>
</section>
"""

READING = """{% extends "ui/base.html" %}
{% from "ui/macros.html" import log_entry, pages, toc, when, tag_list, neighbours %}
{% block title %}Reading{% endblock %}
{% block main %}<article class="post"><header class="page-head"><h1>How a small harbour keeps its lights</h1>
<p class="meta"><span>{{ when(moment) }}</span><span>by <a href="/reading" rel="author">Alice</a></span>
<span>{{ 900 | reading_minutes | plural("minute") }} to read</span></p></header>
{{ toc(headings) }}<div class="prose">{{ prose }}</div>
<footer class="post-foot">{{ tag_list([("harbour", "/reading"), ("light", "/reading")]) }}</footer>
{{ neighbours(("The one before", "/reading"), ("The one after", "/reading")) }}</article>
<h2>More</h2><ol class="log">{{ log_entry("Another", "/reading", moment, "A summary.", [("Alice", "/reading")],
[("harbour", "/reading")], 300) }}</ol>{{ pages("/reading", "/reading") }}{% endblock %}"""

DESK = """{% extends "ui/desk.html" %}
{% from "ui/macros.html" import field, error_summary, button, button_form, progress, empty, filters, badge, flashes %}
{% block title %}Desk{% endblock %}
{% block feature_styles %}{% for name in ("writing", "accounts", "jobs") %}
<link rel="stylesheet" href="{{ asset_url('css/' ~ name ~ '.css') }}">{% endfor %}{% endblock %}
{% block feature_scripts %}<script src="{{ asset_url('js/writing.js') }}" type="module"></script>{% endblock %}
{% block main %}<h1>The desk</h1>{{ flashes([("success", "It is saved."), ("error", "It is not.")]) }}
{{ filters([("All", "/desk", true), ("Drafts", "/desk?drafts", false)], "Posts by status") }}
<form method="post" action="/save" class="form" data-keep="post-1" data-preview="/preview" data-confirm-leave>
{{ csrf_field() }}{{ error_summary(form) }}{{ field(form.title) }}{{ field(form.body, class_="source") }}
{{ field(form.secret, autocomplete="new-password", data_reveal=true) }}{{ field(form.kind) }}{{ field(form.when) }}
{{ field(form.open) }}{{ field(form.terms) }}
<p class="actions">{{ button("Save", "primary", "do", "save") }}{{ button("Delete", "danger", "do", "delete") }}</p>
</form>
<section><h2>Jobs</h2><ul class="job-list"><li class="job"><h3>Import</h3>{{ badge("Running") }}
{{ progress(3, 9, "Import") }}</li><li class="job"><h3>Mail</h3>{{ badge("Failed") }}<p class="job-reason">No.</p>
{{ button_form("/save", "Try again", about="mail") }}</li><li class="job"><h3>Clean</h3>{{ badge("Published") }}
{{ badge("Scheduled") }}{{ badge("Draft") }}{{ badge("Private") }}{{ progress(0, 0, "Clean") }}</li></ul></section>
<section><h2>Posts</h2><div class="table-box" role="region" tabindex="0" aria-label="Posts"><table><thead><tr>
<th scope="col">Title</th><th scope="col" class="number">Words</th></tr></thead><tbody><tr>
<th scope="row"><a href="/desk">A title</a></th><td class="number">120</td></tr></tbody></table></div></section>
{{ empty("Nothing here", "Write something.", ("Write", "/desk")) }}
<section class="diff"><ins>new</ins><del>old</del><span class="same">same</span></section>
{% endblock %}"""


class EveryField(Form):
    """One field of each kind."""

    title = StringField("Title", [InputRequired("Enter a title.")], description="A few words.")
    body = TextAreaField("Text", [InputRequired("Write something.")])
    secret = PasswordField("Password")
    kind = SelectField("Kind", choices={"a": "A", "b": "B"})
    when = DateTimeLocalField("When", [Optional()])
    open = RadioField("Who may join", choices={"yes": "Everybody", "no": "Nobody"}, default="no")
    terms = BooleanField("I agree")


def add_gallery(app: Flask) -> None:
    """Serve pages: `/reading`, `/desk` with forms and lists, `/wrong` with errors in the form, `/lost` for an error."""
    headings = [{"level": 2, "id": "c-one", "text": "A heading"}, {"level": 3, "id": "c-two", "text": "A smaller one"}]

    @app.get("/reading")
    @public
    def reading() -> str:
        return render_template_string(READING, moment=MOMENT, headings=headings, prose=Markup(PROSE))

    @app.get("/desk")
    @public
    def desk() -> str:
        return render_template_string(DESK, form=EveryField(data={"title": "Old title", "body": "Old text"}))

    @app.get("/wrong")
    @public
    def wrong() -> str:
        form = EveryField(MultiDict({"title": "", "kind": "a", "open": "no"}))
        form.validate()
        return render_template_string(DESK, form=form)

    @app.get("/lost")
    @public
    def lost() -> tuple[str, int]:
        # an error page with a good status: the browser would complain of a bad one
        return problem_page(Problem("There is nothing at this address.")).get_data(as_text=True), 200
