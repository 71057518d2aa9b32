"""What privacy took of a release's use: of what a model is better than chance on the unmasked rows, the share lost."""

from __future__ import annotations

from ..measure import Facts, Goalposts, Ratio, metric


@metric("utility_cost")
class UtilityCost(Ratio):
    """Share of what a model is better than chance that is lost when it is trained on the release."""

    pillar = "sharing"
    unit = "share"
    goalposts = Goalposts(easy=0.0, hard=0.5)
    why = "nothing lost at one end; a release that keeps half of its use is another data set; a judgement"
    needs = ("utility_reference", "utility_released", "utility_chance")
    advice = "coarsen the columns that the model does not need, and keep those that it does"
    optional = True

    def over(self, facts: Facts) -> float:
        """Add up what was lost; a release that does better by chance has lost nothing."""
        return max(0.0, facts["utility_reference"] - facts["utility_released"])

    def under(self, facts: Facts) -> float:
        """Add up what the unmasked rows give above chance."""
        return facts["utility_reference"] - facts["utility_chance"]
