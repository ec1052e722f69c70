"""Small blogs as the generators' own starters lay them out, written into a test's folder."""

import io
from collections.abc import Mapping
from pathlib import Path

from PIL import Image

Files = Mapping[str, str | bytes]


def write(root: Path, files: Files) -> Path:
    """Write each file below `root`; its folders are made."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def png(colour: str = "teal") -> bytes:
    """A small picture."""
    out = io.BytesIO()
    Image.new("RGB", (4, 4), colour).save(out, "PNG")
    return out.getvalue()


ZOLA: Files = {
    "config.toml": 'base_url = "https://old.example"\ntitle = "Old"\n',
    "content/_index.md": "+++\ntitle = 'Home'\n+++\n",
    "content/blog/2020-03-04-sea.md": (
        "+++\ntitle = 'The sea'\ndate = 2020-03-04\naliases = ['old/sea.html']\n"
        "[taxonomies]\ntags = ['Water', 'Travel']\n[extra]\n+++\n"
        "See [boats](@/blog/boats/index.md#sails) and `[no](x.md)`.\n"
    ),
    "content/blog/boats/index.md": (
        "+++\ntitle = 'Boats'\ndate = 2021-05-06T07:08:09+02:00\nauthors = ['Ann Lee', 'Bo']\ndraft = false\n+++\n"
        "![a boat](boat.png)\n\n<img src=\"./boat.png\" alt='again'>\n\n[gone](gone.png) ![far](https://far.example/x.png)\n\n"
        "```md\n![not touched](boat.png)\n```\n\n[up](../sea/)\n"
    ),
    "content/blog/boats/boat.png": png(),
    "content/blog/secret.md": "+++\ntitle = 'Not yet'\ndate = 2022-01-01\ndraft = true\n+++\nhidden\n",
}

HUGO: Files = {
    "hugo.toml": "baseURL = 'https://old.example/'\n[permalinks]\nposts = '/:year/:month/:slug/'\n",
    "content/posts/first.md": (
        "---\ntitle: First steps\ndate: 2019-02-03T10:00:00Z\nlastmod: 2019-02-05\nslug: steps\ntags: [walking]\n"
        "aliases:\n  - /walk/\n  - near\n---\n"
        'Look: {{< ref "second.md" >}} and ![logo](/img/logo.png)\n\n{{< youtube abc >}}\n'
    ),
    "content/posts/second.md": "---\ntitle: Second\ndate: 2019-03-03\nurl: /my/own/place/\n---\nBody\n",
    "content/uses.md": "---\ntitle: What I use\n---\nThings\n",
    "content/about.md": "---\ntitle: About\n---\nWho\n",
    "static/img/logo.png": png("navy"),
}

JEKYLL: Files = {
    "_config.yml": "title: Old\npermalink: pretty\n",
    "_posts/2018-07-08-hello-world.md": (
        "---\nlayout: post\ntitle: 'Hello: World'\ncategories: news misc\nredirect_from: /hi.html\n---\n"
        "[next]({% post_url 2018-07-09-next %}) ![p](/assets/p.png)\n"
    ),
    "_posts/2018-07-09-next.md": "---\nlayout: post\ntitle: Next\npermalink: /special.html\npublished: false\n---\nx\n",
    "_drafts/idea.md": "---\ntitle: Idea\n---\nlater\n",
    "assets/p.png": png("red"),
}

PELICAN: Files = {
    "pelicanconf.py": "PATH = 'content'\nARTICLE_URL = 'posts/{slug}/'\nraise SystemExit('never run')\n",
    "content/one.md": (
        "Title: One Thing\nDate: 2017-06-05 09:30\nCategory: Life\nTags: a, b\nAuthor: Cleo\nSlug: one\n\n"
        "Text with ![x]({static}/images/x.png) and [two]({filename}two.md).\n"
    ),
    "content/two.md": "Title: Two\nDate: 2017-06-06\nStatus: draft\n\nMore\n",
    "content/images/x.png": png("lime"),
}
