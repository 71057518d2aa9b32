"""Speed at which the warehouse's disk takes data for good."""

from __future__ import annotations

from ..measure import Facts, Goalposts, Ratio, metric


@metric("disk_write_rate")
class DiskWriteRate(Ratio):
    """Speed at which the warehouse's disk takes data for good."""

    pillar = "hardware"
    unit = "MB/s"
    direction = "higher is easier"
    goalposts = Goalposts(easy=100.0, hard=0.0)
    why = "250 MB/s of text become at most 100 MB/s of Parquet; below that the disk is the roof"
    needs = ("disk_write_bytes_per_s",)
    advice = "put the warehouse on a local solid-state disk"

    def over(self, facts: Facts) -> float:
        """Read megabytes a second."""
        return facts["disk_write_bytes_per_s"] / 1e6

    def under(self, facts: Facts) -> float:
        """Count measurements, so that several give their mean."""
        return 1.0
