"""Share of the sources whose licence or terms nobody has written down."""

from __future__ import annotations

from ..measure import Facts, Goalposts, Ratio, metric


@metric("undeclared_licence_share")
class UndeclaredLicenceShare(Ratio):
    """Share of the sources whose licence or terms nobody has written down."""

    pillar = "acquisition"
    unit = "share"
    goalposts = Goalposts(easy=0.0, hard=1.0)
    why = "the natural ends of a share: all declared, none declared"
    needs = ("sources", "licence_declared")
    advice = "write 'licence:' beside each source in weir.yaml"

    def over(self, facts: Facts) -> float:
        """Count sources without a licence."""
        return facts["sources"] - facts["licence_declared"]

    def under(self, facts: Facts) -> float:
        """Count sources."""
        return facts["sources"]
