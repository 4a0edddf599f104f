"""Models have equal hashes exactly when they are the same, in every process."""

import copy
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from sklearn.base import BaseEstimator, clone, is_regressor
from sklearn.ensemble import RandomForestRegressor
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeRegressor
from sklearn.utils import all_estimators
from torch import nn
from torch.nn.utils import parametrizations

from bench.cache.codecs import Unstorable, encode
from bench.cache.datahash import UnhashableData, data_hash
from tests.bench.cache import models

ROOT = Path(__file__).resolve().parents[3]


@settings(max_examples=200, deadline=None)
@given(models.modules, models.modules)
def test_modules_have_equal_hashes_exactly_when_they_are_equal(
    first: models.Description, second: models.Description
) -> None:
    made = models.module(first)
    assert (data_hash(made) == data_hash(models.module(second))) == (first == second)
    assert data_hash(made) == data_hash(models.module(first))


@settings(max_examples=200, deadline=None)
@given(models.estimators, models.estimators)
def test_estimators_have_equal_hashes_exactly_when_they_are_equal(
    first: models.Description, second: models.Description
) -> None:
    made = models.estimator(first)
    assert (data_hash(made) == data_hash(models.estimator(second))) == (first == second)
    assert data_hash(made) == data_hash(copy.deepcopy(made))


def test_models_have_the_same_hashes_in_another_process() -> None:
    drawn: list[models.Description] = []

    @settings(max_examples=40, deadline=None, derandomize=True, database=None)
    @given(models.modules, models.estimators)
    def draw(module: models.Description, estimator: models.Description) -> None:
        drawn.append((module, estimator))

    draw()
    program = (
        "import json, sys; from bench.cache.datahash import data_hash\n"
        "from tests.bench.cache.models import estimator, module\n"
        "print(json.dumps([[data_hash(module(m)), data_hash(estimator(e))]"
        " for m, e in eval(sys.stdin.read())]))"
    )
    here = [[data_hash(models.module(m)), data_hash(models.estimator(e))] for m, e in drawn]
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", program],
            input=repr(drawn),
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed},
        )
        assert json.loads(done.stdout) == here
    assert len({module for module, _ in here}) > 10


# -- every estimator of scikit-learn --------------------------------------------------------

# Nothing of the data is kept, or only what both data sets have in common.
BLIND = {
    "AdditiveChi2Sampler",
    "Binarizer",
    "FeatureAgglomeration",
    "FeatureHasher",
    "FunctionTransformer",
} | {
    *("HashingVectorizer", "MissingIndicator", "Normalizer", "PatchExtractor", "RBFSampler"),
    *("PolynomialCountSketch", "PolynomialFeatures", "SkewedChi2Sampler", "TfidfTransformer"),
}
RNG = np.random.default_rng(0)
FEATURES = np.abs(RNG.normal(size=(60, 4)))


def _estimators() -> dict[str, BaseEstimator]:
    made = {}
    for name, kind in all_estimators():
        try:
            made[name] = kind()
        except TypeError:  # it needs another estimator
            continue
    return made


@pytest.mark.filterwarnings("ignore")
def test_all_of_scikit_learn_by_its_fit() -> None:
    named: dict[str, str] = {}
    fitted = 0
    for name, bare in _estimators().items():
        seed = {"random_state": 0} if "random_state" in bare.get_params() else {}
        first, again, other = (clone(bare).set_params(**seed) for _ in range(3))
        outcome = FEATURES @ [1, 2, 3, 4.0]
        try:
            outcome = outcome if is_regressor(bare) else outcome > outcome.mean()
            first.fit(FEATURES, outcome)
        except Exception:  # it wants data of another shape, or another estimator
            continue
        again.fit(FEATURES, outcome)
        other.fit(2 * FEATURES[:50], outcome[:50])
        fitted += 1
        assert data_hash(first) == data_hash(again), name
        for digest in {data_hash(one) for one in (bare, first, other)}:
            assert named.setdefault(digest, name) == name
        assert (data_hash(first) == data_hash(other)) == (name in BLIND), name
    assert fitted > 130


# -- what counts ----------------------------------------------------------------------------


def _differ(*values: object) -> bool:
    return len({data_hash(value) for value in values}) == len(values)


def test_a_gradient_and_its_absence_count() -> None:
    bare, trained = models.module(("norm", 0.0)), models.module(("norm", 0.0))
    assert data_hash(bare) == data_hash(trained)
    trained(torch.ones(2, 2)).sum().backward()
    assert _differ(bare, trained)


def test_attributes_of_a_module_count() -> None:
    first, second = nn.Linear(1, 1), nn.Linear(1, 1)
    second.load_state_dict(first.state_dict())
    assert data_hash(first) == data_hash(second)
    second.note = {"threshold": 0.5}  # type: ignore[assignment]
    assert _differ(first, second)
    del second.note
    second.forward = lambda x: x  # type: ignore[method-assign, assignment]
    assert _differ(first, second)


def test_tensors_that_share_memory_are_not_two_that_are_equal() -> None:
    def made(*, shared: bool) -> nn.Module:
        first, second = nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False)
        for held in (first, second):
            held.weight.data = torch.ones(2, 2)
        if shared:
            second.weight.data = first.weight.data
        return nn.Sequential(first, second)

    assert _differ(made(shared=True), made(shared=False))
    assert data_hash(made(shared=True)) == data_hash(made(shared=True))


def test_kinds_of_tensors_count() -> None:
    bare = torch.ones(2)
    wanted = torch.ones(2, requires_grad=True)
    noted = torch.ones(2)
    noted.note = 1  # type: ignore[attr-defined]
    assert _differ(bare, wanted, nn.Parameter(bare), noted, torch.ones(2, 1))
    flipped = torch.tensor([1 + 2j, 3 - 1j])
    assert data_hash(flipped.conj()) == data_hash(torch.tensor([1 - 2j, 3 + 1j]))
    assert data_hash(torch._neg_view(bare)) == data_hash(-bare)


def test_functions_inside_count_by_their_code() -> None:
    made = [FunctionTransformer(one) for one in (np.log, np.log1p, np.mean, None)]
    assert _differ(*made, FunctionTransformer(lambda x: x + 1), FunctionTransformer(lambda x: x))


def test_states_of_generators_count() -> None:
    made = [DecisionTreeRegressor(random_state=np.random.RandomState(n)) for n in (0, 1)]
    assert _differ(*made)
    assert data_hash(made[0]) == data_hash(clone(made[0]))
    made[0].random_state.random()
    assert _differ(*made, clone(made[1]).set_params(random_state=1))


def test_how_it_was_fitted_in_parallel_does_not_count() -> None:
    outcome = FEATURES.sum(axis=1)
    alone, beside = (
        RandomForestRegressor(4, n_jobs=jobs, random_state=0).fit(FEATURES, outcome)
        for jobs in (1, 2)
    )
    assert _differ(alone, beside)  # a parameter
    assert data_hash(alone) == data_hash(beside.set_params(n_jobs=1))


def test_the_way_an_estimator_came_to_its_parameters_does_not_count() -> None:
    later = DecisionTreeRegressor()
    later.__dict__ = dict(reversed(later.__dict__.items()))
    assert data_hash(later) == data_hash(DecisionTreeRegressor())


@pytest.mark.filterwarnings("ignore")
def test_estimators_of_xgboost_count_by_their_boosters() -> None:
    xgboost = pytest.importorskip("xgboost")
    outcome = FEATURES.sum(axis=1)
    made = [
        xgboost.XGBRegressor(n_estimators=2, max_depth=depth, n_jobs=1).fit(rows, outcome)
        for depth, rows in ((1, FEATURES), (2, FEATURES), (1, 2 * FEATURES), (1, FEATURES))
    ]
    assert _differ(*made[:3])
    assert data_hash(made[0]) == data_hash(made[3])


CODE = """\
import dataclasses, enum, typing
from sklearn.base import BaseEstimator
from torch import nn


def helped(x):
    return x + 1


class Net(nn.Module):
    def forward(self, x):
        return helped(x)


class Middle(BaseEstimator):
    def __init__(self, middle=0):
        self.middle = middle

    def predict(self, X):
        return helped(self.middle)


@dataclasses.dataclass
class Settings:
    rate: float = 1.0

    def step(self):
        return helped(self.rate)


class Mode(enum.Enum):
    FAST = 1

    def step(self):
        return helped(self.value)


class Pair(typing.NamedTuple):
    first: int = 1

    def step(self):
        return helped(self.first)
"""
EDITS = {
    "comment": (CODE.replace("return x + 1", "return x + 1  # one more"), True),
    "helper": (CODE.replace("return x + 1", "return x + 2"), False),
}


VALUES = "[Net(), Middle(), Settings(), Mode.FAST, Pair()]"


def test_a_class_counts_by_its_code(tmp_path: Path) -> None:
    def digests(text: str) -> list[str]:
        (tmp_path / "ours.py").write_text(text)
        program = (
            "import json; from bench.cache.datahash import data_hash; from ours import *\n"
            f"print(json.dumps([data_hash(value) for value in {VALUES}]))"
        )
        done = subprocess.run(
            [sys.executable, "-B", "-c", program],
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), str(ROOT)))},
        )
        found: list[str] = json.loads(done.stdout)
        return found

    before = digests(CODE)
    assert len(set(before)) == 5
    for text, same in EDITS.values():
        assert [new == old for new, old in zip(digests(text), before, strict=True)] == [same] * 5


# -- what is refused ------------------------------------------------------------------------


class Holder(BaseEstimator):
    """An estimator that may hold anything."""

    def __init__(self, held: object) -> None:
        self.held = held


def _hooked() -> nn.Module:
    made = nn.Linear(1, 1)
    made.register_forward_hook(lambda *_: None)
    return made


def _unfinished() -> nn.Module:
    made = nn.Linear(1, 1)
    made.last = made(torch.ones(1))  # type: ignore[assignment]
    return made


def _endless() -> Holder:
    made = Holder([])
    made.held.append([made])  # type: ignore[attr-defined]
    return made


def _file() -> Holder:
    with open(os.devnull) as file:  # noqa: PTH123
        return Holder(file)


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "hooks": (_hooked, "remove its hooks"),
    "compiled": (lambda: torch.jit.script(nn.Linear(1, 1)), "cannot be seen; keep its state_dict"),
    "made at run time": (
        lambda: parametrizations.weight_norm(nn.Linear(1, 1)),
        "is not found by its name",
    ),
    "lazy": (lambda: nn.LazyLinear(1), "remove its hooks"),
    "part of a computation": (_unfinished, "detach it"),
    "file": (_file, r"TextIOWrapper at \['held'\]: its content"),
    "generator": (lambda: Holder(number for number in range(2)), "is not found by its name"),
    "module of Python": (lambda: Holder(json), "a whole module"),
    "unknown alone": (lambda: [Holder], "return frames"),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.filterwarnings("ignore")
def test_what_cannot_be_seen_is_refused_by_name(name: str) -> None:
    make, words = REFUSED[name]
    with pytest.raises(UnhashableData, match=words):
        data_hash(make())


def test_a_model_that_holds_itself_ends() -> None:
    assert data_hash(_endless()) == data_hash(_endless())
    assert _differ(_endless(), Holder([]), Holder([[Holder([])]]))


def test_a_method_put_into_a_library_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    before = data_hash(nn.ReLU())
    monkeypatch.setattr(nn.ReLU, "forward", lambda self, x: x)
    assert data_hash(nn.ReLU()) != before


def test_what_a_format_would_lose_is_not_stored() -> None:
    layer = nn.Linear(1, 1)
    assert encode(layer.state_dict()).codec == "tensors"
    with pytest.raises(Unstorable, match="would be lost"):
        encode(dict(layer.named_parameters()))


def test_models_are_not_stored() -> None:
    for model in (nn.Linear(1, 1), DecisionTreeRegressor()):
        with pytest.raises(Unstorable, match="has no JSON form"):
            encode(model)
