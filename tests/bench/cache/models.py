"""Models drawn by their description: two are the same exactly when their descriptions are."""

import functools
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from torch import nn
from torch.nn import functional

__all__ = ["Gated", "Scaled", "estimator", "estimators", "module", "modules"]

Description = tuple[Any, ...]


class Scaled(nn.Module):
    """A module of the user's, with parts of each kind."""

    def __init__(self, inner: nn.Module, scale: float, act: Any, *, lasting: bool) -> None:
        super().__init__()
        self.inner = inner
        self.scale = scale
        self.act = act
        self.register_buffer("seen", torch.zeros(2), persistent=lasting)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return what comes of it."""
        return self.act(self.inner(x)) * self.scale  # type: ignore[no-any-return]


class Gated(Scaled):
    """The same parts, another class."""


ACTS = {
    "relu": functional.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "module": nn.ReLU(),
    "leaky": functools.partial(functional.leaky_relu, negative_slope=0.1),
    "leakier": functools.partial(functional.leaky_relu, negative_slope=0.2),
    "own": lambda x: x + 1,
    "other": lambda x: x + 2,
}


def module(told: Description) -> nn.Module:
    """Return the module of a description."""
    match told:
        case ("sequence", training, *parts):
            sequence = nn.Sequential(*map(module, parts))
            sequence.training = training  # its own alone
            return sequence
        case ("list", *parts):
            return nn.ModuleList(map(module, parts))
        case ("named", *parts):
            return nn.ModuleDict({name: module(part) for name, part in parts})
        case ("linear", rows, columns, bias, value, dtype, frozen):
            made = nn.Linear(rows, columns, bias=bias, dtype=getattr(torch, dtype))
            for held in made.parameters():
                held.data.fill_(value)
                held.requires_grad_(not frozen)
            return made
        case ("recurrent", kind, hidden, layers, value):
            recurrent: nn.Module = getattr(nn, kind)(2, hidden, layers)
            for held in recurrent.parameters():
                held.data.fill_(value)
            return recurrent
        case ("norm", mean):
            norm = nn.BatchNorm1d(2)
            norm.running_mean.fill_(mean)  # type: ignore[union-attr]
            return norm
        case ("dropout", share):
            return nn.Dropout(share)
        case ("tied", shared):
            first, second = nn.Linear(2, 2), nn.Linear(2, 2)
            for held in (*first.parameters(), *second.parameters()):
                held.data.fill_(1)
            if shared:
                second.weight = first.weight
            return nn.Sequential(first, second)
        case ("own", name, scale, act, lasting, inner):
            kind = {"scaled": Scaled, "gated": Gated}[name]
            return kind(module(inner), scale, ACTS[act], lasting=lasting)
    raise ValueError(told)


_leaves = (
    st.tuples(
        *(st.just("linear"), st.integers(1, 2), st.integers(1, 2), st.booleans()),
        *(st.sampled_from([0.0, 0.5, 1.0]), st.sampled_from(["float32", "float64"])),
        st.booleans(),
    )
    | st.tuples(
        *(st.just("recurrent"), st.sampled_from(["LSTM", "GRU"]), st.integers(1, 2)),
        *(st.integers(1, 2), st.sampled_from([0.0, 0.5])),
    )
    | st.tuples(st.just("norm"), st.sampled_from([0.0, 1.0]))
    | st.tuples(st.just("dropout"), st.sampled_from([0.1, 0.2]))
    | st.tuples(st.just("tied"), st.booleans())
)
modules = st.recursive(
    _leaves,
    lambda inner: (
        st.tuples(st.just("sequence"), st.booleans(), *[inner] * 2)
        | st.tuples(st.just("list"), inner)
        | st.tuples(st.just("named"), st.tuples(st.sampled_from(["a", "b"]), inner))
        | st.tuples(
            *(st.just("own"), st.sampled_from(["scaled", "gated"]), st.sampled_from([1.0, 2.0])),
            *(st.sampled_from(list(ACTS)), st.booleans(), inner),
        )
    ),
    max_leaves=3,
)

KINDS: dict[str, Any] = {
    "linear": LinearRegression,
    "ridge": Ridge,
    "tree": lambda **given: DecisionTreeRegressor(random_state=0, **given),
    "classes": lambda **given: DecisionTreeClassifier(random_state=0, **given),
    "forest": lambda **given: RandomForestRegressor(3, random_state=0, **given),
    "boosted": lambda **given: GradientBoostingClassifier(n_estimators=2, random_state=0, **given),
    "histograms": lambda **given: HistGradientBoostingRegressor(
        max_iter=2, random_state=0, **given
    ),
    "vectors": SVC,
    "near": KNeighborsRegressor,
    "line": lambda **given: make_pipeline(StandardScaler(**given), LogisticRegression()),
}
CHOICES: dict[str, list[dict[str, Any]]] = {
    "linear": [{}, {"fit_intercept": False}],
    "ridge": [{}, {"alpha": 2.0}],
    "tree": [{}, {"max_depth": 2}],
    "classes": [{}, {"max_depth": 2}],
    "forest": [{}, {"max_depth": 2}, {"n_jobs": 1}],
    "boosted": [{}, {"max_depth": 1}],
    "histograms": [{}, {"min_samples_leaf": 3}],
    "vectors": [{}, {"C": 2.0}],
    "near": [{}, {"algorithm": "ball_tree"}, {"algorithm": "kd_tree"}],
    "line": [{}, {"with_mean": False}],
}


@functools.cache
def _fitted(told: str) -> Any:
    name, choice, seed = eval(told)  # our own repr
    made = KINDS[name](**CHOICES[name][choice])
    if seed is None:
        return made
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(40, 3))
    outcome = features @ [1.0, 2.0, 3.0]
    return made.fit(
        features, outcome > 0 if name in {"classes", "boosted", "vectors", "line"} else outcome
    )


def estimator(told: Description) -> Any:
    """Return the estimator of a description, fitted where it has the seed of data."""
    return _fitted(repr(told))


estimators = st.sampled_from(list(KINDS)).flatmap(
    lambda name: st.tuples(
        st.just(name),
        st.integers(0, len(CHOICES[name]) - 1),
        st.none() | st.integers(0, 2),
    )
)
