"""What a post's page tells search engines and other sites about it (schema.org BlogPosting, OpenGraph)."""

import re
from html import unescape
from typing import Any
from urllib.parse import urljoin

from homeport.core.site import Site
from homeport.posts.queries import Article
from homeport.reading.filters import author_links
from homeport.ui.filters import machine_time

_FIRST_PICTURE = re.compile(r'<img\b[^>]*?\ssrc="([^"]+)"')


def picture(article: Article, canonical: str) -> str:
    """The whole address of the first picture in the text; empty without one."""
    found = _FIRST_PICTURE.search(article.html)
    return urljoin(canonical, unescape(found[1])) if found else ""


def json_ld(article: Article, canonical: str, site: Site) -> dict[str, Any]:
    """The post as a schema.org BlogPosting; the template escapes it for a script element."""
    stated = {
        "@context": "https://schema.org",
        "@type": "BlogPosting",
        "headline": article.title,
        "description": article.summary,
        "datePublished": machine_time(article.published_at),
        "dateModified": machine_time(article.updated_at),
        "author": [
            {"@type": "Person", "name": name, "url": urljoin(canonical, address)}
            for name, address in author_links(article.authors)
        ],
        "keywords": [tag.name for tag in article.tags],
        "image": picture(article, canonical),
        "wordCount": article.words,
        "inLanguage": site.language,
        "mainEntityOfPage": canonical,
        "isPartOf": {"@type": "Blog", "name": site.title, "url": urljoin(canonical, "/")},
    }
    return {name: value for name, value in stated.items() if value}
