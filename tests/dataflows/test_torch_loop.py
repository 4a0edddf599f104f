"""The training loop: it learns, stops, repeats itself, and leaves torch as it was."""

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from dataflows.training.torch_loop import fitted, reproducible  # noqa: E402

ROWS = np.arange(200)


def line(seed: int = 0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    x = torch.from_numpy(rng.normal(size=(200, 2)).astype(np.float32))
    return x, x[:, 0] - 2 * x[:, 1]


def fit(seed: int = 0, **change: Any) -> Any:
    x, y = line()
    with reproducible(seed, "cpu"):
        network = torch.nn.Linear(2, 1)
        settings: dict[str, Any] = {
            "validation_rows": ROWS[160:],
            "n_epochs": 120,
            "patience": 20,
            "batch_size": 32,
            "learning_rate": 0.05,
            "weight_decay": 0.0,
            "rng": np.random.default_rng(seed),
        }
        return fitted(
            network,
            lambda output, z: torch.nn.functional.mse_loss(output[:, 0], z),
            lambda rows: (x[torch.from_numpy(rows)],),
            y,
            ROWS[:160],
            **(settings | change),
        )


def test_it_learns_a_line() -> None:
    found = fit()
    np.testing.assert_allclose(found.state["weight"].numpy(), [[1.0, -2.0]], atol=0.02)
    assert found.loss == min(found.history)
    assert found.history.index(found.loss) + 1 == found.epochs


def test_the_same_seed_gives_the_same_bits_whatever_ran_before() -> None:
    first = fit(seed=3)
    torch.manual_seed(99)
    fit(seed=4)
    second = fit(seed=3)
    assert torch.equal(first.state["weight"], second.state["weight"])
    assert first.history == second.history
    assert not torch.equal(first.state["weight"], fit(seed=4).state["weight"])


def test_torch_is_left_as_it_was_found() -> None:
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    threads = torch.get_num_threads()
    fit()
    assert torch.equal(torch.rand(1), expected)
    assert torch.get_num_threads() == threads
    assert not torch.are_deterministic_algorithms_enabled()


def test_it_stops_when_validation_gets_no_better() -> None:
    x, _ = line()
    # Validation outcomes that are the opposite of what is learned: the first epoch is the best.
    opposite = torch.cat([x[:160, 0], -x[160:, 0]])
    with reproducible(0, "cpu"):
        network = torch.nn.Linear(2, 1)
        torch.nn.init.zeros_(network.weight)
        found = fitted(
            network,
            lambda output, z: torch.nn.functional.mse_loss(output[:, 0], z),
            lambda rows: (x[torch.from_numpy(rows)],),
            opposite,
            ROWS[:160],
            validation_rows=ROWS[160:],
            n_epochs=50,
            patience=3,
            batch_size=16,
            learning_rate=0.05,
            weight_decay=0.0,
            rng=np.random.default_rng(0),
        )
    assert found.epochs == 1
    assert len(found.history) == 4


def test_without_a_validation_block_all_epochs_are_run() -> None:
    found = fit(validation_rows=None, n_epochs=7)
    assert found.epochs == 7
    assert found.history == ()


def test_a_loss_that_is_no_number_is_an_error() -> None:
    with pytest.raises(ArithmeticError, match="not a finite number in any of 20 epochs"):
        fit(learning_rate=1e30)
