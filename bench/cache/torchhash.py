"""The content of tensors and of torch's modules."""

from typing import Any

from bench.cache.arrayhash import feed_values
from bench.cache.objecthash import feed_class
from bench.cache.writer import Where, Writer, deeper, unhashable

__all__ = ["feed_module", "feed_tensor", "feed_torch"]


def feed_torch(out: Writer, value: Any) -> bool:
    """Write a tensor or a dtype of torch; False for a kind that is not known."""
    import torch

    if isinstance(value, torch.Tensor):
        if type(value) not in _tensors(torch) or torch.nn.parameter.is_lazy(value):
            return False
        if value.is_sparse or value.is_quantized or value.device.type == "meta":
            return False
        out.text(b"tensor", str(value.dtype))
        if type(value) is not torch.Tensor:
            out.text(b"kind", type(value).__name__)
        if vars(value):
            out.value(dict(sorted(vars(value).items())), ("attributes",))
        if value.requires_grad:
            out.part(b"gradient wanted")
        out.part(b"shape", *value.shape)
        flat = value.detach().cpu().resolve_conj().resolve_neg().contiguous().reshape(-1)
        if value.dtype in (torch.float16, torch.float32, torch.float64):
            feed_values(out, flat.numpy())
        else:
            feed_values(out, flat.view(torch.uint8).numpy())
    elif isinstance(value, (torch.dtype, torch.device, torch.Size)):
        out.text(b"torch", repr(value))
    else:
        return False
    return True


def _tensors(torch: Any) -> tuple[type, ...]:
    # A subclass may have more to it, and another arithmetic.
    return (torch.Tensor, torch.nn.Parameter)


def feed_tensor(out: Writer, value: Any, where: Where) -> None:
    """Write a tensor inside a module: what it shares with others makes a difference in training."""
    known = out.parts.get(id(value))
    if known is not None:
        out.part(b"again", known[0])
        return
    out.parts[id(value)] = (len(out.parts), value)
    if not value.is_leaf:
        raise unhashable(value, where, "it still belongs to a computation; detach it")
    if not feed_torch(out, value):
        raise unhashable(value, where, "no canonical bytes for this kind of tensor")
    if value.numel():
        memory = (value.device, value.data_ptr(), value.dtype, value.shape, value.stride())
        owner = out.parts.setdefault(memory, (len(out.parts), None))
        out.part(b"memory", owner[0])
    if value.grad is not None:
        out.part(b"gradient")
        feed_tensor(out, value.grad, (*where, "grad"))


def feed_module(out: Writer, value: Any, where: Where) -> None:
    """Write a module: its class, tensors, modules inside, and whatever else it holds.

    Raises
    ------
    UnhashableData
        For a module with hooks, one that was compiled, and one with a part that cannot be seen.
    """
    import torch

    deeper(value, where)
    known = out.parts.get(id(value))
    if known is not None:
        out.part(b"again", known[0])
        return
    out.parts[id(value)] = (len(out.parts), value)
    if isinstance(value, torch.jit.ScriptModule):
        raise unhashable(value, where, "a compiled module cannot be seen; keep its state_dict")
    out.part(b"module")
    feed_class(out, type(value), where)
    held = dict(vars(value))
    for name in vars(torch.nn.Module()):
        if "_hook" in name and held.pop(name, None):
            raise unhashable(value, (*where, name), "remove its hooks")
    lasting = held.pop("_non_persistent_buffers_set", set())
    for group in ("_parameters", "_buffers", "_modules"):
        found = held.pop(group, {})
        out.part(group.encode(), len(found))
        for name, part in found.items():
            out.text(b"name", name)
            out.part(b"lasting", name not in lasting)
            out.value(part, (*where, name))
    out.part(b"attributes", len(held))
    for name in sorted(held):
        out.text(b"name", name)
        out.value(held[name], (*where, name))
