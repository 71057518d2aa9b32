"""Values that cleaning had to change, for each row kept."""

from __future__ import annotations

from ..measure import Facts, Goalposts, Ratio, metric


@metric("changed_values_per_row")
class ChangedValuesPerRow(Ratio):
    """Values that cleaning had to change, for each row kept."""

    pillar = "processing"
    unit = "values/row"
    goalposts = Goalposts(easy=0.0, hard=1.0)
    why = "one change a row means that nothing arrives as it should be; a judgement"
    needs = ("kept", "changed_values")
    advice = "normalise text where it is written: Unicode NFC, no markup"

    def over(self, facts: Facts) -> float:
        """Count values changed."""
        return facts["changed_values"]

    def under(self, facts: Facts) -> float:
        """Count rows kept."""
        return facts["kept"]
