"""Share of the tasks' time that went into compiling kernels."""

from __future__ import annotations

from ..measure import Facts, Goalposts, Ratio, metric


@metric("compiling_share")
class CompilingShare(Ratio):
    """Share of the tasks' time that went into compiling kernels, which a machine does once and keeps."""

    pillar = "optimisation"
    unit = "share"
    goalposts = Goalposts(easy=0.0, hard=1.0)
    why = "the natural ends of a share: nothing compiled, nothing but"
    needs = ("compiling_seconds", "busy_seconds", "work_bytes")
    advice = "run again: compiled kernels are kept on the machine; where it is new each time, keep NUMBA_CACHE_DIR"
    optional = True

    def over(self, facts: Facts) -> float:
        """Add up seconds of compiling."""
        return facts["compiling_seconds"]

    def under(self, facts: Facts) -> float:
        """Add up seconds of all tasks."""
        return facts["busy_seconds"]
