"""Plain data as JSON and tensors: dictionaries with any keys, tuples, NaN and tensors come back as they were.

A tensor stands in the JSON as {"tensor": NAME, "stride": [...]}: laid out another way in memory, it would round another
way. What JSON has no form for is an object with a key of MARKS; a dictionary that looks like one is written as pairs.
"""

from __future__ import annotations

import json
from typing import Any

import torch
from torch import Tensor

MARKS = ("tensor", "tuple", "pairs")
WIDEST = 100  # times its numbers, that a tensor's memory may span: a few columns of a table


def encode(value: Any, tensors: dict[str, Tensor]) -> Any:
    """What JSON can hold; tensors are added to `tensors`. Raises TypeError for anything else than plain data."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Tensor):
        name = str(len(tensors))
        # a copy, since safetensors refuses tensors that share memory
        tensors[name] = value.detach().to("cpu", copy=True, memory_format=torch.contiguous_format)
        stride = list(value.stride())
        return {"tensor": name, "stride": stride if 0 not in stride else list(tensors[name].stride())}
    if isinstance(value, tuple):
        return {"tuple": [encode(entry, tensors) for entry in value]}
    if isinstance(value, list):
        return [encode(entry, tensors) for entry in value]
    if isinstance(value, dict):
        if all(isinstance(key, str) for key in value) and not any(mark in value for mark in MARKS):
            return {key: encode(entry, tensors) for key, entry in value.items()}
        return {"pairs": [[encode(key, tensors), encode(entry, tensors)] for key, entry in value.items()]}
    raise TypeError(f"a state cannot hold {type(value).__name__}")


def decode(value: Any, tensors: dict[str, Tensor]) -> Any:
    """The plain data that `encode` was given. Raises KeyError where a tensor is missing."""
    if isinstance(value, list):
        return [decode(entry, tensors) for entry in value]
    if not isinstance(value, dict):
        return value
    if "tensor" in value:
        return laid_out(tensors[value["tensor"]], tuple(value["stride"]))
    if "tuple" in value:
        return tuple(decode(entry, tensors) for entry in value["tuple"])
    if "pairs" in value:
        return {decode(key, tensors): decode(entry, tensors) for key, entry in value["pairs"]}
    return {key: decode(entry, tensors) for key, entry in value.items()}


def laid_out(tensor: Tensor, stride: tuple[int, ...]) -> Tensor:
    """A copy with these strides. Raises ValueError for strides that no view of a tensor of a training has."""
    span = 1 + sum((size - 1) * step for size, step in zip(tensor.shape, stride, strict=True))
    if min(stride, default=1) < 1 or span > WIDEST * max(tensor.numel(), 1):
        raise ValueError(f"a tensor of shape {list(tensor.shape)} with strides {list(stride)}")
    return torch.empty_strided(tuple(tensor.shape), stride, dtype=tensor.dtype).copy_(tensor)


def to_bytes(value: Any) -> tuple[bytes, bytes]:
    """(JSON, safetensors) of plain data."""
    from safetensors.torch import save

    tensors: dict[str, Tensor] = {}
    text = json.dumps(encode(value, tensors), ensure_ascii=False, separators=(",", ":"))
    return text.encode(), save(tensors)


def from_bytes(text: bytes, tensors: bytes) -> Any:
    """The plain data again. Raises ValueError, KeyError or SafetensorError where that is not what the bytes are."""
    from safetensors.torch import load

    return decode(json.loads(text), load(tensors))
