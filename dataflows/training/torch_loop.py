"""The loop that fits a torch network: batches, early stopping, and nothing left to chance."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

__all__ = ["Fit", "fitted", "reproducible"]

# Share of its past that the running average of the weights keeps at each step.
_MEMORY = 0.98


@dataclass(frozen=True, slots=True)
class Fit:
    """Weights with the least validation loss, the epoch they are from, every epoch's loss."""

    state: dict[str, Any]
    epochs: int
    loss: float
    history: tuple[float, ...]


@contextmanager
def reproducible(seed: int, device: str) -> Iterator[None]:
    """Same numbers in every process, whatever ran before; torch is left as it was found."""
    import torch

    if device != "cpu":
        import os

        # cuBLAS keeps its sums in order only with a workspace of fixed size.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    threads = torch.get_num_threads()
    strict = torch.are_deterministic_algorithms_enabled()
    memory: Any = torch.utils.deterministic
    filled = memory.fill_uninitialized_memory
    cuda = [torch.device(device)] if device != "cpu" else []
    with torch.random.fork_rng(devices=cuda):
        torch.manual_seed(seed)
        torch.use_deterministic_algorithms(True)
        # Fresh memory is written before it is read; filling it first costs a tenth of a fit.
        memory.fill_uninitialized_memory = False
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(threads)
            torch.use_deterministic_algorithms(strict)
            memory.fill_uninitialized_memory = filled


def fitted(
    network: "torch.nn.Module",
    loss: Callable[[Any, Any], Any],
    inputs: Callable[[NDArray[np.int64]], tuple[Any, ...]],
    outcome: "torch.Tensor",
    fit_rows: NDArray[np.int64],
    *,
    validation_rows: NDArray[np.int64] | None,
    n_epochs: int,
    patience: int,
    batch_size: int,
    learning_rate: float,
    weight_decay: float,
    rng: np.random.Generator,
) -> Fit:
    """Weights of `network` after at most `n_epochs` of AdamW, averaged over its last steps.

    Parameters
    ----------
    loss : callable
        Mean loss of (output of the network, outcome) as a scalar tensor.
    inputs : callable
        What the network takes, as tensors, for an array of row numbers.
    outcome : tensor
        One entry for every row number; only those of the rows given are read.
    validation_rows : array or None
        Stops the fit `patience` epochs after its best one. Without it all epochs are run.
    """
    import torch

    # All parameters in one call: the same sums as one by one, in half the time.
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=learning_rate, weight_decay=weight_decay, foreach=True
    )
    average = [parameter.detach().clone() for parameter in network.parameters()]
    steps = 0
    best, best_epoch, best_state = float("inf"), 0, _copy(network)
    history: list[float] = []
    for epoch in range(1, n_epochs + 1):
        network.train()
        order = rng.permutation(fit_rows)
        # A last batch of a handful of rows would pull as hard as a full one.
        n_batches = max(round(len(order) / batch_size), 1)
        for rows in np.array_split(order, n_batches):
            optimiser.zero_grad(set_to_none=True)
            value = loss(network(*inputs(rows)), outcome[torch.from_numpy(rows)])
            value.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            steps += 1
            _follow(average, network, min(_MEMORY, (1 + steps) / (10 + steps)))
        if validation_rows is None:
            continue
        network.eval()
        with torch.no_grad(), _exchanged(network, average):
            seen = outcome[torch.from_numpy(validation_rows)]
            history.append(float(loss(network(*inputs(validation_rows)), seen)))
            if history[-1] < best:
                best, best_epoch, best_state = history[-1], epoch, _copy(network)
        if epoch - best_epoch >= patience:
            break
    if validation_rows is None:
        with _exchanged(network, average):
            return Fit(_copy(network), n_epochs, float("nan"), ())
    if best_epoch == 0:
        raise ArithmeticError(
            f"validation loss was not a finite number in any of {len(history)} epochs; "
            "lower learning_rate"
        )
    return Fit(best_state, best_epoch, best, tuple(history))


def _follow(average: list[Any], network: "torch.nn.Module", memory: float) -> None:
    """Move the running average of the weights towards the present ones."""
    import torch

    with torch.no_grad():
        for kept, parameter in zip(average, network.parameters(), strict=True):
            kept.lerp_(parameter, 1.0 - memory)


@contextmanager
def _exchanged(network: "torch.nn.Module", average: list[Any]) -> Iterator[None]:
    """The network with its averaged weights, then with its own again."""
    import torch

    with torch.no_grad():
        own = [parameter.detach().clone() for parameter in network.parameters()]
        for parameter, kept in zip(network.parameters(), average, strict=True):
            parameter.copy_(kept)
        try:
            yield
        finally:
            for parameter, kept in zip(network.parameters(), own, strict=True):
                parameter.copy_(kept)


def _copy(network: "torch.nn.Module") -> dict[str, Any]:
    # On the processor, so that what was fitted on an accelerator can be read anywhere.
    return {name: value.detach().cpu().clone() for name, value in network.state_dict().items()}
