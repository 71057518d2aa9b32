"""Number of different source types to understand, connect and keep in step."""

from __future__ import annotations

from ..measure import Facts, Goalposts, Ratio, metric


@metric("source_diversity")
class SourceDiversity(Ratio):
    """Number of different source types to understand, connect and keep in step."""

    pillar = "acquisition"
    unit = "types"
    goalposts = Goalposts(easy=1.0, hard=8.0)
    why = "one type needs no integration; eight are about what one person keeps in step; a judgement"
    needs = ("source_types",)
    advice = "collect through fewer kinds of interface"

    def over(self, facts: Facts) -> float:
        """Count types of source."""
        return facts["source_types"]

    def under(self, facts: Facts) -> float:
        """Count reports, so that several give their mean."""
        return 1.0
