"""`weir init`: a weir.yaml that explains itself, and a first policy."""

from __future__ import annotations

import re
from pathlib import Path

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

# What may leave, and how; `weir export NAME`, then `weir review`, then `weir publish NAME`.
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
"""

IGNORED = "warehouse/\nkeys/\nshared/\n"


def scaffold(folder: str) -> list[str]:
    """Write weir.yaml, policies/research.yaml and .gitignore; return what was made.

    Raises ConfigError where a weir.yaml stands already; nothing that exists is touched.
    """
    root = Path(folder)
    if (root / "weir.yaml").exists():
        raise ConfigError(f"{root / 'weir.yaml'} exists already", "edit it, or name another folder")
    name = re.sub(r"[^a-z0-9_]+", "_", root.resolve().name.lower()).strip("_") or "project"
    if not name[0].isalpha():
        name = f"p_{name}"
    files = {
        root / "weir.yaml": PROJECT.format(name=name[:60]),
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
