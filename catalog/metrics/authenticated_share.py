"""Share of the sources that must be asked for with credentials."""

from __future__ import annotations

from ..measure import Facts, Goalposts, Ratio, metric


@metric("authenticated_share")
class AuthenticatedShare(Ratio):
    """Share of the sources that must be asked for with credentials."""

    pillar = "acquisition"
    unit = "share"
    goalposts = Goalposts(easy=0.0, hard=1.0)
    why = "the natural ends of a share: all open, all behind a key"
    needs = ("sources", "authenticated_sources")
    advice = "ask for an open dump or a standing agreement"

    def over(self, facts: Facts) -> float:
        """Count sources behind credentials."""
        return facts["authenticated_sources"]

    def under(self, facts: Facts) -> float:
        """Count sources."""
        return facts["sources"]
