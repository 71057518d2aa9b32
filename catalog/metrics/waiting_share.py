"""Share of the time of pulling that was spent waiting for limits and before retries."""

from __future__ import annotations

from ..measure import Facts, Goalposts, Ratio, metric


@metric("waiting_share")
class WaitingShare(Ratio):
    """Share of the time of pulling that was spent waiting for limits and before retries."""

    pillar = "acquisition"
    unit = "share"
    goalposts = Goalposts(easy=0.0, hard=0.9)
    why = "at nine tenths the limit, not the machine, sets the pace; a judgement"
    needs = ("wait_seconds", "pull_seconds")
    advice = "ask for a higher limit, or pull dumps instead of pages"
    optional = True

    def over(self, facts: Facts) -> float:
        """Add up seconds of waiting."""
        return facts["wait_seconds"]

    def under(self, facts: Facts) -> float:
        """Add up seconds of reading, waiting included."""
        return facts["pull_seconds"]
