"""Every error survives pickling, carries its facts, and has the design's exit code."""

from __future__ import annotations

import pickle

import pytest

from dataweir import errors
from dataweir.engine import Secret, strip
from dataweir.output import Output

CODES = {
    "WeirError": 1,
    "ConfigError": 2,
    "MissingExtra": 2,
    "SourceError": 1,
    "DataError": 1,
    "StorageError": 1,
    "QualityGateFailed": 3,
    "PrivacyGateFailed": 4,
    "ProjectLocked": 5,
}
KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.WeirError)]


def test_every_error_has_its_code() -> None:
    assert {kind.__name__: kind.exit_code for kind in KINDS} == CODES


@pytest.mark.parametrize("kind", KINDS)
def test_errors_survive_pickling(kind: type[errors.WeirError]) -> None:
    error = kind("cause", "cure", file="a.log", line=3)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert (again.message, again.cure, again.facts) == ("cause", "cure", {"file": "a.log", "line": 3})
    assert again.as_dict()["exit_code"] == kind.exit_code


def test_a_missing_extra_names_its_install_line() -> None:
    error = pickle.loads(pickle.dumps(errors.MissingExtra.of("s3", "s3://")))
    assert error.cure == "pip install 'dataweir[s3]'"


def test_a_foreign_error_loses_its_message_but_not_its_place() -> None:
    try:
        raise ValueError("jane.canary@example.org")
    except ValueError as caught:
        stripped = strip(caught, "clean")
    assert "canary" not in str(stripped.as_dict())
    assert "ValueError" in stripped.message


def test_a_full_disk_is_named() -> None:
    error = strip(OSError(28, "No space left on device", "/warehouse/x"), "land")
    assert isinstance(error, errors.StorageError)
    assert "disk is full" in error.message


def test_key_material_shows_nothing_of_itself() -> None:
    key = Secret(b"canary-key")
    assert "canary" not in repr(key) + str(key) + f"{key!r}{(key,)}"
    assert pickle.loads(pickle.dumps(key)) == b"canary-key"


def test_an_error_is_two_lines_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    Output().error(errors.ConfigError("one\ncause", "one\ncure"))
    assert capsys.readouterr() == ("", "error: one cause\n  cure: one cure\n")
