"""A label by a condition on the row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field

from ...config import Strict
from ...errors import ConfigError
from ..labels.contract import labeller, one_vote


class SqlOptions(Strict):
    """Which condition."""

    label: str = Field(description="the label it votes for")
    where: str = Field(description="a condition over the table's columns, such as: score < 0 and length(text) < 20")


@labeller("sql")
class Sql:
    """Votes for a label where an SQL condition (DuckDB) over the row's columns holds."""

    Options = SqlOptions

    def __init__(self, options: Any, labels: list[str], root: str) -> None:
        self.options, self.labels = options, labels

    def vote(self, rows: pa.Table) -> NDArray[np.int8]:
        """Evaluate the condition; it sees the rows and nothing else, no file and no network."""
        import duckdb

        with duckdb.connect(config={"enable_external_access": "false", "threads": "1"}) as connection:
            connection.register("rows", rows)
            try:
                found = connection.sql(f"select ({self.options.where})::boolean as hit from rows").to_arrow_table()  # noqa: S608
            except duckdb.Error as error:  # its text may quote a value
                raise ConfigError(
                    f"a label's SQL condition does not run ({type(error).__name__})",
                    "try it with 'weir sql' on the table",
                ) from None
        return one_vote(found["hit"], self.options.label, self.labels)
