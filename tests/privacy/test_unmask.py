from __future__ import annotations

import stat
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dataweir import Project
from dataweir.errors import ConfigError, DataError
from dataweir.flow.sharing.unmask import keys, rotate_key, unmask
from dataweir.privacy.keys import known_keys, secret_key
from dataweir.privacy.mask import mask

TABLE = pa.table({"mail": ["kim@example.org", None], "card": ["4111111111111111", None], "n": [1, 2]})
POLICY = "name: p\ncolumns: {mail: encrypt, card: encrypt_format, n: keep}\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "p.yaml").write_text(POLICY)
    (tmp_path / "weir.yaml").write_text(
        "project: shop\nexports:\n  open: {table: t, policy: p.yaml}\n"
        "  partner: {table: t, policy: p.yaml, key: partner}\n"
        "  wrong: {table: t, policy: p.yaml, key: signing}\n"
    )
    made = Project.open(tmp_path)
    with made.held():
        pass
    return made


def exported(project: Project, name: str, key: str = "pseudonym") -> str:
    file = str(project.config.root / name)
    pq.write_table(mask(TABLE, project.policy_path("open"), key=secret_key(project.keys, key)), file)
    return file


def test_a_holder_of_the_key_reads_again_what_was_encrypted_even_after_a_rotation(project: Project) -> None:
    root = project.config.root
    del project.config.exports["wrong"]
    source = exported(project, "masked.parquet")
    assert b"kim@" not in Path(source).read_bytes()
    made = unmask(project, "open", source, str(root / "a.parquet"), "ada", "asked by the court")
    assert (made.rows, made.columns) == (2, ["mail", "card"])
    assert pq.read_table(made.file).equals(TABLE)
    assert stat.S_IMODE(Path(made.file).stat().st_mode) == 0o600

    (old,) = known_keys(project.keys)
    new = rotate_key(project, "pseudonym", "ada")
    assert [(k.id, k.current) for k in keys(project) if k.name == "pseudonym"] == [(new.id, True), (old, False)]
    again = unmask(project, "open", source, str(root / "b.parquet"), "ada", "again", key=old)
    assert pq.read_table(again.file).equals(TABLE)
    assert exported(project, "later.parquet") != source
    later = pq.read_table(root / "later.parquet")
    assert not set(later["mail"].to_pylist()[:1]) & set(pq.read_table(source)["mail"].to_pylist())
    trail = [(e.action, e.subject, e.actor) for e in project.reading().audit_log(9)]
    assert trail[::-1] == [("unmask", "open", "ada"), ("rotate key", "pseudonym", "ada"), ("unmask", "open", "ada")]


def test_another_exports_key_reads_nothing(project: Project) -> None:
    del project.config.exports["wrong"]
    source = exported(project, "masked.parquet")
    secret_key(project.keys, "partner")
    made = unmask(project, "partner", source, str(project.config.root / "a.parquet"), "ada", "why")
    assert pq.read_table(made.file)["mail"].to_pylist() == pq.read_table(source)["mail"].to_pylist()


def test_what_cannot_be_unmasked_is_refused(project: Project) -> None:
    root = project.config.root
    source = exported(project, "masked.parquet")
    with pytest.raises(ConfigError, match="key of something else"):
        unmask(project, "wrong", source, str(root / "x.parquet"), "ada", "why")
    del project.config.exports["wrong"]
    with pytest.raises(ConfigError, match="say why"):
        unmask(project, "open", source, str(root / "x.parquet"), "ada", " ")
    with pytest.raises(ConfigError, match="already there"):
        unmask(project, "open", source, source, "ada", "why")
    with pytest.raises(ConfigError, match="no key of that id"):
        unmask(project, "open", source, str(root / "x.parquet"), "ada", "why", key="aaaaaaaa")
    with pytest.raises(ConfigError, match="did you mean 'pseudonym'"):
        rotate_key(project, "pseudonim", "ada")
    table = pq.read_table(source)
    damaged = [text and text[:30] + ("a" if text[30] != "a" else "b") + text[31:] for text in table["mail"].to_pylist()]
    pq.write_table(table.set_column(0, "mail", pa.array(damaged)), source)
    with pytest.raises(DataError, match="was changed"):
        unmask(project, "open", source, str(root / "x.parquet"), "ada", "why")
    assert not (root / "x.parquet").exists()
