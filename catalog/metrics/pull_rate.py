"""Speed at which raw data could be pulled."""

from __future__ import annotations

from ..measure import Facts, Goalposts, Ratio, metric


@metric("pull_rate")
class PullRate(Ratio):
    """Speed at which raw data could be pulled."""

    pillar = "acquisition"
    unit = "MB/s"
    direction = "higher is easier"
    goalposts = Goalposts(easy=100.0, hard=0.1)
    scale = "log"
    why = "100 MB/s is a plain disk or gigabit network; 0.1 MB/s is a paged, rate-limited interface"
    needs = ("bytes_in", "pull_seconds")
    advice = "pull bulk files instead of pages, or nearer to the data"

    def over(self, facts: Facts) -> float:
        """Add up megabytes read."""
        return facts["bytes_in"] / 1e6

    def under(self, facts: Facts) -> float:
        """Add up seconds of reading."""
        return facts["pull_seconds"]
