"""Nothing leaves the house without an approval that this project signed; the trail shows what was done to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dataweir import Project
from dataweir.account import current_user
from dataweir.catalog.records import Review
from dataweir.errors import PrivacyGateFailed
from dataweir.flow.sharing.audit import verify_audit
from dataweir.flow.sharing.export import find
from dataweir.flow.sharing.review import publish, review
from dataweir.privacy.review import signed
from dataweir.privacy.verify import verify


def database(project: Project) -> sqlite3.Connection:
    return sqlite3.connect(project.config.catalog_url.removeprefix("sqlite:///"))


def pending(project: Project) -> str:
    return next(c.id for c in project.reading().candidates(state="pending"))


def forge(project: Project, made: Review) -> None:
    """Write an approval straight into the database, as somebody would who can write there."""
    row = (made.candidate, "approved", made.reviewer, made.reason, made.candidate_hash, str(made.at), "web")
    with closing(database(project)) as connection, connection:
        names = "candidate, decision, reviewer, reason, candidate_hash, at, through, signature"
        connection.execute(f"INSERT INTO reviews ({names}) VALUES (?,?,?,?,?,?,?,?)", (*row, made.signature))
        connection.execute("UPDATE candidates SET state = 'approved' WHERE id = ?", (made.candidate,))


def a_review(project: Project) -> Review:
    candidate = project.reading().candidate(pending(project))
    return Review(candidate.id, "approved", "mallory", "fine", candidate.candidate_hash, datetime.now(UTC), "web")


def test_an_approval_written_into_the_database_publishes_nothing(project: Project) -> None:
    forge(project, a_review(project))
    with pytest.raises(PrivacyGateFailed, match="audit trail does not hold the approval"):
        publish(project, "research", None, "mallory")


def test_nor_does_one_with_an_entry_in_the_trail_and_another_key(project: Project, tmp_path: Path) -> None:
    forged = signed(a_review(project), Ed25519PrivateKey.generate())
    forge(project, forged)
    project.reading().audit("approved", forged.candidate, {"signature": forged.signature}, actor="mallory")
    with pytest.raises(PrivacyGateFailed, match="not signed by this project"):
        publish(project, "research", str(tmp_path / "out"), "mallory")
    assert not (tmp_path / "out").exists()


def test_an_approval_of_another_candidate_does_not_fit(project: Project) -> None:
    store = project.reading()
    done = next(c for c in store.candidates(state="published"))
    old = next(r for r in store.reviews(done.id))
    waiting = store.candidate(pending(project))
    forge(project, Review(waiting.id, "approved", old.reviewer, old.reason, waiting.candidate_hash, old.at, old.through,
                          old.signature))  # fmt: skip
    store.audit("approved", waiting.id, {"signature": old.signature}, actor="mallory")
    with pytest.raises(PrivacyGateFailed, match="not signed by this project"):
        publish(project, "research", None, "mallory")


@pytest.mark.parametrize(
    "name",
    [
        "alice",
        " ALICE",
        "Álice",
        "a.lice@example.org",
        "alice+review@example.org",
        "OFFICE\\alice",
        "ａｌｉｃｅ",
        "аlice",
        "ΑLΙCΕ",
    ],
)  # in full width, with a Cyrillic letter, and with Greek capitals
def test_nobody_approves_their_own_however_they_spell_themselves(project: Project, name: str) -> None:
    with pytest.raises(PrivacyGateFailed, match="the reviewer is the requester"):
        review(project, pending(project), "approved", name, "mine")
    assert find(project, pending(project)).state == "pending"


def test_a_requester_renamed_in_the_database_is_still_the_requester(project: Project) -> None:
    with closing(database(project)) as connection, connection:
        connection.execute("UPDATE candidates SET requested_by = 'somebody'")
    with pytest.raises(PrivacyGateFailed, match="the reviewer is the requester"):
        review(project, pending(project), "approved", "alice", "mine")


def test_a_reason_is_needed_whatever_is_decided(project: Project) -> None:
    for decision in ("approved", "rejected"):
        with pytest.raises(PrivacyGateFailed, match="gives no reason"):
            review(project, pending(project), decision, "bob", " \n")


@pytest.mark.parametrize("name", ["data/part-00000.parquet", "candidate.json"])
def test_what_changed_after_the_approval_is_not_published(project: Project, name: str) -> None:
    ident = pending(project)
    review(project, ident, "approved", "bob", "looked at it")
    file = Path(project.reading().candidate(ident).path) / name
    content = file.read_bytes()
    flipped = content[:20] + bytes([content[20] ^ 1]) + content[21:]
    file.write_bytes(content.replace(b"tests", b"sales") if name.endswith("json") else flipped)
    with pytest.raises(PrivacyGateFailed, match="was changed after it"):
        publish(project, "research", None, "bob")


def test_a_policy_changed_after_the_approval_is_not_published_under(project: Project) -> None:
    review(project, pending(project), "approved", "bob", "looked at it")
    policy = Path(project.policy_path("research"))
    policy.write_text(policy.read_text().replace('"k": 2', '"k": 3'))
    with pytest.raises(PrivacyGateFailed, match="policy was changed"):
        publish(project, "research", None, "bob")


def settings(project: Project, **values: str) -> Project:
    file = project.config.root / "weir.yaml"
    file.write_text(file.read_text().replace("review: {through: any}\n", f"review: {values}\n".replace("'", "")))
    return Project.open(project.config.root)


def test_an_approval_expires_as_configured(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    import dataweir.flow.sharing.review as flow

    project = settings(project, valid="2d", through="any")

    class Earlier(datetime):
        @classmethod
        def now(cls, tz=None):  # type: ignore[override]
            return datetime.now(tz) - timedelta(days=3)

    with monkeypatch.context() as patch:
        patch.setattr(flow, "datetime", Earlier)
        review(project, pending(project), "approved", "bob", "looked at it")
    with pytest.raises(PrivacyGateFailed, match="the review expired: it is 3 days old and counts for 2"):
        publish(project, "research", None, "bob")


def test_where_a_sign_in_is_wanted_a_name_is_not_enough(project: Project) -> None:
    project = settings(project, through="web")
    with pytest.raises(PrivacyGateFailed, match="signed in"):
        review(project, pending(project), "approved", "bob", "looked at it", "cli")
    assert review(project, pending(project), "approved", "bob", "looked at it", "web").state == "approved"


def test_unless_weir_yaml_says_so_a_name_that_is_only_said_decides_nothing(project: Project) -> None:
    project = settings(project, valid="30d")
    with pytest.raises(PrivacyGateFailed, match="'bob' was only said"):
        review(project, pending(project), "approved", "bob", "looked at it", "cli")
    with pytest.raises(PrivacyGateFailed, match="the reviewer is the requester"):  # alice was said; this account ran it
        review(project, pending(project), "approved", current_user(), "looked at it", "login")
    assert review(project, pending(project), "approved", "bob", "looked at it", "web").state == "approved"


def test_the_command_line_knows_the_account_and_not_the_environment(
    project: Project, call_weir: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = settings(project, valid="30d")
    for name in ("LOGNAME", "USER", "USERNAME"):
        monkeypatch.setenv(name, "bob")
    answer = call_weir("review", "approve", pending(project), "--reason", "mine", cwd=project.config.root)
    assert (answer.code, "the reviewer is the requester" in answer.err) == (4, True)


def test_an_approval_of_looser_times_publishes_nothing(project: Project) -> None:
    review(project, pending(project), "approved", "bob", "looked at it", "cli")
    with pytest.raises(PrivacyGateFailed, match="'bob' was only said"):
        publish(settings(project, valid="30d"), "research", None, "bob")


def test_who_signs_in_in_two_ways_is_one_person_where_it_was_said(project: Project) -> None:
    store = project.store()
    store.set_user("al", "reviewer", "correct horse battery")
    store.vouched("a.smith@example.org", "reviewer", "https://id.example", "1")
    store.vouched("bob@example.org", "reviewer", "https://id.example", "2")
    oidc = "ui: {oidc: {issuer: 'https://id.example', client_id: weir, roles: {x: reviewer}}}\n"
    file = project.config.root / "weir.yaml"
    plain = file.read_text() + oidc
    for people, who, reason in (
        ("", "al", "nobody can tell whether 'al' is also"),
        ("", "bob@example.org", "nobody can tell whether 'alice' is also"),
        ("alice: [a.smith@example.org]", "a.smith@example.org", "the reviewer is the requester"),
        ("alice: [a.smith@example.org], al: [a.smith@example.org]", "al", "the reviewer is the requester"),
    ):
        mine = f"{{a.smith@example.org: [{current_user()}]{people and ', ' + people}}}"
        file.write_text(plain.replace("review: {through: any}", f"review: {{people: {mine}}}"))
        with pytest.raises(PrivacyGateFailed, match=reason):
            review(Project.open(file.parent), pending(project), "approved", who, "mine", "web")
    assert review(Project.open(file.parent), pending(project), "approved", "bob@example.org", "fine", "web")


def test_a_good_approval_publishes_a_bundle_with_the_head_of_the_trail(project: Project) -> None:
    made = review(project, pending(project), "approved", "bob", "looked at it")
    assert made.evidence["difference"]["same"] == made.evidence["rows_out"]
    head = project.reading().verify_audit().head
    out = publish(project, "research", None, "bob")
    report = verify(out["path"], project.keys / "signing.pub")
    assert report.ok, report.problems
    verdict, cut = verify_audit(project)
    assert (verdict.ok, cut) == (True, [])
    assert f'"head":"{head}"' in (Path(out["path"]) / "manifest.json").read_text()


TAMPER = {
    "removed": "DELETE FROM audit WHERE seq = 2",
    "changed": "UPDATE audit SET actor = 'nobody' WHERE seq = 2",
    "reordered": "UPDATE audit SET seq = CASE seq WHEN 2 THEN -3 WHEN 3 THEN -2 END WHERE seq IN (2, 3)",
    "cut off at its end": "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)",
    "backdated": "UPDATE audit SET at = '2001-01-01 00:00:00.000000' WHERE seq = 2",
}


def tamper(project: Project, statement: str) -> None:
    with closing(database(project)) as connection, connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement)
        connection.execute("UPDATE audit SET seq = -seq WHERE seq < 0")


@pytest.mark.parametrize("how", sorted(TAMPER))
def test_what_is_done_to_the_trail_is_found_and_stops_releases(project: Project, how: str) -> None:
    review(project, pending(project), "approved", "bob", "looked at it")
    tamper(project, TAMPER[how])
    verdict, _ = verify_audit(project)
    assert not verdict.ok
    assert verdict.broken_at in ((None,) if how.startswith("cut") else (2, 3))
    with pytest.raises(PrivacyGateFailed, match="the audit trail was changed"):
        publish(project, "research", None, "bob")


def test_a_trail_whose_end_was_cut_off_is_found_by_what_was_released(project: Project) -> None:
    assert verify_audit(project)[0].ok
    tamper(project, "DELETE FROM audit WHERE seq >= 2")
    verdict, cut = verify_audit(project)
    assert (verdict.ok, verdict.broken_at, verdict.head_found) == (False, None, False)
    assert [Path(file).name for file in cut] == ["audit.head", "manifest.json"]
