"""Time that one request took, without waiting for limits."""

from __future__ import annotations

from ..measure import Facts, Goalposts, Ratio, metric


@metric("request_seconds")
class RequestSeconds(Ratio):
    """Time that one request took, without waiting for limits."""

    pillar = "acquisition"
    unit = "s"
    goalposts = Goalposts(easy=0.1, hard=10.0)
    scale = "log"
    why = "0.1 s is felt as instant and 10 s as a broken dialogue (J. Nielsen, Usability Engineering, 1993, ch. 5)"
    needs = ("requests", "pull_seconds", "wait_seconds")
    advice = "ask for larger pages, or from nearer to the service"
    optional = True

    def over(self, facts: Facts) -> float:
        """Add up seconds of asking."""
        return max(0.0, facts["pull_seconds"] - facts["wait_seconds"])

    def under(self, facts: Facts) -> float:
        """Count requests."""
        return facts["requests"]
