"""The Great Expectations execution engine on Dask: partial states on partitions, merged in the driver."""
