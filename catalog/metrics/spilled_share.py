"""Bytes moved to disk for want of memory, against the bytes worked on."""

from __future__ import annotations

from ..measure import Facts, Goalposts, Ratio, metric


@metric("spilled_share")
class SpilledShare(Ratio):
    """Bytes moved to disk for want of memory, against the bytes worked on."""

    pillar = "allocation"
    unit = "share"
    goalposts = Goalposts(easy=0.0, hard=1.0)
    why = "at one every byte was written and read once more"
    needs = ("spilled_bytes", "work_bytes")
    advice = "give each worker more memory, or cut partitions smaller"

    def over(self, facts: Facts) -> float:
        """Add up bytes spilled."""
        return facts["spilled_bytes"]

    def under(self, facts: Facts) -> float:
        """Add up bytes worked on."""
        return facts["work_bytes"]
