"""From sequences to what the models read: one tensor for each pair of a session and a product that it might end in.

The model answers for a pair: will this product be bought before the session is over? A step of the tensor says what was
done and how it relates to the product in question (the same, of its category, of its department), so that a product or
a person never seen in training is no stranger.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataweir.privacy.sequences.load import Examples, Sequences

VERBS = ("get", "put", "post")
FEATURES = ("there", *VERBS, "board", "pause", "ago", "begins", "same product", "same category", "popular")
Indices = NDArray[np.int64]


class Catalogue(NamedTuple):
    """The shop's products: path, and the number of each one's category."""

    products: list[str]
    category: Indices
    names: list[str]
    """The paths of the categories."""

    @classmethod
    def of(cls, file: str) -> Catalogue:
        """Read policies/products.csv."""
        rows = [line.split(",") for line in Path(file).read_text(encoding="utf-8").splitlines()[1:]]
        names = list(dict.fromkeys(row[1] for row in rows))
        return cls([row[0] for row in rows], np.array([names.index(row[1]) for row in rows]), names)


class Pairs(NamedTuple):
    """Pairs of an example and a product: bought before the session was over (1), or not (0)."""

    example: Indices
    product: Indices
    label: NDArray[np.int8]


class Reading:
    """A release read with the shop's catalogue: which product and category every code is, and how popular they are."""

    def __init__(self, made: Sequences, catalogue: Catalogue) -> None:
        self.made, self.catalogue = made, catalogue
        objects, verbs = made.values("object"), made.values("verb")
        place = {path: number for number, path in enumerate(catalogue.products)}
        group = {path: number for number, path in enumerate(catalogue.names)}
        self.product_of = np.array([place.get(str(value), -1) for value in objects])
        own = [
            catalogue.category[p] if p >= 0 else group.get(str(v), -1)
            for p, v in zip(self.product_of, objects, strict=True)
        ]
        self.category_of = np.array(own)
        self.verb_of = np.array([VERBS.index(v) if v in VERBS else len(VERBS) for v in verbs])
        self.popularity = self._popularity()

    def _popularity(self) -> NDArray[np.float64]:
        """Return ln(1 + events) of each product in training; of one that is told by its category, its part of that."""
        x, mask, *_ = self.made.numpy("train")
        counts = np.bincount(x[mask][:, 1].astype(int), minlength=len(self.product_of)).astype(float)
        exact = np.bincount(
            self.product_of[self.product_of >= 0], counts[self.product_of >= 0], len(self.catalogue.products)
        )
        vague = (self.product_of < 0) & (self.category_of >= 0)
        by_category = np.bincount(self.category_of[vague], counts[vague], len(self.catalogue.names))
        hidden = exact == 0
        share = by_category / np.maximum(
            1, np.bincount(self.catalogue.category[hidden], minlength=len(self.catalogue.names))
        )
        return np.log1p(np.where(hidden, share[self.catalogue.category], exact))

    def tensor(
        self, examples: Examples, example: Indices, product: Indices, popularity: NDArray[np.float64]
    ) -> NDArray[np.float32]:
        """Return float32 of shape (pairs, timesteps, FEATURES)."""
        x, mask = examples.x[example], examples.mask[example]
        objects, names = x[..., 1].astype(int), self.made.features
        verb = self.verb_of[x[..., 0].astype(int)]
        parts = [
            *(verb == number for number in range(len(VERBS) + 1)),
            x[..., names.index("pause")] / 10,
            x[..., names.index("ago")] / 15,
            x[..., names.index("begins")],
            self.product_of[objects] == product[:, None],
            self.category_of[objects] == self.catalogue.category[product][:, None],
            np.broadcast_to((popularity[product] / 10)[:, None], objects.shape),
        ]
        made = np.stack([mask, *parts], axis=-1).astype(np.float32)
        made[~mask] = 0
        return made

    def pairs(self, examples: Examples, seed: int, each: int = 3) -> Pairs:
        """Return for every example `each` products that were not bought, and the one that was where it is known.

        A third of them the person has just looked at, the others are any: what was looked at and not bought is hard.
        """
        dice = np.random.RandomState(seed)
        count, products = len(examples.label), len(self.catalogue.products)
        bought = np.where(examples.label == 1, self.product_of[examples.target], -1)
        told = np.flatnonzero((examples.label == 0) | (bought >= 0))
        drawn = dice.randint(products, size=(count, each))
        seen = self.product_of[examples.x[..., 1].astype(int)]
        step = dice.randint(1, 4, size=count)
        looked = seen[np.arange(count), -step]
        drawn[:, 0] = np.where((looked >= 0) & examples.mask[np.arange(count), -step], looked, drawn[:, 0])
        clash = drawn == bought[:, None]
        drawn[clash] = (drawn[clash] + 1 + dice.randint(products - 1, size=int(clash.sum()))) % products
        positive = np.flatnonzero(bought >= 0)
        example = np.concatenate([positive, np.repeat(told, each)])
        product = np.concatenate([bought[positive], drawn[told].reshape(-1)])
        label = np.concatenate([np.ones(len(positive), np.int8), np.zeros(each * len(told), np.int8)])
        order = dice.permutation(len(label))
        return Pairs(example[order], product[order], label[order])
