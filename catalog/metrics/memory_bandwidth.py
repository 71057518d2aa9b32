"""Speed at which one core copies memory."""

from __future__ import annotations

from ..measure import Facts, Goalposts, Ratio, metric


@metric("memory_bandwidth")
class MemoryBandwidth(Ratio):
    """Speed at which one core copies memory."""

    pillar = "hardware"
    unit = "GB/s"
    direction = "higher is easier"
    goalposts = Goalposts(easy=1.0, hard=0.0)
    why = "working on 250 MB/s of text moves each byte about four times; below 1 GB/s memory is the roof"
    needs = ("memory_bandwidth_bytes_per_s",)
    advice = "use a machine with faster memory, or one that is not shared"

    def over(self, facts: Facts) -> float:
        """Read gigabytes a second."""
        return facts["memory_bandwidth_bytes_per_s"] / 1e9

    def under(self, facts: Facts) -> float:
        """Count measurements, so that several give their mean."""
        return 1.0
