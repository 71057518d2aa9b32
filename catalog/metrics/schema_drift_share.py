"""Share of the columns that were new, gone, or of another type than in the run before."""

from __future__ import annotations

from ..measure import Facts, Goalposts, Ratio, metric


@metric("schema_drift_share")
class SchemaDriftShare(Ratio):
    """Share of the columns that were new, gone, or of another type than in the run before."""

    pillar = "acquisition"
    unit = "share"
    goalposts = Goalposts(easy=0.0, hard=0.25)
    why = "when a quarter of the columns moves, what reads them has to be looked at again; a judgement"
    needs = ("columns", "columns_changed")
    advice = "agree on a schema with the owner of the source, or write it under schema:"
    optional = True

    def over(self, facts: Facts) -> float:
        """Count columns that are new, changed or gone."""
        return facts["columns_changed"]

    def under(self, facts: Facts) -> float:
        """Count columns."""
        return facts["columns"]
