"""Speed at which one core hashes, parses and packs text."""

from __future__ import annotations

from ..measure import Facts, Goalposts, Ratio, metric


@metric("text_throughput")
class TextThroughput(Ratio):
    """Speed at which one core hashes, parses and packs text."""

    pillar = "hardware"
    unit = "MB/s"
    direction = "higher is easier"
    goalposts = Goalposts(easy=250.0, hard=0.0)
    why = "250 MB/s is one core of a server at 3 GHz with Arrow; eta is the share that is there"
    needs = ("text_bytes_per_s", "cpu_count")
    advice = "use a machine with faster cores, or one that is not shared"

    def over(self, facts: Facts) -> float:
        """Read megabytes a second."""
        return facts["text_bytes_per_s"] / 1e6

    def under(self, facts: Facts) -> float:
        """Count measurements, so that several give their mean."""
        return 1.0
