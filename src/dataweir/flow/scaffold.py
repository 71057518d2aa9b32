"""`weir init`: a weir.yaml that explains itself, filled with what `--from` found, and a first policy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import yaml

from ..errors import ConfigError
from ..storage import storage_error

PROJECT = """\
# One file a project. Relative paths count from this folder; secrets stand as ${{NAME}} and come from the environment.
project: {name}
warehouse: warehouse                # a folder, or s3://bucket/prefix
# catalog: postgresql+psycopg://... # for a team; the default is SQLite inside the warehouse

# Where data comes from; `weir list sources` names the connectors.
sources: {{}}
#  shop_access:
#    type: weblog
#    path: "logs/access.log*"       # plain, .gz, .zst, .bz2, .xz; read once, however it is renamed
#    format: combined               # or common
#    owner: web team                # what is declared here lowers the data-barrier score
#    licence: internal
#  tickets:
#    type: files                    # CSV, TSV, JSON lines, Parquet
#    path: "tickets/*.csv"
#    into: social_posts             # or web_events; leave it out for a table of its own
#    columns: {{post_id: id, ts: created_at, text: body}}
#    constants: {{platform: support, kind: post}}

# What may leave, and how; `weir export NAME`, then `weir review`, then `weir publish NAME`. Who approves signs in on
# the web page, or works under another account of the system than who asked; `review: {{through: any}}` believes a name.
exports: {{}}
#  research: {{table: social_posts, policy: policies/research.yaml, purpose: "what for", licence: "under what"}}
"""

POLICY = """\
# What must hold before data may leave the house. A column that is not named here is dropped.
name: research
description: Posts for research, without the people who wrote them.
columns:
  platform: keep
  kind: keep
  community: keep
  lang: keep
  ts: {generalise: {to: day}}
  author_id: hash
  text: mask
entities:
  default: replace
k: 5
quasi_identifiers: [platform, community, ts]
suppress: 0.05     # the largest share of rows that may be left out to reach k
residual: 0        # how many findings the second scan of the written files may have
linkage: 9 %       # how many people may be found again by who holds the whole table: by texts that can be read, most
# accept: {linkage: "why"}   # more than 9 % needs a reason, which the reviewer reads; so does a column that tells who
"""

IGNORED = "warehouse/\nkeys/\nshared/\n"


def scaffold(folder: str, given: Sequence[str] = ()) -> list[str]:
    """Write weir.yaml, policies/research.yaml and .gitignore; return what was made.

    `given` are files, folders or URLs: weir.yaml gets the sources that read them. Raises ConfigError where a weir.yaml
    stands already, or no connector reads what was given; nothing that exists is touched.
    """
    root = Path(folder)
    if (root / "weir.yaml").exists():
        raise ConfigError(f"{root / 'weir.yaml'} exists already", "edit it, or name another folder")
    name = re.sub(r"[^a-z0-9_]+", "_", root.resolve().name.lower()).strip("_") or "project"
    if not name[0].isalpha():
        name = f"p_{name}"
    project = PROJECT.format(name=name[:60])
    if given:
        project = project.replace("sources: {}\n", _sources(given, root.resolve()))
    files = {
        root / "weir.yaml": project,
        root / "policies" / "research.yaml": POLICY,
        root / ".gitignore": IGNORED,
    }
    made = []
    for path, text in files.items():
        if path.exists():
            continue
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise storage_error(error, str(path)) from None
        made.append(str(path))
    return made


def _sources(given: Sequence[str], root: Path) -> str:
    """Return the part of weir.yaml that reads what was given; files inside the project are named from its folder."""
    from .recognise import recognise

    lines = ["sources:"]
    labels: set[str] = set()
    for guess in (guess for each in given for guess in recognise(each)):
        label = next(
            n for i in range(1, 10_000) if (n := guess.label if i == 1 else f"{guess.label}_{i}") not in labels
        )
        labels.add(label)
        settings = dict(guess.settings)
        if "path" in settings:
            settings["path"] = _from_folder(settings["path"], root)
        if guess.records:
            kept = guess.records - guess.rejected
            lines.append(f"  # of the first {guess.records:,} records {kept:,} read as {settings['type']}")
        lines += [f"  # {note}" for note in guess.notes]
        lines.append(f"  {label}:")
        lines += [f"    {line}" for line in yaml.safe_dump(settings, sort_keys=False, width=1000).splitlines()]
        lines.append("    # licence: what the data came under   # owner: who answers for it")
    return "\n".join(lines) + "\n"


def _from_folder(path: str | list[str], root: Path) -> str | list[str]:
    """Return paths inside the project's folder as seen from it, others as they are."""
    if not isinstance(path, str):
        return [str(_from_folder(each, root)) for each in path]
    inside = "://" not in path and Path(path).is_relative_to(root)
    return Path(path).relative_to(root).as_posix() if inside else path
