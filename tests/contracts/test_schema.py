"""`weir config schema` knows what the configuration knows, and no more."""

from __future__ import annotations

from importlib.resources import files

import jsonschema
import pytest
import yaml

from dataweir.flow.schema import schema


def check(text: str) -> None:
    jsonschema.validate(yaml.safe_load(text), schema())


def test_the_schema_is_valid_and_takes_the_demonstration() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    check(files("dataweir.demo").joinpath("project/weir.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "text",
    [
        "project: shop\nwarehose: x\n",
        "project: shop\nsources: {a: {type: weblog, path: x, formt: common}}\n",
        "project: shop\nsources: {a: {type: nothing, path: x}}\n",
        "project: shop\nclean: {botz: false}\n",
        "project: shop\nengine: {gpu: maybe}\n",
    ],
)
def test_the_schema_refuses_what_the_program_refuses(text: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        check(text)
