"""Share of the workers' time spent in tasks."""

from __future__ import annotations

from ..measure import Facts, Goalposts, Ratio, metric


@metric("busy_share")
class BusyShare(Ratio):
    """Share of the workers' time spent in tasks."""

    pillar = "allocation"
    unit = "share"
    direction = "higher is easier"
    goalposts = Goalposts(easy=1.0, hard=0.0)
    why = "the natural ends of a share: always at work, never (the U of the USE method)"
    needs = ("busy_seconds", "wall_seconds", "workers")
    advice = (
        "pull more at a time, for the workers wait while a run starts, checks and commits; else use fewer of them "
        "(engine.workers), or more and smaller partitions (engine.partition)"
    )

    def over(self, facts: Facts) -> float:
        """Add up seconds of all tasks."""
        return facts["busy_seconds"]

    def under(self, facts: Facts) -> float:
        """Add up seconds of all workers."""
        return facts["wall_seconds"] * facts["workers"]
