"""Collocation on one slab: unknown coefficients at the nodes, and least squares for all statements there.

With the values U [s, F, n] at the nodes of a slab of length h and the state at its start, the derivatives in time at
the nodes are V_0 = U, V_q = (d v_(q-1) + B V_(q-1))/h (`radau.py`): those of Radau IIA for the system of first order in
u, u_t, …, which is L-stable for every order in time. A Newton step solves

    minimise over dU   | r(U) + sum over the jets d of  slope_d (B/h)^q dU . units_d |

for the weighted residuals r of all statements at all nodes. Where the slopes are the same at all nodes the stages come
apart in the eigenvectors of B: one complex problem of F n columns for each pair of eigenvalues.
Source: Hairer & Wanner, Solving Ordinary Differential Equations II, 2nd ed., § IV.8 (simplified Newton iterations).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pinn.equations.scaling import length_factor
from pinn.network.deadline import of_qr, require_time
from pinn.network.legendre import integral
from pinn.problem.problem import Problem
from pinn.training.march.factorised import Factorised
from pinn.training.march.held import Held
from pinn.training.march.radau import Radau
from pinn.training.march.rows import Rows, Slopes, order_in_time, typical
from pinn.training.march.units import Functions

MOST_COUPLED = 300  # columns of all stages together, up to which they are solved for together
COMPLEX = 4  # operations of a complex multiplication and addition, relative to real ones


@dataclass(frozen=True, eq=False)
class Scheme:
    """What is the same on all slabs.

    rows     of the statements that hold at all times
    orders   [F] in time
    scale    [F] of the fields
    held     what conditions decide by themselves; None where stages are coupled
    """

    problem: Problem
    rows: Sequence[Rows]
    orders: tuple[int, ...]
    radau: Radau
    scale: Tensor
    functions: Functions
    held: Held | None = None

    @property
    def coupled(self) -> bool:
        """Whether all stages are solved for together, with slopes of their own."""
        return self.radau.stages * len(self.orders) * self.functions.count <= MOST_COUPLED

    def like(self, array: np.ndarray) -> Tensor:
        return torch.as_tensor(array, dtype=self.scale.dtype, device=self.scale.device)

    def stages(self, nodes: Tensor, start: Tensor, length: float) -> Tensor:
        """V [Q + 1, s, F, n] from the values at the nodes and the state at the start [Q, F, n]."""
        of_start, of_nodes = self.like(self.radau.of_start), self.like(self.radau.of_nodes)
        found = [nodes]
        for order in range(max(self.orders, default=0)):
            slope = torch.einsum("ij,jfw->ifw", of_nodes, found[-1]) + of_start[:, None, None] * start[order]
            has = self.like(np.array([order < own for own in self.orders], dtype=float))
            found.append(slope * has[:, None] / length)
        return torch.stack(found)

    def polynomials(self, nodes: Tensor, start: Tensor, length: float, *, first: bool) -> Tensor:
        """Legendre coefficients [P + 1, F, n] of the fields on the slab: as often integrated as they were derived.

        A field without derivatives in time goes through its value at the start as well, which on the first slab is
        where its values at the nodes lead to.
        """
        stages = self.stages(nodes, start, length)
        whole = nodes.new_zeros(self.degree + 1, *nodes.shape[1:])
        for field, order in enumerate(self.orders):
            highest = max(order - 1, 0)
            begin = start[highest, field]
            if first and not order:
                begin = torch.einsum("s,sw->w", self.like(self.radau.backwards), nodes[:, field])
            values = torch.cat([begin[None], stages[highest, :, field]])
            found = torch.einsum("kn,nw->kw", self.like(self.radau.to_legendre), values)
            for lower in range(highest - 1, -1, -1):
                found = torch.einsum("kn,nw->kw", self.like(integral(len(found) - 1)), found) * (length / 2)
                found[0] += start[lower, field]
            whole[: len(found), field] = found
        return whole

    @property
    def degree(self) -> int:
        """P, of the polynomials in time."""
        return self.radau.stages + max(0, max(self.orders, default=0) - 1)

    def weights(self, slopes: Sequence[list[Slopes]], length: float) -> list[list[float]]:
        """Of every statement's rows: its weight over its magnitude, with the terms in time as large as on a slab."""
        problem = self.problem
        lengths = [float(width) for width in problem.domain.half_width[:-1]] + [length / 2]
        found = []
        for rows, of_rows in zip(self.rows, slopes, strict=True):
            own = []
            for number, index in enumerate(rows.indices):
                squares = problem.scaling.statements[index] ** 2
                for d, size in typical(of_rows[number]).items():
                    if order_in_time(d):
                        unit = problem.scaling.fields[d.field]
                        squares += (size * unit * length_factor(d.partial, lengths, problem.space)) ** 2
                own.append(rows.weight(number) / squares**0.5)
            found.append(own)
        return found

    def weighted(self, state: Tensor, times: Tensor, weights: Sequence[Sequence[float]]) -> Tensor:
        """Residuals of all rows [s, R]."""
        return torch.cat(
            [
                weight * value
                for rows, own in zip(self.rows, weights, strict=True)
                for weight, value in zip(own, rows.residuals(state, times), strict=True)
            ],
            dim=1,
        )

    def defects(self, state: Tensor, times: Tensor) -> list[float]:
        """Root mean square of every statement's residual over points and instants, relative to its magnitude."""
        scaling = self.problem.scaling.statements
        return [
            float(value.square().mean().sqrt()) / scaling[index]
            for rows in self.rows
            for index, value in zip(rows.indices, rows.residuals(state, times), strict=True)
        ]

    def rounding(self, state: Tensor, times: Tensor, length: float) -> float:
        """What rounding errors leave of a statement's residual: those of u, differentiated q times on the nodes.

        eps |slope| |u| (2 s^2/h)^q, by Markov's inequality for polynomials of degree s; the largest, over magnitudes.
        """
        eps, steepest = torch.finfo(self.scale.dtype).eps, 2 * self.radau.stages**2 / length
        found = 0.0
        for rows in self.rows:
            jets = rows.slopes(state, times)
            for number, index in enumerate(rows.indices):
                for d, size in typical(jets[number]).items():
                    if order := order_in_time(d):
                        value = (
                            state[0, :, rows.field_of[d]].square().sum(dim=1).mean().sqrt()
                            * self.scale[rows.field_of[d]]
                        )
                        share = size * float(value) * steepest**order / self.problem.scaling.statements[index]
                        found = max(found, eps * share)
        return found


class Factors:
    """The statements linearised at a state, factorised for a slab's length: what a Newton step is solved with."""

    def __init__(self, scheme: Scheme, state: Tensor, times: Tensor, length: float):
        """With coupled stages the state is that at the nodes, else that at one instant."""
        self.scheme, self.state, self.times, self.length = scheme, state, times, length
        slopes = [rows.slopes(state, times) for rows in scheme.rows]
        self.weights = scheme.weights(slopes, length)
        if scheme.coupled:
            self.solvers = [Factorised(self.coupled(slopes))]
            return
        values = scheme.radau.eigenvalues
        self.chosen = [k for k, value in enumerate(values) if value.imag >= 0]
        assert scheme.held is not None
        parts = [part @ scheme.held.others for part in self.parts(slopes)]
        require_time(COMPLEX * len(self.chosen) * of_qr(sum(parts[0].shape), parts[0].shape[1]))
        self.solvers = [self.factorised(parts, complex(values[k] / length)) for k in self.chosen]

    def parts(self, slopes: Sequence[list[Slopes]]) -> list[Tensor]:
        """For each order q in time [R, F n]: the slopes at the instant times the functions."""
        scheme = self.scheme
        found: list[list[Tensor]] = [[] for _ in range(max(scheme.orders, default=0) + 1)]
        for rows, of_rows, own in zip(scheme.rows, slopes, self.weights, strict=True):
            for of_statement, weight in zip(of_rows, own, strict=True):
                blocks = scheme.scale.new_zeros(
                    len(found), len(rows.points), len(scheme.orders), scheme.functions.count
                )
                for d, slope in of_statement.items():
                    if (part := rows.on_functions(slope[:1] * weight, d)) is not None:
                        blocks[order_in_time(d), :, rows.field_of[d]] += part[0]
                for order, block in enumerate(blocks):
                    found[order].append(block.flatten(1))
        return [torch.cat(blocks) for blocks in found]

    @staticmethod
    def factorised(parts: Sequence[Tensor], eigenvalue: complex) -> Factorised:
        """Of the sum of eigenvalue^q times the part of order q."""
        if not eigenvalue.imag:
            return Factorised(sum((eigenvalue.real**q * part for q, part in enumerate(parts[1:], 1)), start=parts[0]))
        return Factorised(
            torch.complex(
                sum(((eigenvalue**q).real * part for q, part in enumerate(parts[1:], 1)), start=parts[0]),
                sum(((eigenvalue**q).imag * part for q, part in enumerate(parts[1:], 1)), start=0 * parts[0]),
            )
        )

    def coupled(self, slopes: Sequence[list[Slopes]]) -> Tensor:
        """[s R, s F n]."""
        scheme = self.scheme
        stages, fields, highest = scheme.radau.stages, len(scheme.orders), max(scheme.orders, default=0)
        powers = [
            scheme.like(np.linalg.matrix_power(scheme.radau.of_nodes / self.length, q)) for q in range(highest + 1)
        ]
        blocks = []
        for rows, of_rows, own in zip(scheme.rows, slopes, self.weights, strict=True):
            for of_statement, weight in zip(of_rows, own, strict=True):
                block = scheme.scale.new_zeros(stages, len(rows.points), stages, fields, scheme.functions.count)
                for d, slope in of_statement.items():
                    if (part := rows.on_functions(slope * weight, d)) is not None:
                        power = powers[order_in_time(d)]
                        block[:, :, :, rows.field_of[d]] += torch.einsum("ij,inw->injw", power, part)
                blocks.append(block.flatten(2))
        return torch.cat(blocks, dim=1).flatten(0, 1)

    def step(self, residual: Tensor) -> Tensor:
        """dU [s, F, n] that a Newton step adds, for weighted residuals [s, R]."""
        shape = (self.scheme.radau.stages, len(self.scheme.orders), self.scheme.functions.count)
        if self.scheme.coupled:
            return -self.solvers[0].solved(residual.flatten()).reshape(shape)
        vectors = torch.as_tensor(self.scheme.radau.eigenvectors, device=residual.device)
        apart = torch.linalg.solve(vectors, residual.to(vectors))
        found = torch.zeros(shape, dtype=residual.dtype, device=residual.device)
        assert self.scheme.held is not None
        others = self.scheme.held.others.to(vectors)
        for k, solver in zip(self.chosen, self.solvers, strict=True):
            part = (others @ solver.solved(apart[k]).to(vectors)).reshape(shape[1:])
            twice = 2 if self.scheme.radau.eigenvalues[k].imag else 1  # with its conjugate
            found -= twice * (vectors[:, k, None, None] * part).real.to(found)
        return found
