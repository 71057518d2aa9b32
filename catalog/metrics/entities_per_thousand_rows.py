"""Personal data found and masked in a thousand exported rows."""

from __future__ import annotations

from ..measure import Facts, Goalposts, Ratio, metric


@metric("entities_per_thousand_rows")
class EntitiesPerThousandRows(Ratio):
    """Personal data found and masked in a thousand exported rows."""

    pillar = "sharing"
    unit = "entities/1000 rows"
    goalposts = Goalposts(easy=1.0, hard=3000.0)
    scale = "log"
    why = "one in a thousand rows can be checked by hand; three in each row is a register; a judgement"
    needs = ("entities_masked", "export_rows_in")
    advice = "drop the free-text columns that the purpose does not need"

    def over(self, facts: Facts) -> float:
        """Count entities masked."""
        return facts["entities_masked"]

    def under(self, facts: Facts) -> float:
        """Count thousands of rows."""
        return facts["export_rows_in"] / 1e3
