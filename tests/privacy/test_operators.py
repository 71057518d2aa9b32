from __future__ import annotations

import ipaddress
import pickle
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataweir.errors import ConfigError
from dataweir.privacy.contract import operator
from dataweir.privacy.keyed import key_id, letters, unletters
from dataweir.privacy.leaks import luhn
from dataweir.privacy.mask import mask
from dataweir.privacy.policy import Policy, load_policy
from dataweir.privacy.residual import scan
from dataweir.privacy.reveal import reveal

KEY, OTHER = b"k" * 32, b"o" * 32
OPERATORS = sorted(operator.all())


def policy(columns: dict[str, Any], **more: Any) -> Policy:
    return Policy(name="p", columns=columns, **more)


def masked(values: Any, action: Any, key: bytes = KEY, **more: Any) -> list[Any]:
    table = pa.table({"c": values, "who": pa.array(["a"] * len(values))})
    return mask(table, policy({"c": action}, subject="who", **more), key=key)["c"].to_pylist()


VALUES: dict[str, pa.Array] = {
    "text": pa.array(["192.0.2.7", None, "p7@example.org", "192.0.2.7"]),
    "int": pa.array([1_234_567, None, 70, 5]),
    "time": pa.array([datetime(2024, 3, 5, 7, 8, tzinfo=UTC), None, datetime(1999, 1, 1, tzinfo=UTC)] * 2),
}


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("kind", sorted(VALUES))
def test_every_operator_keeps_rows_and_nulls_and_gives_the_same_twice(name: str, kind: str) -> None:
    values, plug = VALUES[kind], operator.get(name)
    table = pa.table({"c": values, "who": pa.array(["a"] * len(values))})
    made = policy({"c": {name: dict(plug.example)}, "who": "keep"}, subject="who")
    try:
        one = mask(table, made, key=KEY)
    except ConfigError:
        return  # it does not fit the type, and says so
    assert one.equals(mask(table, made, key=KEY))
    assert one.equals(mask(table, pickle.loads(pickle.dumps(made)), key=KEY)), "a worker's copy does the same"
    if "c" not in one.column_names:
        assert name == "drop"
        return
    assert len(one["c"]) == len(values)
    assert all(
        after is None for before, after in zip(values.to_pylist(), one["c"].to_pylist(), strict=True) if before is None
    )
    other = mask(table, made, key=OTHER)["c"].to_pylist()
    if plug.keyed:
        assert other[0] != one["c"].to_pylist()[0], "another key gives something else"
    else:
        assert other == one["c"].to_pylist(), "an operator without a key says so"
    assert mask(table.slice(0, 0), made, key=KEY).num_rows == 0


def test_every_option_says_what_it_is() -> None:
    for plug in operator.all().values():
        assert all(field.description for field in plug.Options.model_fields.values())


def test_pseudonyms_are_the_same_across_tables_and_columns_and_unlinkable_across_keys() -> None:
    emails = pa.array(["A@example.org", "b@example.org"])
    one = mask(pa.table({"x": emails}), policy({"x": "hash"}), key=KEY)["x"].to_pylist()
    two = mask(pa.table({"y": pa.array([" a@EXAMPLE.org "])}), policy({"y": "hash"}), key=KEY)["y"].to_pylist()
    assert two == one[:1]
    assert not set(one) & set(mask(pa.table({"x": emails}), policy({"x": "hash"}), key=OTHER)["x"].to_pylist())


@given(st.binary(max_size=60))
def test_letters_hold_bytes(data: bytes) -> None:
    assert unletters(letters(data)) == data


@given(st.lists(st.text(max_size=40) | st.none(), max_size=8), st.booleans())
def test_what_is_encrypted_is_read_again_under_its_key_only(texts: list[str | None], deterministic: bool) -> None:
    made = policy({"c": {"encrypt": {"deterministic": deterministic}}})
    table = pa.table({"c": pa.array(texts, pa.string())})
    sealed = mask(table, made, key=KEY)
    assert reveal(sealed, made, {key_id(KEY): KEY}, key_id(KEY))[0].equals(table)
    assert reveal(sealed, made, {key_id(OTHER): OTHER}, key_id(OTHER)) == (sealed, [])


def test_a_token_hides_equality_where_asked_and_a_changed_one_is_refused() -> None:
    same = masked(["x@example.org"] * 2, "encrypt")
    assert same[0] == same[1]
    hidden = masked(["x@example.org"] * 2, {"encrypt": {"deterministic": False}})
    assert hidden[0] != hidden[1]
    name, text = key_id(KEY), same[0]
    swapped = text[:-3] + text[-3:].translate(str.maketrans("abcdeA", "bcdefC", "")).swapcase()
    table = pa.table({"c": [swapped if swapped != text else text[:-1]]})
    with pytest.raises(ValueError, match="was changed"):
        reveal(table, policy({"c": "encrypt"}), {name: KEY}, name)


def test_findings_inside_texts_are_encrypted_and_read_again() -> None:
    made = policy({"c": "mask"}, entities={"EMAIL_ADDRESS": "encrypt"})
    sealed = mask(pa.table({"c": ["write to kim@example.org now"]}), made, key=KEY)
    assert "kim@" not in str(sealed["c"][0])
    assert scan(sealed).total == 0
    back, columns = reveal(sealed, made, {key_id(KEY): KEY}, key_id(KEY))
    assert back["c"].to_pylist() == ["write to kim@example.org now"]
    assert columns == ["c"]


CARD = "4111-1111-1111-1111"


def test_cards_keep_their_format_are_none_any_more_and_come_back() -> None:
    made = policy({"c": {"encrypt_format": {"luhn": True}}})
    sealed = mask(pa.table({"c": [CARD, "4111 1111 1111 1112", None, "12-34"]}), made, key=KEY)
    first, second, third, fourth = sealed["c"].to_pylist()
    assert re.fullmatch(r"\d{4}(-\d{4}){3}", first)
    assert first != CARD
    assert not luhn(first.replace("-", ""))
    assert re.fullmatch(r"\d{4}( \d{4}){3}", second)
    assert (third, fourth) == (None, None), "what has too few digits could be tried out: it goes"
    back, _ = reveal(sealed, made, {key_id(KEY): KEY}, key_id(KEY))
    assert back["c"].to_pylist()[:2] == [CARD, "4111 1111 1111 1112"]


@given(st.text(alphabet=st.sampled_from("abcXYZ019 -_é"), min_size=6, max_size=30))
def test_format_preserving_encryption_comes_back(text: str) -> None:
    made = policy({"c": {"encrypt_format": {"alphabet": "alphanumeric"}}})
    sealed = mask(pa.table({"c": [text]}), made, key=KEY)
    (after,) = sealed["c"].to_pylist()
    if after is None:
        assert sum(c.lower() in "abcdefghijklmnopqrstuvwxyz0123456789" for c in text) < 4
        return
    assert len(after) == len(text)
    assert [c.isupper() for c in after if not c.isalnum()] == [c.isupper() for c in text if not c.isalnum()]


def test_partial_shows_the_ends_and_never_more_than_half() -> None:
    assert masked([CARD, "123"], {"partial": {"last": 4}}) == ["****-****-****-1111", "***"]
    assert masked(["kim.lee@example.org"], {"partial": {"first": 1, "domain": True}}) == ["k**.***@example.org"]


def test_coordinates_addresses_and_whole_numbers_are_truncated() -> None:
    assert masked(["52.52004, 13.40495", "192.0.2.77", "2001:db8:1:2::9", "a.host"], {"truncate": {"decimals": 2}}) == [
        "52.52, 13.4",
        "192.0.2.0",
        "2001:db8:1::",
        None,
    ]
    assert masked([52.52004, None], {"truncate": {"decimals": 1}}) == [52.5, None]
    assert masked([12_345], {"truncate": {"decimals": -3}}) == [12_000]
    with pytest.raises(ConfigError, match="whole numbers"):
        masked([12_345], "truncate")


def test_dates_become_months_ages_bands_and_places_regions(tmp_path: Path) -> None:
    assert masked([date(2024, 3, 5)], {"generalise": {"to": "month"}}) == [date(2024, 3, 1)]
    assert masked([37, None, 40, -1], {"generalise": {"width": 5}}) == ["35 to 40", None, "40 to 45", "-5 to 0"]
    assert masked([17, 18, 70], {"generalise": {"bands": [18, 65]}}) == ["under 18", "18 to 65", "65 up"]
    (tmp_path / "places.csv").write_text("city,region,country\nLyon,Rhone,France\nBonn,Rhineland,Germany\n")
    (tmp_path / "p.yaml").write_text(
        "name: p\nhierarchies: {places: places.csv, same: {France: {Rhone: [Lyon]}, Germany: {Rhineland: [Bonn]}}}\n"
        "columns:\n  a: {generalise: {hierarchy: places, level: country}}\n"
        "  b: {generalise: {hierarchy: same, level: 1}}\n"
    )
    made = load_policy(tmp_path / "p.yaml")
    table = pa.table({"a": ["lyon", "Bonn", "Atlantis", None], "b": ["Lyon", "bonn", "Atlantis", None]})
    assert mask(table, made, key=KEY).to_pydict() == {
        "a": ["France", "Germany", "*", None],
        "b": ["Rhone", "Rhineland", "*", None],
    }
    before = made.hash()
    (tmp_path / "places.csv").write_text("city,region,country\nLyon,Rhone,Gaul\n")
    assert load_policy(tmp_path / "p.yaml").hash() != before, "the hash covers what the hierarchy says"


def test_wrong_hierarchies_are_refused_with_the_nearest_name(tmp_path: Path) -> None:
    action = {"c": {"generalise": {"hierarchy": "place"}}}
    with pytest.raises(ValueError, match="did you mean 'places'"):
        policy(action, hierarchies={"places": {"A": ["b"]}})
    for source, message in {"none.csv": "cannot read", "ragged.csv": "line 3", "flat.csv": "two columns"}.items():
        (tmp_path / "ragged.csv").write_text("a,b\n1,2\n3\n")
        (tmp_path / "flat.csv").write_text("a\n1\n")
        with pytest.raises(ConfigError, match=message):
            policy({"c": "keep"}, hierarchies={"h": source}).bring(tmp_path)
    with pytest.raises(ConfigError, match="equally deep"):
        policy({"c": "keep"}, hierarchies={"h": {"A": ["b"], "C": {"D": ["e"]}}}).bring(tmp_path)
    wrong = policy({"c": {"generalise": {"hierarchy": "h", "level": "level1"}}}, hierarchies={"h": {"A": ["b"]}})
    with pytest.raises(ConfigError, match="did you mean 'level 1'"):
        mask(pa.table({"c": ["b"]}), wrong.bring(tmp_path), key=KEY)


@pytest.mark.parametrize(("noise", "deviation"), [("laplace", 2**0.5 * 3), ("gaussian", 3.0)])
def test_noise_has_the_scale_that_the_policy_states(noise: str, deviation: float) -> None:
    values = pa.array(np.arange(20_000, dtype=np.float64))
    moved = np.array(masked(values, {"perturb": {"scale": 3.0, "noise": noise}})) - np.arange(20_000)
    assert abs(moved.mean()) < 0.1
    assert abs(moved.std() - deviation) < 0.1
    assert np.array_equal(moved + np.arange(20_000), masked(values, {"perturb": {"scale": 3.0, "noise": noise}}))


def test_noise_hangs_on_the_row_where_asked_and_whole_numbers_stay_whole() -> None:
    made = policy({"n": {"perturb": {"scale": 50, "by": "id"}}})
    table = pa.table({"n": pa.array([1000] * 9, pa.int32()), "id": [f"r{i}" for i in range(9)]})
    moved = mask(table, made, key=KEY)["n"]
    assert moved.type == pa.int32()
    assert len(set(moved.to_pylist())) > 4
    assert mask(table.take(pa.array([8, 0])), made, key=KEY)["n"].to_pylist() == [moved[8].as_py(), moved[0].as_py()]
    top = pa.array([2**63 - 1, -(2**63)], pa.int64())
    assert len(masked(top, {"perturb": {"scale": 1e19}})) == 2, "no overflow"


def test_all_dates_of_a_person_move_together_in_every_table() -> None:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    times = pa.array([start, start + timedelta(days=9, seconds=5), start, start], pa.timestamp("us", tz="UTC"))
    table = pa.table({"seen": times, "who": ["ann", "ann", "bob", None], "born": pa.array([date(1990, 5, 1)] * 4)})
    made = policy({"seen": {"shift": {"days": 50}}, "born": {"shift": {"days": 50}}}, subject="who")
    shifted = mask(table, made, key=KEY).to_pydict()
    ann = shifted["seen"][0] - start
    assert shifted["seen"][1] - shifted["seen"][0] == timedelta(days=9, seconds=5)
    assert shifted["born"][0] - date(1990, 5, 1) == ann
    assert 1 <= abs(ann.days) <= 50
    assert shifted["seen"][2] - start != ann
    assert shifted["seen"][3] is None, "a date of nobody would stand there as it was"
    elsewhere = policy({"when": {"shift": {"days": 50, "by": "user"}}})
    other = mask(pa.table({"when": [start], "user": ["ANN"]}), elsewhere, key=KEY)["when"][0].as_py()
    assert other - start.replace(tzinfo=other.tzinfo) == ann
    with pytest.raises(ConfigError, match="nothing says whose row"):
        mask(table, policy({"seen": "shift"}), key=KEY)


SURROGATES = {
    "email": r"[\w.]+@[a-z-]+\.invalid",
    "phone": r"07700 900\d{3}",
    "url": r"https://[a-z-]+\.example/[a-z-]+",
    "username": r"\w+_\d{3}",
    "ipv4": r"198\.1[89]\.\d+\.\d+",
    "ipv6": r"2001:2::[0-9a-f:]+",
    "name": r".+",
}


@pytest.mark.parametrize("kind", sorted(SURROGATES))
def test_surrogates_are_consistent_and_reach_nobody(kind: str) -> None:
    action = {"surrogate": {"kind": kind}}
    values = [f"value {i}" for i in range(60)]
    made = masked(values, action)
    assert all(re.fullmatch(SURROGATES[kind], value) for value in made)
    assert made[::-1] == masked(values[::-1], action)
    assert made != masked(values, action, OTHER)
    assert len(set(made)) > 40
    assert scan(pa.table({"c": made})).total == 0, "the residual scan knows what is reserved"
    if kind in ("ipv4", "ipv6"):
        assert not any(ipaddress.ip_address(value).is_global for value in made)


def test_findings_become_surrogates_of_their_own_kind() -> None:
    (text,) = masked(["mail kim@example.org or call +49 30 901820"], "mask", entities={"default": "surrogate"})
    assert re.fullmatch(r"mail [\w.]+@[a-z-]+\.invalid or call 07700 900\d{3}", text)
