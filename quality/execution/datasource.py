"""The Great Expectations data source for Dask data frames: `context.data_sources.add_dask(name)`.

Importing this module registers the type `dask`; it must be imported before a context that holds such a source
is loaded.
"""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from great_expectations.compatibility import pydantic
from great_expectations.core.batch import BatchMarkers, LegacyBatchDefinition
from great_expectations.core.batch_spec import RuntimeDataBatchSpec
from great_expectations.core.id_dict import IDDict
from great_expectations.datasource.fluent.batch_identifier_util import make_batch_identifier
from great_expectations.datasource.fluent.batch_request import BatchRequest
from great_expectations.datasource.fluent.constants import _DATA_CONNECTOR_NAME
from great_expectations.datasource.fluent.interfaces import Batch, DataAsset, Datasource
from great_expectations.exceptions import InvalidBatchRequestError
from great_expectations.exceptions.exceptions import BuildBatchRequestError

from .engine import DaskBatchData, DaskExecutionEngine


class DaskDataFrameAsset(DataAsset):
    """An asset whose batch is the Dask data frame given as batch parameter `dataframe`."""

    type: Literal["dask_dataframe"] = "dask_dataframe"

    class Config:
        """No keys but the declared ones."""

        extra = pydantic.Extra.forbid

    def test_connection(self) -> None:
        """Nothing to connect to: the data frame is handed over with each run."""

    def get_batch_parameters_keys(self, partitioner: Any = None) -> tuple[str, ...]:
        """Return the one key of the batch parameters."""
        return ("dataframe",)

    def build_batch_request(
        self, options: Any = None, batch_slice: Any = None, partitioner: Any = None
    ) -> BatchRequest:
        """Build the request for the data frame in `options`. Raises BuildBatchRequestError."""
        if batch_slice is not None or partitioner is not None:
            raise BuildBatchRequestError(message="a Dask asset has neither slices nor partitioners")
        if not options or set(options) != {"dataframe"} or not hasattr(options["dataframe"], "to_delayed"):
            raise BuildBatchRequestError(message="options must be {'dataframe': a Dask data frame}")
        return BatchRequest(datasource_name=self.datasource.name, data_asset_name=self.name, options=options)

    def _validate_batch_request(self, batch_request: BatchRequest) -> None:
        if (batch_request.datasource_name, batch_request.data_asset_name) != (
            self.datasource.name,
            self.name,
        ):
            raise InvalidBatchRequestError("the batch request is for another asset")

    def get_batch_identifiers_list(self, batch_request: BatchRequest) -> list[dict[str, Any]]:
        """Return the one batch."""
        return [IDDict(batch_request.options)]

    def get_batch(self, batch_request: BatchRequest) -> Batch:
        """Return the batch of the request's data frame."""
        self._validate_batch_request(batch_request)
        engine = self.datasource.get_execution_engine()
        return Batch(
            datasource=self.datasource,
            data_asset=self,
            batch_request=batch_request,
            data=DaskBatchData(engine, batch_request.options["dataframe"]),
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


class DaskDatasource(Datasource):
    """Dask data frames, computed by the Dask execution engine."""

    asset_types: ClassVar[Sequence[type[DataAsset]]] = [DaskDataFrameAsset]
    type: Literal["dask"] = "dask"
    assets: list[DaskDataFrameAsset] = []  # noqa: RUF012 - a pydantic field, copied for each instance

    @property
    def execution_engine_type(self) -> builtins.type[DaskExecutionEngine]:
        """The engine that computes this source's metrics."""
        return DaskExecutionEngine

    def test_connection(self, test_assets: bool = True) -> None:
        """Nothing to connect to."""

    def add_dataframe_asset(self, name: str) -> DaskDataFrameAsset:
        """Add an asset that is given its data frame with each run."""
        return self._add_asset(DaskDataFrameAsset(name=name))
