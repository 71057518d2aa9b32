"""Peak memory as a share of what the run may use."""

from __future__ import annotations

from ..measure import Facts, Goalposts, Ratio, metric


@metric("memory_pressure")
class MemoryPressure(Ratio):
    """Peak memory as a share of what the run may use."""

    pillar = "hardware"
    unit = "share"
    goalposts = Goalposts(easy=0.5, hard=1.2)
    why = "up to half is comfortable; at the limit Dask pauses workers, beyond it the system kills them"
    needs = ("peak_memory_bytes", "memory_limit_bytes")
    advice = "give more memory, or cut partitions smaller: engine.partition"

    def over(self, facts: Facts) -> float:
        """Read the peak."""
        return facts["peak_memory_bytes"]

    def under(self, facts: Facts) -> float:
        """Read the limit."""
        return facts["memory_limit_bytes"]
