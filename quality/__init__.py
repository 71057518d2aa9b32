"""Quality: Great Expectations on Dask partitions, suites, the gate."""
