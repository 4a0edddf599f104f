"""The recurrent network: a window's summary beside the present, added to where forecasts start."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

__all__ = ["network"]


def network(
    channels: int, present: int, *, hidden: int, outputs: int, dropout: float
) -> "torch.nn.Module":
    """Network of (window, present, start) -> start + what was learned.

    The last layers begin at zero, so that training begins at the start itself: persistence for
    values, the shares of training for classes.

    Parameters
    ----------
    channels, present : int
        Columns of the window, (batch, lookback, channels), and of the present, (batch, present).
    outputs : int
        Columns of the start and of the result, (batch, outputs).
    """
    import torch
    from torch import nn

    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.memory = nn.LSTM(channels, hidden, batch_first=True)
            self.mix = nn.Linear(hidden + present, hidden)
            self.drop = nn.Dropout(dropout)
            self.out = nn.Linear(hidden, outputs)
            self.straight = nn.Linear(present, outputs, bias=False)
            # Read by the ordered head alone: log of the latent value's spread.
            self.log_spread = nn.Parameter(torch.zeros(()))
            nn.init.zeros_(self.out.weight)
            nn.init.zeros_(self.out.bias)
            nn.init.zeros_(self.straight.weight)

        def forward(
            self, window: torch.Tensor, present: torch.Tensor, start: torch.Tensor
        ) -> torch.Tensor:
            _, (last, _) = self.memory(window)
            mixed = torch.relu(self.mix(torch.cat([last[0], present], dim=1)))
            learned: torch.Tensor = self.out(self.drop(mixed)) + self.straight(present)
            return start + learned

    return Recurrent()
