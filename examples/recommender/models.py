"""The article's model beside what it must beat: popularity alone, and boosted trees on the same features."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

os.environ.setdefault("KERAS_BACKEND", "jax")

Tensor = NDArray[np.float32]
Score = Callable[[Tensor], NDArray[np.float64]]
EPOCHS, BATCH = 10, 64


def recurrent(shape: tuple[int, int], seed: int, kind: str = "LSTM", units: int = 128) -> Any:
    """Return the compiled network: LSTM(128), then Dense(1, sigmoid), Adam and binary cross-entropy."""
    import keras
    from keras import Sequential
    from keras.layers import Dense

    keras.utils.set_random_seed(seed)
    layer = getattr(keras.layers, kind)
    model = Sequential([keras.Input(shape), layer(units), Dense(1, activation="sigmoid")])
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model


def train(model: Any, x: Tensor, y: NDArray[Any], epochs: int = EPOCHS) -> Score:
    """Train a network; return what scores pairs."""
    model.fit(x, y, epochs=epochs, batch_size=BATCH, verbose=0)
    return lambda rows: model.predict(rows, batch_size=4096, verbose=0)[:, 0].astype(np.float64)


def boosted(x: Tensor, y: NDArray[Any], seed: int) -> Score:
    """Train gradient-boosted trees on the newest steps and the sums over all; return what scores pairs."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(random_state=seed, max_iter=100, early_stopping=False)
    model.fit(_flat(x), y)
    return lambda rows: model.predict_proba(_flat(rows))[:, 1]


def popularity(rows: Tensor) -> NDArray[np.float64]:
    """Score a pair by how popular its product was in training, and by nothing else."""
    return rows[:, -1, -1].astype(np.float64)


def _flat(x: Tensor) -> Tensor:
    return np.concatenate([x[:, -4:].reshape(len(x), -1), x.sum(axis=1)], axis=1)
