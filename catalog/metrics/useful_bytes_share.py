"""Bytes that had to be read once, against the bytes that tasks read."""

from __future__ import annotations

from ..measure import Facts, Goalposts, Ratio, metric


@metric("useful_bytes_share")
class UsefulBytesShare(Ratio):
    """Bytes that had to be read once, against the bytes that tasks read."""

    pillar = "optimisation"
    unit = "share"
    direction = "higher is easier"
    goalposts = Goalposts(easy=1.0, hard=0.0)
    why = "the natural ends of a share: each byte once, or endlessly again"
    needs = ("bytes_in", "work_bytes")
    advice = (
        "pull more at a time: modules and indexes are read anew by every run; plain rather than packed files count for "
        "what they hold; leave out dedup.<table>.threshold where near duplicates do not matter"
    )

    def over(self, facts: Facts) -> float:
        """Add up bytes that had to be read."""
        return min(facts["bytes_in"], facts["work_bytes"])

    def under(self, facts: Facts) -> float:
        """Add up bytes worked on, retries and second passes included."""
        return facts["work_bytes"]
