"""HTML to text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html.entities import html5
from html.parser import HTMLParser
from typing import Any, ClassVar

from ..cleaning import TextRule
from ..contract import rule

_BLOCKS = (
    "address|article|aside|blockquote|body|br|caption|center|dd|details|dialog|div|dl|dt|fieldset|figcaption|figure"
    "|footer|form|h[1-6]|head|header|hr|html|li|main|menu|nav|ol|option|p|pre|section|summary|table|tbody|td|tfoot"
    "|th|thead|title|tr|ul"
)
_INLINE = (
    "a|abbr|acronym|audio|b|bdi|bdo|big|button|canvas|cite|code|col|colgroup|data|datalist|del|dfn|em|embed|font|i"
    "|iframe|img|input|ins|kbd|label|legend|link|map|mark|meta|meter|nobr|noscript|object|optgroup|output|param"
    "|picture|progress|q|rp|rt|ruby|s|samp|select|small|source|span|strike|strong|sub|sup|svg|template|textarea"
    "|time|track|tt|u|var|video|wbr"
)
_HIDDEN = ("script", "style")
_IS_BLOCK = re.compile(_BLOCKS)
# Only whole tags of HTML's own elements are markup: people write "a <b then", "List<String>" and "x < y"; and no tag of
# one letter has attributes without a value, so "a <b and c> d" is text too.
_TEXT_LESS_THAN = re.compile(
    r"<(?=[abipqsu]\s[^<>=]*\w[^<>=]*>)|<(?!/?(?:"
    rf"{'|'.join([_BLOCKS, _INLINE, *_HIDDEN])})(?:[\s/](?:[^<>\"']|\"[^\"]*\"|'[^']*')*)?>"
    r"|!--(?:(?!--)[\s\S])*-->|!doctype[^<>]*>)",
    re.IGNORECASE,
)
_OPEN = {tag: re.compile(rf"<(?={tag}\b)(?!(?:(?!<{tag}\b)[\s\S])*</{tag}\s*>)", re.IGNORECASE) for tag in _HIDDEN}
_AMPERSAND = re.compile(r"&(?:#(?:[0-9]{1,7}|[xX][0-9a-fA-F]{1,6});|([A-Za-z][A-Za-z0-9]*;))?")


@rule("html")
class Html(TextRule):
    """HTML to text in social posts: tags dropped, blocks to lines, entities decoded, scripts left out.

    Only whole tags of HTML's elements and entities that end in a semicolon count as HTML, all else is text
    as it stands. Entities are decoded once: what was escaped twice stays escaped once.
    """

    order = 10
    tables = ("social_posts",)
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {"social_posts": ("text", "author_name")}
    pattern = r"<[A-Za-z/!]|&(?:[A-Za-z][A-Za-z0-9]*|#[0-9]+|#[xX][0-9A-Fa-f]+);"

    def fix(self, text: str) -> str:
        """Return the text that a reader of the HTML would see."""
        text = _AMPERSAND.sub(_ampersand, text)
        text = _TEXT_LESS_THAN.sub("&lt;", text)
        for tag, opening in _OPEN.items():
            if f"<{tag}" in text.lower():
                text = opening.sub("&lt;", text)
        reader = _Reader()
        reader.feed(text)
        reader.close()
        return reader.text()


def _ampersand(match: re.Match[str]) -> str:
    name = match.group(1)
    if match.group(0) == "&" or (name is not None and name not in html5):
        return "&amp;" + match.group(0)[1:]
    return match.group(0)


class _Reader(HTMLParser):
    """Gathers the visible text; a block's border becomes one line end."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.hidden = 0
        self.border = -1

    def text(self) -> str:
        return "".join(self.parts[:-1] if self.border == len(self.parts) else self.parts)

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(data)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.hidden += tag in _HIDDEN
        if tag == "br":
            self.parts.append("\n")
        elif _IS_BLOCK.fullmatch(tag):
            self._border()

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        if tag == "br":
            self.parts.append("\n")
        elif _IS_BLOCK.fullmatch(tag):
            self._border()

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self.hidden = max(0, self.hidden - 1)
        elif tag != "br" and _IS_BLOCK.fullmatch(tag):
            self._border()

    def _border(self) -> None:
        if self.parts and not self.parts[-1].endswith("\n"):
            self.parts.append("\n")
            self.border = len(self.parts)
