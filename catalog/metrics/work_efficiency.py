"""Speed of the tasks against the machine's own roof for such work."""

from __future__ import annotations

from ..measure import Facts, Goalposts, Ratio, metric


@metric("work_efficiency")
class WorkEfficiency(Ratio):
    """Speed of the tasks against the machine's own roof for such work."""

    pillar = "optimisation"
    unit = "share"
    direction = "higher is easier"
    goalposts = Goalposts(easy=1.0, hard=0.0)
    why = "the natural ends of a share: every byte at the speed of hashing, parsing and packing it once, or never"
    needs = ("work_bytes", "busy_seconds", "text_bytes_per_s")
    advice = (
        "pull more at a time, for what a run costs before its first row is the same for less; "
        "fewer rules under clean:, larger engine.partition, and engine.gpu: on where there is one"
    )

    def over(self, facts: Facts) -> float:
        """Add up the seconds that the bytes worked on would take at the roof."""
        return facts["work_bytes"] / facts["text_bytes_per_s"]

    def under(self, facts: Facts) -> float:
        """Add up the seconds that the tasks took, without what went into compiling (compiling_share)."""
        return facts["busy_seconds"] - facts.get("compiling_seconds", 0.0)
