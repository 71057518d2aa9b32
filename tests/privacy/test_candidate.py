from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from candidates import KEY, a_policy, make, people

from dataweir.errors import ConfigError, DataError, StorageError
from dataweir.privacy import evidence as ev
from dataweir.privacy.candidate import Part, mask_part, name_people, release_bucket, seal_part
from dataweir.privacy.evidence import candidate_hash, read_candidate
from dataweir.privacy.residual import Residual
from dataweir.privacy.risk.figures import assess
from dataweir.privacy.risk.groups import group_sizes
from dataweir.privacy.risk.linkage import SUBJECT


def test_a_candidate_holds_what_may_leave_and_counts_what_may_not(tmp_path: Path) -> None:
    candidate, reasons = make(str(tmp_path / "c"), people(), a_policy())
    found = candidate.evidence
    assert reasons == []
    assert (found["rows_in"], found["rows_out"], found["suppressed"]) == (40, 39, 1)
    assert {column: counts for column, counts in found["masked"].items() if counts} == {"text": {"EMAIL_ADDRESS": 40}}
    assert found["risk"]["before"]["k_found"] == 1
    assert found["risk"]["after"]["k_found"] == 9
    assert found["residual"] == {"findings": {}, "rows": 39, "total": 0, "canaries": 0, "canaries_found": {}}
    assert [f["path"] for f in candidate.files] == ["data/part-00000.parquet", "data/part-00001.parquet"]
    assert sum(f["rows"] for f in candidate.files) == 39
    assert len(found["sample"]) == 10
    assert sorted(p.name for p in (tmp_path / "c").iterdir()) == ["candidate.json", "data"]
    assert b"@example.org" not in b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    rows = pq.read_table(tmp_path / "c" / "data")
    assert "alone" not in rows["place"].to_pylist()
    assert rows.schema.field("when").type == pa.timestamp("us", tz="UTC")
    assert rows.schema.field("contact").type == pa.string(), "a column of nulls keeps a type"


def test_the_same_rows_give_the_same_bytes_and_hash(tmp_path: Path) -> None:
    one, _ = make(str(tmp_path / "a"), people(), a_policy())
    tagged = people().replace_schema_metadata({"pandas": "{}"})
    halves = pa.concat_tables([tagged.slice(0, 3), tagged.slice(3)])
    two, _ = make(str(tmp_path / "b"), halves, a_policy())
    assert one.files == two.files
    assert one.hash == two.hash


def test_any_change_makes_another_hash(tmp_path: Path) -> None:
    candidate, _ = make(str(tmp_path), people(), a_policy())
    assert read_candidate(str(tmp_path)).hash == candidate.hash
    for name in ("purpose", "rows_in", "policy", "schema"):
        assert candidate_hash({**candidate.evidence, name: None}, candidate.files) != candidate.hash
    part = tmp_path / "data" / "part-00001.parquet"
    pq.write_table(pq.read_table(part).slice(1), part)
    changed = read_candidate(str(tmp_path))
    assert changed.hash != candidate.hash
    part.rename(part.with_name("part-00007.parquet"))
    assert read_candidate(str(tmp_path)).hash not in (candidate.hash, changed.hash)
    part.with_name("part-00007.parquet").write_bytes(b"PAR1")
    with pytest.raises(StorageError, match="cannot read the candidate"):
        read_candidate(str(tmp_path))


def test_gates_name_what_is_wrong_and_no_value(tmp_path: Path) -> None:
    policy = a_policy(suppress=0.01)
    _, reasons = make(str(tmp_path), people(leak=True), policy)
    assert len(reasons) == 2
    assert "2.50% of the rows would be held back" in reasons[0]
    assert "contact: 1 email" in reasons[1]
    assert "p7@" not in "".join(reasons)
    assert make(str(tmp_path / "b"), people(leak=True), a_policy(residual=1))[1] == []


def test_a_smallest_group_below_k_is_a_reason() -> None:
    groups = group_sizes(pa.table({"place": ["a", "a", "b"]}), ["place"])
    reasons = ev.check_gates(a_policy(), assess(groups, 3), 0.0, Residual())
    assert reasons == ["k-anonymity: the smallest group has 1 rows, the policy demands 3"]


def test_without_quasi_identifiers_nothing_is_held_back_and_the_evidence_says_so(tmp_path: Path) -> None:
    candidate, reasons = make(str(tmp_path), people(), a_policy(quasi_identifiers=[]))
    assert reasons == []
    assert candidate.evidence["rows_out"] == 40
    assert candidate.evidence["risk"]["after"]["applicable"] is False


def test_nothing_left_is_still_whole_and_fails_the_gate(tmp_path: Path) -> None:
    candidate, reasons = make(str(tmp_path), people(), a_policy(k=1000))
    assert candidate.evidence["rows_out"] == 0
    assert candidate.evidence["sample"] == []
    assert [r.split(":")[0] for r in reasons] == ["suppression"]


def test_counts_that_do_not_add_up_are_refused(tmp_path: Path) -> None:
    groups = group_sizes(people(), ["place"])
    risk = assess(groups, 3)
    with pytest.raises(DataError, match="do not add up"):
        ev.evidence(
            name="posts",
            table="t",
            requester="Bob",
            policy=a_policy(),
            masked=[],
            sealed=[],
            before=risk,
            after=risk,
            residual=Residual({}, 40, 0),
        )


def test_parts_read_files_pick_rows_and_columns(tmp_path: Path) -> None:
    paths = []
    for i, table in enumerate([people(8), people(4).drop_columns(["contact"])]):
        paths.append(str(tmp_path / f"{i}.parquet"))
        pq.write_table(table, paths[-1])
    part = Part(3, tuple(paths), ("text", "place", "when"), "n % 2 = 0 and \"when\" < '1970-01-01 00:00:05'")
    masked = mask_part(
        part, a_policy(columns={"text": "keep", "place": "keep", "when": "keep"}), KEY, str(tmp_path), ()
    )
    written = pq.read_table(masked.path)
    assert masked.path.endswith("masked-00003.parquet")
    assert written.column_names == ["text", "place", "when", SUBJECT]
    assert [t.split()[1] for t in written["text"].to_pylist()] == ["0", "2", "4", "0", "2"]


def test_a_wrong_condition_is_refused_without_a_value(tmp_path: Path) -> None:
    for where in ("nonsense(", "text::int = 1", "n IN (SELECT 1 FROM read_csv('/etc/hostname'))"):
        with pytest.raises(ConfigError, match="'where' does not work") as caught:
            mask_part(Part(0, people(), None, where), a_policy(), KEY, str(tmp_path))
        assert "row 0" not in str(caught.value)


def test_the_evidence_is_json_and_holds_no_unmasked_value(tmp_path: Path) -> None:
    candidate, _ = make(str(tmp_path), people(leak=True), a_policy(residual=1))
    without_sample = {k: v for k, v in candidate.evidence.items() if k != "sample"}
    assert "@example.org" not in json.dumps(without_sample)
    assert json.loads((tmp_path / "candidate.json").read_bytes()) == candidate.evidence


def test_who_wrote_one_part_is_found_in_another(tmp_path: Path) -> None:
    posts = pa.table(
        {
            "author_name": ["brisk_otter_77", "Wilhelmina Okonkwo"],
            "text": ["ask Wilhelmina Okonkwo about it", "BRISK_OTTER_77 is right"],
        }
    )
    policy = a_policy(columns={"text": "mask"}, quasi_identifiers=[])
    parts = [Part(i, posts.slice(i, 1)) for i in range(2)]
    named = tuple(name_people(part, str(tmp_path)) for part in parts)
    texts = [pq.read_table(mask_part(p, policy, KEY, str(tmp_path), named).path)["text"][0].as_py() for p in parts]
    assert texts == ["ask <PERSON> about it", "<USERNAME> is right"]


def test_shares_of_a_file_give_the_file(tmp_path: Path) -> None:
    table, policy = people(11), a_policy(quasi_identifiers=[])
    hashes = set()
    for shares in (1, 2, 5, 20):
        folder = str(tmp_path / str(shares))
        masked = [mask_part(Part(i, table, share=(i, shares)), policy, KEY, folder) for i in range(shares)]
        released = [release_bucket(0, [part.counted for part in masked], policy, folder)]
        sealed = seal_part((0, masked), released, policy, folder)
        assert sealed.rows == 11
        hashes.add(sealed.sha256)
    assert len(hashes) == 1
