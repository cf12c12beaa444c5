"""The output layer of a perceptron on the points of some groups: its least-squares problem, dense."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from pinn.errors import Divergence
from pinn.network.chunks import matrix_of, with_less
from pinn.training.output_layer.linear_solve import BLOCK_BYTES, solve_least_squares
from pinn.training.output_layer.variable_projection import output_size
from pinn.training.residuals.admissible import remark
from pinn.training.residuals.assembly import FieldJets, Group, jets_at
from pinn.training.residuals.divergence import place_of
from pinn.training.residuals.linearisation import CornerJets, corner_jets, linear_rows, set_coefficients
from pinn.training.residuals.model import Model

HOLD = 1e-7  # weight of an unknown's change relative to its unit: one that the state says nothing about stays as it is


@dataclass(frozen=True, eq=False)
class PerceptronSystem:
    """Output layer, corner functions and unknowns of the model, in the order of `linear_rows` (a NewtonSystem).

    regularisation   as `solve_least_squares` takes it
    where            the stage and its level, for messages
    """

    model: Model
    groups: Sequence[Group]
    regularisation: float | None
    where: str

    def solved(self, jets: Sequence[FieldJets]) -> Tensor:
        return self.solution(jets)[0]

    @torch.no_grad()
    def solution(self, jets: Sequence[FieldJets] | None) -> tuple[Tensor, float]:
        """Coefficients [P] and the residual norm, the statements linearised at these jets by group, or at zero fields.

        Of load cases the coefficients of each [P, K].

        Raises Divergence where a row or a coefficient is not finite, ResourceError where the matrix does not fit.
        """
        model = self.model
        present = self.unknowns()
        size = output_size(model) - len(present)
        rows, columns = sum(len(group.points) * len(group.indices) for group in self.groups), size + len(present)
        with matrix_of(rows, columns, "features of solver.method.least_squares"):
            coefficients, residual = with_less(
                lambda most: solve_least_squares(self.rows(jets, size), self.regularisation, most),
                BLOCK_BYTES,
                8 * columns**2,  # below it the triangle is what fills the memory
            )
        if not torch.isfinite(coefficients).all():
            features = model.mlp.linears[-1].in_features
            raise Divergence(f"least squares gave coefficients that are not finite (features {features})")
        if len(present):
            coefficients[size:] += present
        return coefficients, residual

    def rows(self, jets: Sequence[FieldJets] | None, size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """The statements' rows in the `size` weights of the output layer and in the change of the unknowns."""
        present, cases = self.unknowns(), [*self.groups[0].problem.cases.values()]
        for number, group in enumerate(self.groups):

            def rows_at(chunk: slice, number: int = number, group: Group = group):
                of = group.points.of
                state = None if jets is None else {d: of(jet, chunk) for d, jet in jets[number].items()}
                corners = [of(channel, chunk) for channel in self.corner_jets[number]]
                return linear_rows(self.model, group, chunk, state, corners, cases)

            for chunk, found in group.in_chunks(rows_at, self.model.mlp.cache_rows):
                self.require_finite(group, chunk, found)
                moved = ((rows, target - rows[:, size:] @ present) for rows, target in found)
                yield from moved if len(present) else found
        if not len(present):
            return
        held = HOLD * torch.eye(len(present)).to(present)
        yield torch.cat([present.new_zeros(len(present), size), held], dim=1), present.new_zeros(len(present))

    @cached_property
    def corner_jets(self) -> list[CornerJets]:
        """Of each group, at once: corners take few operations for many points, and many for a few."""
        return [corner_jets(self.model, group) for group in self.groups]

    def unknowns(self) -> Tensor:
        """The raw unknowns as they are [U]."""
        raw = [value.detach() for value in self.model.raw.values()]
        return torch.stack(raw) if raw else self.model.network.field_scale.new_zeros(0)

    def require_finite(self, group: Group, chunk: slice, found: list[tuple[Tensor, Tensor]]) -> None:
        """Raises Divergence that names the first statement with a row that is not finite, and the point."""
        for statement, (rows, target) in zip(group.statements, found, strict=True):
            total = target.reshape(len(target), -1).sum(dim=1) + rows.sum(dim=1)
            bad = torch.nonzero(~torch.isfinite(total)).flatten()
            if len(bad):
                place = place_of(group.problem, group.points, chunk.start + int(bad[0]))
                raise Divergence(
                    f"term '{statement.name}' is not finite at {place} in {self.where}{remark(group.problem)}"
                )

    @torch.no_grad()
    def coefficients(self) -> Tensor:
        last = self.model.mlp.linears[-1]
        table = torch.cat([last.weight, last.bias[:, None]], dim=1)
        singular = [] if self.model.corners is None else [self.model.corners.coefficients]
        return torch.cat([table.flatten(), *singular, self.unknowns()])

    def set(self, coefficients: Tensor) -> None:
        set_coefficients(self.model, coefficients)

    def jets(self) -> list[FieldJets]:
        return [jets_at(self.model, group) for group in self.groups]
