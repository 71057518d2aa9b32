"""Texts that name nobody, in the languages of detection: the messages of programs that others translated.

Django, Wagtail and the language packs of JupyterLab (all BSD) bring them as compiled catalogues (.mo); their English is
the key of each message. Install what is wanted: `pip install django wagtail jupyterlab-language-pack-de-DE ...`.
"""

from __future__ import annotations

import gettext
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

PACKAGES = (
    "django",
    "wagtail",
    *(f"jupyterlab_language_pack_{code}" for code in ("de_DE", "es_ES", "fr_FR", "it_IT", "nl_NL", "pt_BR", "zh_CN")),
)
FOLDERS = {"pt": ("pt", "pt_PT", "pt_BR"), "zh": ("zh_CN", "zh_Hans")}
_HOLDER = re.compile(r"%\(\w+\)\w|%\w|\{[^{}]*\}|<[^<>]*>|&\w+;|_\(|https?://\S+")


def messages(language: str) -> list[str]:
    """Return the distinct messages of a language, sorted, without what their programs fill in."""
    return sorted({text for text in map(_plain, _raw(language)) if text})


def _raw(language: str) -> Iterator[str]:
    folders = FOLDERS.get(language, (language, f"{language}_{language.upper()}"))
    for package in PACKAGES:
        found = importlib.util.find_spec(package)
        if found is None or found.origin is None:
            continue
        for file in sorted(Path(found.origin).parent.rglob("*.mo")):
            if language == "en" or set(file.parts) & set(folders):
                with file.open("rb") as handle:
                    held = vars(gettext.GNUTranslations(handle))["_catalog"]
                yield from (
                    (key if isinstance(key, str) else key[0] for key in held) if language == "en" else held.values()
                )


def _plain(text: str) -> str:
    """Return a message in words: the name of its context, marks and holders left out."""
    return " ".join(_HOLDER.sub("7", text.rpartition("\x04")[2]).replace("&", "").split())
