"""A pretend card: a device whose tensors compute on the CPU, and refuse what a card refuses.

Every tensor "on the card" is a wrapper around one on the CPU. Each operation unwraps its arguments; one that mixes both
kinds raises what CUDA raises, so a crash on a card is found without one. As on a card, a number (a CPU tensor without
axes) may meet any tensor, `copy_` and `to` cross over, and a tensor on the card may be indexed by one on the CPU, but
not the other way round. Values are those of the CPU to the last bit.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

NAME = "pretend"
aten = torch.ops.aten
CROSSING = {aten.copy_, aten._to_copy}
INDEXING = {aten.index, aten.index_put, aten.index_put_, aten._index_put_impl_}

_setup_privateuseone_for_python_backend(NAME)
CARD, CPU = torch.device(f"{NAME}:0"), torch.device("cpu")


class OnCard(Tensor):
    """A tensor [...] that says it is on the card; `held` is the one that has its values."""

    held: Tensor

    @staticmethod
    def __new__(cls, held: Tensor) -> OnCard:
        made = torch.Tensor._make_wrapper_subclass(
            cls, held.size(), strides=held.stride(), storage_offset=held.storage_offset(), dtype=held.dtype, device=CARD
        )
        made.held = held
        return made

    def __repr__(self, **_: Any) -> str:
        return f"OnCard({self.held!r})"

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if id(self) not in memo:
            copied: Tensor = OnCard(self.held.clone())
            if isinstance(self, torch.nn.Parameter):
                copied = torch.nn.Parameter(copied, self.requires_grad)
            memo[id(self)] = copied
        return memo[id(self)]

    @property
    def data(self) -> Tensor:
        return self.detach()

    @data.setter
    def data(self, value: OnCard) -> None:
        self.held = value.held

    def tolist(self):
        return self.held.tolist()

    def numpy(self, **_: Any):
        raise TypeError(f"can't convert {CARD} device type tensor to numpy. Use Tensor.cpu() first")

    __array__ = numpy

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return computed(func, args, kwargs or {})


def computed(func, args, kwargs):
    """The operation on the CPU, its results on the card where an argument is, or where it was asked to."""
    tensors = [*tensors_of(args), *tensors_of(kwargs.values())]
    refuse_mixing(func, args, tensors)
    asked = kwargs.get("device")
    cards = [one for one in tensors if isinstance(one, OnCard)]
    there = bool(cards) if asked is None else torch.device(asked).type == CARD.type
    kwargs = {name: value for name, value in kwargs.items() if name != "pin_memory"}
    if asked is not None:
        kwargs["device"] = CPU
    found = func(*each(args, held), **{name: each(value, held) for name, value in kwargs.items()})
    known = {id(one): one for one in args if isinstance(one, Tensor)}
    known |= {id(one.held): one for one in cards}  # an operation in place returns its argument
    return each(found, lambda one: known[id(one)] if id(one) in known else OnCard(one) if there else one)


def tensors_of(values):
    """Those among the values, and in the lists among them. (torch's trees of values know more, and take ten times.)"""
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, list | tuple):
            yield from tensors_of(value)


def each(value, change):
    """The value, changed where it is a tensor; of a list, each of its values."""
    if isinstance(value, Tensor):
        return change(value)
    return type(value)(each(one, change) for one in value) if isinstance(value, list | tuple) else value


def held(tensor: Tensor) -> Tensor:
    return tensor.held if isinstance(tensor, OnCard) else tensor


def refuse_mixing(func, args, tensors: list[Tensor]) -> None:
    packet = func.overloadpacket
    if packet in CROSSING:
        return
    if packet in INDEXING and isinstance(args[0], OnCard):
        tensors = [args[0], *tensors_of(args[2:])]  # its indices may lie anywhere
    here = [one for one in tensors if not isinstance(one, OnCard)]
    if len(here) < len(tensors) and any(one.dim() for one in here):
        raise RuntimeError(
            f"Expected all tensors to be on the same device, but found at least two devices, {CARD} and cpu! "
            f"(in {packet}, shapes {[tuple(one.shape) for one in tensors]})"
        )


def _made(func):
    def made(*args, **kwargs):
        return computed(func, args, {"device": CARD, **kwargs})

    return made


_library = torch.library.Library("aten", "IMPL")  # what makes new tensors; all else sees an OnCard
_makers = (aten.empty.memory_format, aten.empty_strided.default)
_makers += (aten.arange.default, aten.arange.start, aten.arange.start_step)  # torch's own would resize an empty tensor
for _function in _makers:
    _library.impl(_function.name().removeprefix("aten::"), _made(_function), "PrivateUse1")


def _copied(source: Tensor, target: Tensor, non_blocking: bool = False) -> Tensor:
    held(target).copy_(held(source))
    return target


_library.impl("_copy_from", _copied, "PrivateUse1")
