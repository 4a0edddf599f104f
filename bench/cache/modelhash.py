"""The content of tensors and boosters."""

from typing import Any

from bench.cache.arrayhash import feed_values
from bench.cache.writer import Writer

__all__ = ["feed_torch", "feed_xgboost"]


def feed_torch(out: Writer, value: Any) -> bool:
    """Write a tensor or a dtype of torch; False for a kind that is not known."""
    import torch

    if isinstance(value, torch.Tensor):
        if value.is_sparse or value.is_quantized or value.device.type == "meta":
            return False
        out.text(b"tensor", str(value.dtype))
        out.part(b"shape", *value.shape)
        flat = value.detach().cpu().contiguous().reshape(-1)
        if value.dtype in (torch.float16, torch.float32, torch.float64):
            feed_values(out, flat.numpy())
        else:
            feed_values(out, flat.view(torch.uint8).numpy())
    elif isinstance(value, (torch.dtype, torch.device, torch.Size)):
        out.text(b"torch", repr(value))
    else:
        return False
    return True


def feed_xgboost(out: Writer, value: Any) -> bool:
    """Write a booster by its canonical UBJSON; False for a kind that is not known."""
    import xgboost

    if type(value) is not xgboost.Booster:
        return False
    out.blob(b"booster", bytes(value.save_raw("ubj")))
    return True
