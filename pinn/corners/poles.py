"""Poles: solutions of r^-1 about points outside of a domain, which fields inside are made of beside smooth ones.

    P_jk(x) = Re sum_q c_kq rho_j^-1 e^(i q theta_j),   rho_j = |x - p_j|/R_j,   theta_j the polar angle of x - p_j

The functions k of a pole are all that the principal part of the equations has of r^-1 (holes.py): derivatives of its
fundamental solution. What varies fast near a boundary, around a fillet or between two holes, does so as a few poles
behind that boundary do; poles that gather at a vertex follow what is singular there.
Sources: Fairweather & Karageorghis, Adv. Comput. Math. 9 (1998) 69 (fundamental solutions outside a domain);
Gopal & Trefethen, SIAM J. Numer. Anal. 57 (2019) 2074 (poles that gather at corners).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pinn.corners.functions import CornerFunctions
from pinn.corners.smoothness import sector_angles
from pinn.derivatives.jets import JetPlan

MOST_HARMONICS = 64
NEGLIGIBLE = 1e-14  # of the largest harmonic
PAIRS = 60_000  # of points and poles that are evaluated at once


class PoleTable(nn.Module):
    """n = J K functions of F outputs, pole by pole.

    places     [J, 2];  radii [J], R_j > 0
    harmonics  [K, F, Q + 1, 2]: c_kq for q >= 0, real and imaginary parts; those of -q are their conjugates
    """

    places: Tensor
    radii: Tensor
    harmonics: Tensor

    NAMES: ClassVar[tuple[str, ...]] = ("places", "radii", "harmonics")

    def __init__(self, tensors: Mapping[str, Tensor], fields: int):
        super().__init__()
        self.fields = fields
        for name in self.NAMES:
            self.register_buffer(name, tensors[name].double().clone())
        self._slopes: dict[tuple[tuple[int, int], int], Tensor] = {}

    def _apply(self, fn, recurse=True):
        """A table moves between devices; its numbers stay in float64."""
        device = fn(self.radii).device
        for name in self.NAMES:
            self._buffers[name] = self.get_buffer(name).to(device)
        self._slopes = {}
        return self

    def __len__(self) -> int:
        return len(self.places) * len(self.harmonics)

    def jets(self, points: Tensor, plan: JetPlan, inward: Tensor | None = None) -> list[Tensor]:
        """Channels [N, F, n] of the functions at points [N, D], whose first two coordinates are those of the plane."""
        return [channel.to(points) for channel in self._evaluated(points, plan, None)]

    def combined(self, points: Tensor, plan: JetPlan, coefficients: Tensor) -> list[Tensor]:
        """Channels [N, F] of the sum of the functions times coefficients [n]."""
        weights = coefficients.double()[:, None]
        return [channel[:, :, 0].to(points) for channel in self._evaluated(points, plan, weights)]

    def _evaluated(self, points: Tensor, plan: JetPlan, mixing: Tensor | None) -> list[Tensor]:
        """Channels [N, F, n], or [N, F, m] of sums."""
        exact = points.double()
        size = max(1, PAIRS // max(1, len(self.places)))
        parts = [self._chunk(chunk, plan, mixing) for chunk in exact.split(size)]
        return [torch.cat(channels) for channels in zip(*parts, strict=True)]

    def _chunk(self, points: Tensor, plan: JetPlan, mixing: Tensor | None) -> list[Tensor]:
        offset = (points[:, None, :2] - self.places) / self.radii[:, None]  # [N, J, 2]
        inverse = 1 / offset.norm(dim=2)
        c, s = (offset * inverse[:, :, None]).unbind(dim=2)
        found, count = [], len(points)
        width = self.fields * len(self.harmonics)
        turns = circular(c, s, self.harmonics.shape[2] + plan.order)  # [N, J, 2 H]
        for channel in plan.channels:
            if any(channel.orders[2:]):
                columns = len(self) if mixing is None else mixing.shape[1]
                found.append(points.new_zeros(count, self.fields, columns))
                continue
            slopes = self.slopes((channel.orders[0], channel.orders[1]), channel.laplacians)  # [F K, 2 H]
            values = turns[:, :, : slopes.shape[1]].reshape(-1, slopes.shape[1]) @ slopes.T
            scaled = values.reshape(count, -1, width)
            scaled *= (inverse ** (channel.order + 1) * self.radii**-channel.order)[:, :, None]
            by_field = scaled.reshape(count, len(self.places), self.fields, -1).transpose(1, 2).flatten(2)
            found.append(by_field if mixing is None else by_field @ mixing)
        return found

    def slopes(self, orders: tuple[int, int], laplacians: int) -> Tensor:
        """D^orders Laplace^laplacians of the functions at rho = 1, R = 1: factors [F K, 2 H] of cos and sin."""
        key = (orders, laplacians)
        if key not in self._slopes:
            given = torch.view_as_complex(self.harmonics).cpu().numpy()
            slopes = turned(given, orders, laplacians)  # [K, F, H]
            factors = np.stack([2 * np.real(slopes), -2 * np.imag(slopes)], axis=-1)
            factors[:, :, 0] /= 2  # of q = 0 there is one, of all others two that are conjugates
            flat = factors.swapaxes(0, 1).reshape(self.fields * len(given), -1)
            self._slopes[key] = torch.as_tensor(flat).to(self.radii)
        return self._slopes[key]


def circular(c: Tensor, s: Tensor, count: int) -> Tensor:
    """cos(q theta), sin(q theta) for q = 0 to count - 1, from those of theta: [*shape, 2 count]."""
    found = [torch.ones_like(c), torch.zeros_like(c)]
    for _ in range(1, count):
        before_c, before_s = found[-2:]
        found += [before_c * c - before_s * s, before_s * c + before_c * s]
    return torch.stack(found, dim=-1)


def turned(harmonics: NDArray, orders: tuple[int, int], laplacians: int) -> NDArray:
    """Harmonics [K, F, H] of a derivative of r^-1 sum_q c_q e^(i q theta), without its power of r.

    d_z (r^b e^(i q theta)) = (b + q)/2 r^(b - 1) e^(i (q - 1) theta), and d_zbar with -q and q + 1.
    """
    whole = {q: harmonics[:, :, q] for q in range(harmonics.shape[2])}
    whole |= {-q: harmonics[:, :, q].conj() for q in range(1, harmonics.shape[2])}
    power = -1
    steps = [(1, 1)] * orders[0] + [(1j, -1j)] * orders[1]
    for along, against in steps:
        whole = _sum(_slope(whole, power, -1, along), _slope(whole, power, 1, against))
        power -= 1
    for _ in range(laplacians):
        whole = _slope(_slope(whole, power, -1, 2), power - 1, 1, 2)
        power -= 2
    highest = max(whole)
    zero = np.zeros(harmonics.shape[:2], dtype=complex)
    return np.stack([whole.get(q, zero) for q in range(highest + 1)], axis=2)


def _slope(whole: dict[int, NDArray], power: int, turn: int, factor: complex) -> dict[int, NDArray]:
    """factor * d_z (turn -1) or d_zbar (turn 1)."""
    return {q + turn: factor * (power - turn * q) / 2 * value for q, value in whole.items()}


def _sum(first: dict[int, NDArray], second: dict[int, NDArray]) -> dict[int, NDArray]:
    zero = np.zeros_like(next(iter(first.values())))
    return {q: first.get(q, zero) + second.get(q, zero) for q in {*first, *second}}


def harmonics_of(found: CornerFunctions, outputs: tuple[str, ...]) -> Tensor:
    """c_kq of functions of r^-1 around a full turn (hole_functions), for all outputs of a network."""
    fine = found.discretisation
    count = 2 * MOST_HARMONICS
    angles = np.linspace(0.0, 2 * np.pi, count, endpoint=False) + sector_angles(fine)[0][0]
    kept = [function for function in found.functions if function.exponent.real == -1]
    table = np.zeros((len(kept), len(outputs), MOST_HARMONICS), dtype=complex)
    sector = fine.wedge.sectors[0]
    for number, function in enumerate(kept):
        for field, name in enumerate(sector.outputs):
            values = np.real(fine.sampled(function.levels.T, 0, field, angles)[:, 0])
            spectrum = np.fft.fft(values)[:MOST_HARMONICS] / count
            turns = np.exp(-1j * np.arange(MOST_HARMONICS) * angles[0])
            table[number, outputs.index(name)] = spectrum * turns
    sizes = np.abs(table).max(axis=(0, 1))
    table[:, :, sizes < NEGLIGIBLE * sizes.max()] = 0
    last = int(np.flatnonzero(sizes >= NEGLIGIBLE * sizes.max())[-1])
    return torch.view_as_real(torch.as_tensor(table[:, :, : last + 1].copy()))
