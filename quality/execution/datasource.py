"""The Great Expectations data source for Dask: `context.data_sources.add_dask(name)`.

Importing this module registers the type `dask`; it must be imported before a context that holds such a source
is loaded. Results show no row values unless the source says `row_values=True`.
"""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from great_expectations.compatibility import pydantic
from great_expectations.core.batch import BatchMarkers, LegacyBatchDefinition
from great_expectations.core.batch_definition import BatchDefinition
from great_expectations.core.batch_spec import RuntimeDataBatchSpec
from great_expectations.core.id_dict import IDDict
from great_expectations.datasource.fluent.batch_identifier_util import make_batch_identifier
from great_expectations.datasource.fluent.batch_request import BatchRequest
from great_expectations.datasource.fluent.constants import _DATA_CONNECTOR_NAME
from great_expectations.datasource.fluent.interfaces import Batch, DataAsset, Datasource
from great_expectations.exceptions import InvalidBatchRequestError
from great_expectations.exceptions.exceptions import BuildBatchRequestError

from .engine import DaskBatchData, DaskExecutionEngine
from .mend import mend

mend(lambda engine: isinstance(engine, DaskExecutionEngine) and not engine.row_values)


class _DaskAsset(DataAsset):
    """What the assets have in common: one batch, the whole table."""

    class Config:
        """No keys but the declared ones."""

        extra = pydantic.Extra.forbid

    def _data(self, options: dict[str, Any]) -> Any:
        raise NotImplementedError

    def test_connection(self) -> None:
        """Nothing to connect to."""

    def get_batch_parameters_keys(self, partitioner: Any = None) -> tuple[str, ...]:
        """Return the keys of the batch parameters."""
        return ()

    def build_batch_request(
        self, options: Any = None, batch_slice: Any = None, partitioner: Any = None
    ) -> BatchRequest:
        """Build the request for the whole table. Raises BuildBatchRequestError."""
        if batch_slice is not None or partitioner is not None:
            raise BuildBatchRequestError(message="a Dask asset has neither slices nor partitioners")
        known = self.get_batch_parameters_keys()
        if set(options or {}) != set(known):
            raise BuildBatchRequestError(message=f"the batch parameters must be {list(known)}")
        return BatchRequest(datasource_name=self.datasource.name, data_asset_name=self.name, options=options or {})

    def _validate_batch_request(self, batch_request: BatchRequest) -> None:
        named = (batch_request.datasource_name, batch_request.data_asset_name)
        if named != (self.datasource.name, self.name):
            raise InvalidBatchRequestError("the batch request is for another asset")

    def get_batch_identifiers_list(self, batch_request: BatchRequest) -> list[dict[str, Any]]:
        """Return the one batch."""
        return [IDDict(batch_request.options)]

    def get_batch(self, batch_request: BatchRequest) -> Batch:
        """Return the batch. Raises ConfigError or DataError for data that cannot be read."""
        self._validate_batch_request(batch_request)
        engine = self.datasource.get_execution_engine()
        return Batch(
            datasource=self.datasource,
            data_asset=self,
            batch_request=batch_request,
            data=DaskBatchData(engine, self._data(batch_request.options)),
            metadata=self._get_batch_metadata_from_batch_request(
                batch_request=batch_request, ignore_options=("dataframe",)
            ),
            batch_markers=BatchMarkers({"ge_load_time": None}),
            batch_spec=RuntimeDataBatchSpec(batch_data="DaskDataFrame"),
            batch_definition=LegacyBatchDefinition(
                datasource_name=self.datasource.name,
                data_connector_name=_DATA_CONNECTOR_NAME,
                data_asset_name=self.name,
                batch_identifiers=make_batch_identifier({}),
                batch_spec_passthrough=None,
            ),
        )


class DaskDataFrameAsset(_DaskAsset):
    """An asset whose data comes with each run, as batch parameter `dataframe`.

    That is a Dask or pandas data frame, an Arrow table, or the paths of Parquet files.
    """

    type: Literal["dask_dataframe"] = "dask_dataframe"

    def get_batch_parameters_keys(self, partitioner: Any = None) -> tuple[str, ...]:
        """Return the one key of the batch parameters."""
        return ("dataframe",)

    def add_batch_definition_whole_dataframe(self, name: str) -> BatchDefinition[Any]:
        """Add a batch definition, as the assets of pandas and Spark data frames name it."""
        return self.add_batch_definition(name)

    def _data(self, options: dict[str, Any]) -> Any:
        return options["dataframe"]


class DaskParquetAsset(_DaskAsset):
    """An asset over a Parquet file or a folder of them (a path, or a URL such as s3://bucket/prefix)."""

    type: Literal["dask_parquet"] = "dask_parquet"
    path: str

    def add_batch_definition_whole_directory(self, name: str) -> BatchDefinition[Any]:
        """Add a batch definition, as the assets of folders name it."""
        return self.add_batch_definition(name)

    def _data(self, options: dict[str, Any]) -> Any:
        return self.path


class DaskDatasource(Datasource):
    """Dask data frames, computed by the Dask execution engine."""

    asset_types: ClassVar[Sequence[type[DataAsset]]] = [DaskDataFrameAsset, DaskParquetAsset]
    type: Literal["dask"] = "dask"
    row_values: bool = False
    assets: list[DaskDataFrameAsset | DaskParquetAsset] = []  # noqa: RUF012 - a pydantic field, copied for each instance

    @property
    def execution_engine_type(self) -> builtins.type[DaskExecutionEngine]:
        """The engine that computes this source's metrics."""
        return DaskExecutionEngine

    def test_connection(self, test_assets: bool = True) -> None:
        """Nothing to connect to."""

    def add_dataframe_asset(self, name: str) -> DaskDataFrameAsset:
        """Add an asset that is given its data frame with each run."""
        return self._add_asset(DaskDataFrameAsset(name=name))

    def add_parquet_asset(self, name: str, path: str) -> DaskParquetAsset:
        """Add an asset over a Parquet file or a folder of them."""
        return self._add_asset(DaskParquetAsset(name=name, path=path))
