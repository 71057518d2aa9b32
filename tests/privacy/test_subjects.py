"""Who is meant: every spelling of a person, and nobody who is called nearly the same."""

from __future__ import annotations

import time

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataweir.privacy.erase import rows_holding, write_without
from dataweir.privacy.subjects import Subjects, dumped, forms, loaded, masked
from dataweir.storage import write_parquet

KEY = b"k" * 32
NAMES = ("Jane.Doe@example.org", "Jané Doe", "@jdoe_77", "anna", "Jörg Müller", "张伟", "pat@example.org")
SUBJECTS = Subjects.of({form for name in NAMES for form in forms(name)}, KEY)

MEANT = [
    "jane.doe@example.org",
    "see mailto:JANE.DOE@EXAMPLE.ORG.",
    "/r?mail=jane.doe%40example.org&q=1",
    "jane.doe%2540example.org",
    "jane.doe+shop@example.org",
    '{"mail": "jane.doe\\u0040example.org"}',
    "jane.doe&#64;example.org",
    "See jane.doe@example.org.Thanks",
    "Thanks Jane Doe!",
    "Jané  Doe's",
    "doe, jane",
    "JANE_DOE",
    "a\\nJane Doe",
    "so.Jane Doe",
    "hi @jdoe_77",
    "/u/jdoe_77/x",
    "anna",
    "@anna hi",
    "u/anna",
    "reddit:anna",
    "/users/anna?x=1",
    "by Joerg Mueller",
    "jorg muller",
    "Jo\u0308rg Mu\u0308ller",
    "J%C3%B6rg+M%C3%BCller",
    "张伟说",
    "j\u200bane.doe@exam\u00adple.org",
    "Jane\u200bDoe",
    "jane [dot] doe (at) example [dot] org",
    "pat at example dot org",
]
NOT_MEANT = [
    "jane.doering@example.org",
    "jane.doe@example.org.uk",
    "mary.jane.doe@example.org",
    "mary-jane doe",
    "jane",
    "doe",
    "JaneDoe",
    "Jane Doering",
    "anna is here",
    "somebody@anna.org",
    "jdoe",
    "jdoe_778",
    "look at pat",
    "we met pat at dot com",
]


@pytest.mark.parametrize("text", MEANT)
def test_every_spelling_is_meant(text: str) -> None:
    assert SUBJECTS.holds(text)


@pytest.mark.parametrize(
    "subject",
    ["jdoe_77", "@jdoe_77", "u/jdoe_77", "/u/jdoe_77", "@jdoe_77@social.example", "jdoe_77+x@mail.example",
     "MAILTO:jdoe_77@mail.example", "Jane Doe <jdoe_77@mail.example>"],
)  # fmt: skip
def test_a_subject_may_be_given_as_it_stands_somewhere(subject: str) -> None:
    assert Subjects.of(forms(subject), KEY).holds("thanks, @JDoe_77!")


def test_long_stretches_of_blanks_take_no_time() -> None:
    began = time.process_time()
    assert not SUBJECTS.holds(" " * 200_000 + "at" + " " * 200_000)
    assert time.process_time() - began < 2


@pytest.mark.parametrize("text", NOT_MEANT)
def test_others_are_not(text: str) -> None:
    assert not SUBJECTS.holds(text)


def test_columns_of_every_kind_are_looked_at_as_texts_are() -> None:
    texts = [*MEANT, *NOT_MEANT, None]
    table = pa.table(
        {
            "text": texts,
            "large": pa.array(texts, pa.large_string()),
            "few": pa.array(texts).dictionary_encode(),
            "bytes": [None if t is None else t.encode() for t in texts],
            "list": [[t, None] for t in texts],
            "nested": [{"a": 1, "b": [{"c": t}]} for t in texts],
            "number": range(len(texts)),
        }
    )
    wanted = list(range(len(MEANT)))
    found = {name: rows.tolist() for name, rows in rows_holding(table, SUBJECTS).items()}
    assert found == dict.fromkeys(("text", "large", "few", "bytes", "list", "nested"), wanted)


def test_numbers_that_are_ids_are_looked_at() -> None:
    subjects = Subjects.of(forms("10930251"), KEY)
    table = pa.table({"user_id": [1, 10930251], "score": [10930251, 1], "text": ["id 10930251.", "109302511"]})
    assert {n: r.tolist() for n, r in rows_holding(table, subjects).items()} == {"user_id": [1], "text": [0]}


def test_what_is_kept_names_nobody_and_finds_the_same() -> None:
    kept = dumped(SUBJECTS)
    assert "jane" not in str(kept).casefold()
    again = loaded([kept], KEY)
    assert all(again.holds(text) for text in MEANT)
    assert not any(loaded([kept], b"x" * 32).holds(text) for text in MEANT)


@given(st.text(max_size=40), st.sampled_from(["Jane Doe", "JANE.DOE@example.org", "jané_doe"]), st.text(max_size=40))
def test_a_name_that_stands_alone_is_found_in_any_text(before: str, name: str, after: str) -> None:
    text = f"{before} {name} {after}"
    assert SUBJECTS.holds(text)
    assert rows_holding(pa.table({"t": [text]}), SUBJECTS)["t"].tolist() == [0]
    assert not SUBJECTS.holds(SUBJECTS.redact(text))


def test_names_are_shown_masked() -> None:
    assert masked("Jane.Doe@example.org") == "J***.D**@e******.o**"
    assert masked("Doe") == "D**"


def test_a_file_is_written_without_rows_and_a_whole_one_not_at_all(tmp_path) -> None:
    import numpy as np
    import pyarrow.parquet as pq

    source, target = str(tmp_path / "a.parquet"), str(tmp_path / "b.parquet")
    write_parquet(pa.table({"n": range(100)}), source, row_group_size=7)
    gone = np.array([0, 6, 7, 20, 21, 22, 23, 24, 25, 26, 27, 99])
    assert write_without(source, target, gone) == 88
    assert pq.read_table(target)["n"].to_pylist() == [n for n in range(100) if n not in set(gone)]
    assert write_without(source, str(tmp_path / "c.parquet"), np.arange(100)) == 0
    assert not (tmp_path / "c.parquet").exists()
