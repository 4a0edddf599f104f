"""The global random generators, with the same numbers for a step wherever and whenever it runs."""

import contextlib
import importlib.abc
import importlib.machinery
import importlib.util
import random
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from types import ModuleType
from typing import Any

from bench.engine.plan import content_key

__all__ = ["seeded"]


@contextlib.contextmanager
def seeded(code: str, values: Iterable[tuple[str, str]]) -> Iterator[None]:
    """Seed the generators of `random`, numpy and torch for one step; put them back afterwards.

    Parameters
    ----------
    code : str
        The hash of the step's code.
    values : iterable of (parameter, data hash)
        The inputs it is given. What comes from other steps takes no part: the step is named by
        its content too, and of two equal contents one was made under another recipe.
    """
    number = int(content_key(code, (), values)[:8], 16)
    with contextlib.ExitStack() as stack:
        stack.callback(random.setstate, random.getstate())
        random.seed(number)
        if "numpy" in sys.modules:
            # Another generator in its place: reading and writing the state takes 170 us each.
            drawn: Any = sys.modules["numpy"].random

            stack.callback(drawn.set_bit_generator, drawn.get_bit_generator())
            drawn.set_bit_generator(_bits())
            drawn.seed(number)

        def torch_too(torch: Any) -> None:
            stack.callback(torch.set_rng_state, torch.get_rng_state())
            if torch.cuda.is_available() and torch.cuda.is_initialized():
                stack.callback(torch.cuda.set_rng_state_all, torch.cuda.get_rng_state_all())
            # `torch.manual_seed` writes down the call stack for every kind of device that is not
            # there, half a millisecond before every step.
            seed = torch.manual_seed if _has_device(torch) else torch.default_generator.manual_seed
            seed(number)

        if "torch" in sys.modules:
            torch_too(sys.modules["torch"])
        else:
            # A step may be the first to import it, or a library that it calls.
            watch = _Watch("torch", torch_too)
            sys.meta_path.insert(0, watch)
            stack.callback(watch.gone)
        yield


@lru_cache(maxsize=1)
def _bits() -> Any:
    from numpy.random import MT19937

    return MT19937(0)


def _has_device(torch: Any) -> bool:
    return bool(
        torch.cuda.is_available() or torch.backends.mps.is_available() or torch.xpu.is_available()
    )


class _Watch(importlib.abc.MetaPathFinder):
    """Waits for a module to be imported, and calls a function with it."""

    def __init__(self, name: str, then: Callable[[ModuleType], None]) -> None:
        self._name, self._then = name, then

    def gone(self) -> None:
        """Watch no longer."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Find the module as if nobody watched."""
        if fullname != self._name:
            return None
        self.gone()
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            load, then = spec.loader.exec_module, self._then

            def exec_module(module: ModuleType) -> None:
                load(module)
                then(module)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec
