from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataweir.errors import ConfigError
from dataweir.privacy.leaks import LEAKS, luhn
from dataweir.privacy.residual import merge, scan

AKIA = "AKIA" + "IOSFODNN7EXAMPLE"
GITHUB = "ghp_" + "a1B2" * 9
JWT = "eyJ" + "hbGciOiJIUzI1NiJ9.eyJ" + "zdWIiOiIxMjM0In0.c2lnbmF0dXJl"

LEAKING = {
    "email": [
        "write to jo.doe+x@mail.example.org!",
        "?email=jo%40example.com&x=1",
        "Jürgen@bücher.example",
        "jo＠example．com",
        "jo\u200bdoe@exam\u200bple.com",
    ],
    "ipv4": ["from 203.0.113.7", "http://198.51.100.23:80/", "[192.0.2.44]", "a.example.org/192.0.2.44"],
    "ipv6": [
        "2001:db8::8a2e:370:7334 said",
        "2001:0db8:85a3:0:0:8a2e:0370:7334",
        "[fe80::1ff:fe23:4567:890a]",
    ],
    "phone": ["+49 30 901820", "+1 (212) 555-0147", "tel=%2B4917012345678", "(212) 555-0147", "212-555-0147"],
    "card": [
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "x=378282246310005",
        "12345 4111 1111 1111 1111 99",
    ],
    "iban": [
        "DE89 3704 0044 0532 0130 00",
        "GB82WEST12345698765432",
        "iban=de89370400440532013000",
        "NO9386011117947",
    ],
    "ssn": ["my ssn is 536-90-4399."],
    "mac": ["00:1B:44:11:3A:B7", "00-1b-44-11-3a-b7", "001b.4411.3ab7"],
    "crypto": [
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        "0xde0B295669a9FD93d5F28D9Ec85E40f4cb697BAe",
    ],
    "api_key": [f"key {AKIA}", GITHUB, "-----BEGIN RSA " + "PRIVATE KEY-----"],
    "jwt": [f"Bearer {JWT}"],
    "url_credentials": [
        "https://jo:pw@example.org/x",
        "ftp://jo@example.org",
        "/login?user=x&password=hunter22",
    ],
}

CLEAN = [
    "https://example.org/page?id=12&q=a+1234567890",
    "<EMAIL_ADDRESS> wrote to <PHONE_NUMBER>",
    "203.0.113.0",
    "2001:db8:85a3::",
    "127.0.0.1",
    "Mozilla/5.0 (X11; rv:1.9.2.13) Chrome/2.0.172.33 Safari/1.2.3.4",
    "1.3.6.1.4.1.311",
    "999.1.2.3",
    "2024-01-02T03:04:05+01:00",
    "12:34:56",
    "std::vector<abc::def>",
    "4111 1111 1111 1112",
    "1704067200000000",
    "DE88 3704 0044 0532 0130 00",
    "000-12-3456",
    "00:00:00:00:00:00",
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb",
    "/img/logo@2x.png",
    "https://example.org/@name/1",
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "0b9d9a3e-7c1e-4b5f-9a57-5d7a2c1f3e4d",
    "/login?password=<REDACTED>&token=",
]


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in LEAKING.items() for text in texts])
def test_every_kind_is_found_once(kind: str, text: str) -> None:
    assert scan(pa.table({"c": [text]})).findings.get("c", {}).get(kind) == 1


@pytest.mark.parametrize("text", CLEAN)
def test_what_is_safe_is_no_finding(text: str) -> None:
    assert scan(pa.table({"c": [text]})).findings == {}


@given(
    st.text(st.sampled_from(sorted(set("".join(t for texts in LEAKING.values() for t in texts)))), max_size=12),
    st.sampled_from([t for texts in LEAKING.values() for t in texts]),
    st.text(max_size=12),
)
@settings(max_examples=500, deadline=None)
def test_the_sieve_lets_through_all_that_can_be_proved(before: str, leak: str, after: str) -> None:
    text = pc.utf8_normalize(pa.array([before + leak + after]), form="NFKC")
    for kind in LEAKS:
        if kind.count(text[0].as_py()):
            assert pc.match_substring_regex(text, kind.sieve)[0].as_py(), kind.name


def test_counts_are_occurrences_by_row_and_hold_no_value() -> None:
    table = pa.table({"a": ["x@example.org y@example.org"] * 3 + [None, "clean"], "n": [1, 2, 3, 4, 4111111111111111]})
    found = scan(table)
    assert found.findings == {"a": {"email": 6}, "n": {"card": 1}}
    assert (found.rows, found.total) == (5, 7)
    assert "example.org" not in str(found.as_dict())


def test_nested_dictionary_and_binary_columns_are_searched_by_path() -> None:
    mail = "jo@example.org"
    table = pa.table(
        {
            "tags": pa.array([["x", mail], [], None]),
            "author": pa.array([{"name": mail, "n": 1}, None, {"name": "x", "n": 2}]),
            "pairs": pa.array([[("k", mail)], None, []], pa.map_(pa.string(), pa.string())),
            "kind": pa.array([mail, "x", None]).dictionary_encode(),
            "raw": pa.array([b"\xff " + mail.encode(), None, b"\xfe"], pa.binary()),
            "when": pa.array([1, 2, 3], pa.timestamp("us", tz="UTC")),
        }
    )
    assert set(scan(table).findings) == {"tags[]", "author.name", "pairs[]", "kind", "raw"}
    assert scan(table).total == 5


def test_what_an_operator_produces_is_passed_over_only_in_whole_and_never_a_canary() -> None:
    table = pa.table({"id": ["4111111111111111", "4111111111111111 x"], "other": ["4111111111111111", "x"]})
    assert scan(table, produced={"id": "[0-9a-f]{16}"}).findings == {"id": {"card": 1}, "other": {"card": 1}}
    assert scan(table, ["4111111111111111"], {"id": "[0-9a-f]{16}"}).findings["id"]["canary"] == 2


@pytest.mark.parametrize(
    "text",
    ["saw Zoë O'Neil+(x) today", "ZOË O'NEIL+(X)", "q=Zo%C3%AB%20O%27Neil%2B%28x%29", "Zoe\u0308 O'Neil+(x)"],
)
def test_a_canary_is_found_in_its_variants(text: str) -> None:
    assert scan(pa.table({"c": [text]}), ["Zoë O'Neil+(x)"]).findings == {"c": {"canary": 1}}


def test_hundreds_of_canaries_and_one_in_a_number() -> None:
    canaries = [f"canary-{i:04d}-" for i in range(450)] + ["777000777"]
    table = pa.table({"c": ["nothing", "a canary-0449- b"], "n": [5, 777000777]})
    assert scan(table, canaries).findings == {"c": {"canary": 1}, "n": {"canary": 1}}


def test_a_blank_canary_is_refused() -> None:
    with pytest.raises(ConfigError, match="blank"):
        scan(pa.table({"c": ["x"]}), [" "])


def test_files_are_read_as_written_and_their_results_add_up(tmp_path: Path) -> None:
    table = pa.table({"c": ["a@example.org", "x"] * 40_000})
    paths = [str(tmp_path / f"{i}.parquet") for i in range(2)]
    for path in paths:
        pq.write_table(table, path)
    whole = scan(paths)
    assert whole == merge([scan([path]) for path in paths])
    assert (whole.rows, whole.findings) == (160_000, {"c": {"email": 80_000}})
    assert scan(pa.table({"c": pa.array([], pa.string())})).total == 0


@given(st.text("0123456789", min_size=1, max_size=20))
def test_luhn_has_exactly_one_check_digit(digits: str) -> None:
    assert sum(luhn(digits + str(d)) for d in range(10)) == 1


@pytest.mark.parametrize(
    "make",
    [
        lambda n: "a" * n + "@",
        lambda n: "a.@" * (n // 3),
        lambda n: "1 " * (n // 2) + "x",
        lambda n: "a:" * (n // 2),
        lambda n: "http://" + "a" * n,
        lambda n: "+1 " * (n // 3),
    ],
)
def test_hostile_text_takes_linear_time(make: Callable[[int], str]) -> None:
    import time

    def seconds(n: int) -> float:
        text = make(n)
        start = time.process_time()
        for leak in LEAKS:
            leak.count(text)
        return time.process_time() - start

    seconds(1000)
    assert seconds(400_000) < 5, "quadratic time would need minutes"


def test_leaks_are_distinct_kinds_with_valid_sieves() -> None:
    assert len({leak.name for leak in LEAKS}) == len(LEAKS) == len(LEAKING)
    for leak in LEAKS:
        re.compile(leak.sieve)
        pc.match_substring_regex(pa.array(["x"]), leak.sieve)


def test_the_scan_shares_nothing_with_what_masks() -> None:
    """Whatever residual.py and leaks.py import of ours is neither a recogniser nor the analyser, nor leads there."""
    code = (
        "import sys, dataweir.privacy.residual;"
        "print([m for m in sys.modules if 'presidio' in m or m.startswith('dataweir.privacy.')])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert sorted(ast.literal_eval(out.stdout)) == ["dataweir.privacy.leaks", "dataweir.privacy.residual"]
