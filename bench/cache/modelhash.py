"""Models and what they are made of: whose content each is."""

import sys
from typing import Any

from bench.cache.objecthash import feed_object
from bench.cache.torchhash import feed_module, feed_tensor
from bench.cache.writer import Where, Writer

__all__ = ["feed_part", "feed_xgboost", "is_model"]

_MODULE = ("torch.nn.modules.module", "Module")
_ESTIMATOR = ("sklearn.base", "BaseEstimator")


def is_model(kind: type) -> bool:
    """Return whether a class is one of torch's modules or of scikit-learn's estimators."""
    return _is(kind, _MODULE) or _is(kind, _ESTIMATOR)


def feed_part(out: Writer, value: Any, where: Where) -> bool:
    """Write a model, or a tensor inside one; False for other kinds."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        feed_tensor(out, value, where)
    elif _is(type(value), _MODULE):
        feed_module(out, value, where)
    elif _is(type(value), _ESTIMATOR):
        # Parameters are attributes too; those of a parent class may be more than it tells of.
        feed_object(out, value, where)
    else:
        return False
    return True


def _is(kind: type, wanted: tuple[str, str]) -> bool:
    return any((base.__module__, base.__qualname__) == wanted for base in kind.__mro__)


def feed_xgboost(out: Writer, value: Any) -> bool:
    """Write a booster by its canonical UBJSON; False for a kind that is not known."""
    import xgboost

    if type(value) is not xgboost.Booster:
        return False
    out.blob(b"booster", bytes(value.save_raw("ubj")))
    return True
