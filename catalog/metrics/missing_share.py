"""Share of the records that the source said it had and that did not come."""

from __future__ import annotations

from ..measure import Facts, Goalposts, Ratio, metric


@metric("missing_share")
class MissingShare(Ratio):
    """Share of the records that the source said it had and that did not come."""

    pillar = "acquisition"
    unit = "share"
    goalposts = Goalposts(easy=0.0, hard=0.1)
    why = "with a tenth missing, counts and joins mislead; a judgement"
    needs = ("expected_records", "received_of_expected")
    advice = "run again; raise lag, so that rows still being written are left for the next run"
    optional = True

    def over(self, facts: Facts) -> float:
        """Count records that did not come."""
        return max(0.0, facts["expected_records"] - facts["received_of_expected"])

    def under(self, facts: Facts) -> float:
        """Count records that were announced."""
        return facts["expected_records"]
