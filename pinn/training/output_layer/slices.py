"""Least squares on slices: a linear family is solved at some values of its parameters, and a series joins them.

The slices lie at Chebyshev's nodes of every parameter and share one sampled hidden layer. Each is a least-squares
problem for an output layer of its own; the polynomial in the parameters through these output layers gives the fields
everywhere between (`network/series.py`). It converges exponentially where the solution is analytic in the parameters,
with few slices of few features where features of all axes together would be many.

Where the parameters move the domain, a slice has its conditions on its own boundary and its equations in all shapes of
the family, so that at every point of the family all slices have a value: a slice is continued a little beyond itself.

Sources: Babuška, Nobile & Tempone, SIAM J. Numer. Anal. 45 (2007) 1005 (collocation in the parameters);
`training/output_layer/least_squares.py` for the sampled layer.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from time import perf_counter

import numpy as np
import torch
from torch import Tensor

from pinn.domain.domain import Domain
from pinn.domain.places import Initial, Interior
from pinn.errors import Divergence
from pinn.geometry.points.seeds import seed_of
from pinn.network.activations import ACTIVATIONS
from pinn.network.mlp import MLP
from pinn.network.series import SeriesNetwork, chebyshev_nodes, interpolation
from pinn.spec.blocks.solver import SlicesOptions
from pinn.training.output_layer.least_squares import (
    BOUNDARY_PER_FEATURE,
    FIRST_FEATURES,
    FIRST_SCALES,
    GROWTH,
    INTERIOR_PER_FEATURE,
    SCALE_STEP,
    STAGNATION_GAIN,
)
from pinn.training.output_layer.linear_solve import solve_least_squares
from pinn.training.output_layer.sampled_layer import sampled_model
from pinn.training.residuals.admissible import remark
from pinn.training.residuals.assembly import CONDITION_WEIGHT_SOLVED, heldout_residual
from pinn.training.residuals.linearisation import linear_rows, set_coefficients
from pinn.training.residuals.model import Model, series_network
from pinn.training.residuals.points import draw, draw_heldout
from pinn.training.run.run import Report, Run
from pinn.training.run.state import State
from pinn.training.run.stop_reason import StopReason

FIRST_TERMS = {1: 5}  # of the series in each parameter, by how many there are
FEWEST_TERMS = 3  # in more parameters
MOST_PARAMETERS = 3  # for which `auto` takes slices: their number is a power of it
LONGER = 1.5  # terms from one level to the next
TOO_SHORT = 1.5  # residual of the family relative to that of the slices, above which the series is too short
LEAST_GROWTH = 1.15  # of the features, below which another level is not worth its time
TAIL_POINTS = 500  # at which the last terms of the series are compared
WORSE_LEVELS = 2  # that together gain less than STAGNATION_GAIN


class Slices:
    """Stage: one step is one scale of the hidden layer tried on the slice in the middle, or a level: all slices solved.

    More features follow where the slices are not accurate, more slices where the series between them is not.

    features   M of the hidden layer
    terms      slices in each parameter, as many as terms of the series
    """

    name = "slices"
    measure_every = 2**62  # only a whole level is measured

    def __init__(self, options: SlicesOptions, run: Run):
        self.options, self.run, self.problem = options, run, run.problem
        parameters = len(self.problem.parameters)
        self.features = options.features or FIRST_FEATURES
        self.terms = [options.terms or FIRST_TERMS.get(parameters, FEWEST_TERMS)] * parameters
        unit = ACTIVATIONS[self.problem.spec.network.activation.name].scale
        self.queue = [options.scale] if options.scale else [unit * scale for scale in FIRST_SCALES]
        self.results: dict[float, float] = {}  # scale -> residual of the slice in the middle, with the first features
        self.scale = self.queue[0]  # the best of them; it follows the number of features
        self.levels: list[float] = []  # residual of the family on each level
        self.lengthened = False  # whether the last level has a longer series than the one before

    def state_dict(self) -> State:
        names = ("features", "terms", "queue", "results", "scale", "levels", "lengthened")
        return {name: getattr(self, name) for name in names}

    def load_state_dict(self, state: State) -> None:
        for name, value in state.items():
            if name != "name":
                setattr(self, name, value)

    def step(self) -> Report:
        if self.queue:
            return self.try_scale(self.queue.pop(0))
        begun = perf_counter()
        model, losses, residuals = self.solve(self.scale)
        self.run.model = model
        heldout = self.run.heldout(model)
        extra = {"features": self.features, "scale": self.scale, "slices": len(losses)}
        report = Report(float(np.mean(losses)), heldout=heldout, extra=extra)
        if heldout > self.run.tolerance:
            report.finished = self.plan_next(heldout, float(np.sqrt(np.mean(np.square(residuals)))), begun)
        return report

    def try_scale(self, scale: float) -> Report:
        """The slice in the middle with this scale; then its neighbours, as long as they are better."""
        middle = self.problem.domain.centre[self.parameter_axes]
        model = self.sampled(scale)
        _, loss = self.solve_slice(model, middle, 0)
        self.results[scale] = self.slice_residual(model, middle)
        self.scale = min(self.results, key=lambda scale: self.results[scale])
        if not self.queue and not self.options.scale:
            for neighbour in (self.scale * SCALE_STEP, self.scale / SCALE_STEP):
                if not any(abs(tried / neighbour - 1) < 0.1 for tried in self.results):
                    self.queue = [neighbour]
                    break
        return Report(loss, extra={"features": self.features, "scale": scale, "slice_residual": self.results[scale]})

    def plan_next(self, heldout: float, of_slices: float, begun: float) -> StopReason | None:
        """Lengthen the series where the family is worse than its slices, else take more features."""
        before = self.levels[-1] if self.levels else math.inf
        self.levels.append(heldout)
        earlier, recent = self.levels[:-WORSE_LEVELS], self.levels[-WORSE_LEVELS:]
        if earlier and min(recent) * STAGNATION_GAIN > min(earlier):
            return StopReason.STAGNATED
        seconds = perf_counter() - begun
        in_vain = self.lengthened and heldout * STAGNATION_GAIN > before
        if not self.options.terms and heldout > TOO_SHORT * of_slices and not in_vain:
            axis = self.slowest()
            longer = math.ceil(LONGER * self.terms[axis])
            enough = seconds * longer / self.terms[axis] <= self.run.remaining
            self.terms[axis], self.lengthened = longer, True
            return None if enough else StopReason.TIME_LIMIT
        if self.options.features:
            return StopReason.ITERATION_LIMIT
        growth = min(GROWTH, (max(self.run.remaining, 0.0) / seconds) ** (1 / 3))
        enough = growth >= LEAST_GROWTH
        growth = growth if enough else GROWTH  # for a run that goes on with more time
        self.features, self.lengthened = math.ceil(self.features * growth), False
        if not self.options.scale:  # features of reach 1/R in d dimensions: as many more of them fit as R^d grows
            self.scale *= growth ** (1 / (len(self.problem.axes) - len(self.terms)))
        return None if enough else StopReason.TIME_LIMIT

    def slowest(self) -> int:
        """The parameter in which the last terms of the series are the largest."""
        assert self.run.model is not None
        network = self.run.model.network
        assert isinstance(network, SeriesNetwork)
        points = torch.as_tensor(self.problem.heldout_points(TAIL_POINTS, self.run.seed_for(self.name, "tail"))).to(
            network.field_scale
        )
        with torch.no_grad():
            size = network.terms(points).reshape(len(points), len(network.degrees), -1).square().mean(dim=(0, 2))
        tails = [float(size[network.degrees[:, axis] == terms - 1].sum()) for axis, terms in enumerate(self.terms)]
        return int(np.argmax(tails))

    # ---- one level -----------------------------------------------------------------------------------------------

    @property
    def parameter_axes(self) -> list[int]:
        return [self.problem.axes.index(name) for name in self.problem.parameters]

    def sampled(self, scale: float) -> Model:
        """A sampled hidden layer that does not see the parameters, the same for all slices of a level."""
        run = self.run
        generator = torch.Generator().manual_seed(run.seed_for(self.name, "features", self.features))
        seed = run.seed_for(self.name, "hyperplanes", len(self.levels))
        return sampled_model(
            self.problem, self.features, scale, seed, generator, run.device, run.dtype, without=self.parameter_axes
        )

    def solve(self, scale: float) -> tuple[Model, list[float], list[float]]:
        """The series of this level, and for every slice its loss and its residual."""
        centre, half_width = self.ranges()
        model = self.sampled(scale)
        nodes = [chebyshev_nodes(count).numpy() for count in self.terms]
        tables, losses, residuals = [], [], []
        for number, t in enumerate(product(*nodes)):
            values = centre + half_width * np.array(t)
            table, loss = self.solve_slice(model, values, number + 1)
            tables.append(table)
            losses.append(loss)
            residuals.append(self.slice_residual(model, values))
        series = torch.ones(1, 1, dtype=torch.float64)
        for count in self.terms:
            series = torch.kron(series, interpolation(count))
        terms = torch.einsum("jk,kfm->jfm", series.to(tables[0]), torch.stack(tables))
        degrees = torch.tensor([*product(*(range(count) for count in self.terms))])
        network = series_network(self.problem, self.features, degrees, self.run.device, self.run.dtype)
        fill(network, model.mlp, terms)
        return Model(self.problem, network, self.problem.spec.solver.derivatives), losses, residuals

    def ranges(self) -> tuple[np.ndarray, np.ndarray]:
        lower, upper = np.array([*self.problem.parameters.values()]).T
        return (lower + upper) / 2, (upper - lower) / 2

    def slice_residual(self, model: Model, values: np.ndarray) -> float:
        member = self.problem.domain.at(values)
        return heldout_residual(model, draw_heldout(self.problem, self.run.device, self.run.dtype, member))

    def solve_slice(self, model: Model, values: np.ndarray, number: int) -> tuple[Tensor, float]:
        """Solve for the output layer of the model at these parameters: [F, M + 1], the biases last, and the loss."""
        with torch.no_grad():
            coefficients, residual = solve_least_squares(self.rows(model, values, number), self.options.regularisation)
            if not torch.isfinite(coefficients).all():
                raise Divergence(f"least squares gave coefficients that are not finite (features {self.features})")
            set_coefficients(model, coefficients)
        return coefficients.reshape(len(model.outputs), -1), residual**2

    def rows(self, model: Model, values: np.ndarray, number: int) -> Iterator[tuple[Tensor, Tensor]]:
        """The statements at these parameters: conditions on the slice's boundary, equations in all shapes."""
        run, member = self.run, self.problem.domain.at(values)
        seed = run.seed_for(self.name, len(self.levels))
        everywhere = self.problem.domain.redrawn(seed)
        counts = (INTERIOR_PER_FEATURE * self.features, BOUNDARY_PER_FEATURE * self.features)
        own = draw(self.problem, *counts, seed_of(seed, number), run.device, run.dtype, CONDITION_WEIGHT_SOLVED, member)
        for group in own:
            place = group.statements[0].place
            if isinstance(place, Interior | Initial):
                points = everywhere.sample(place, len(group.points), seed).to(device=run.device, dtype=run.dtype)
                points.points[:, self.parameter_axes] = torch.as_tensor(values).to(points.points)
                group = replace(group, points=points)
            for chunk in group.chunks(model.network.cache_rows):
                for statement, (rows, target) in zip(
                    group.statements, linear_rows(model, group, chunk, None), strict=True
                ):
                    finite = torch.isfinite(target) & torch.isfinite(rows.sum(dim=1))
                    if not finite.all():
                        self.require_outside(group.points.points[chunk][~finite], member, statement.name)
                    yield rows[finite], target[finite]

    def require_outside(self, points: Tensor, member: Domain, name: str) -> None:
        """Raises Divergence if one of the points, where a statement is not finite, lies in the slice itself."""
        shape = member.over()
        inside = shape.level(points[:, : shape.dimension].cpu().numpy()) <= 0
        for point in points[torch.as_tensor(inside)][:1].tolist():
            place = ", ".join(f"{a} = {c:.6g}" for a, c in zip(self.problem.axes, point, strict=True))
            raise Divergence(f"term '{name}' is not finite at {place} in {self.name}{remark(self.problem)}")


def fill(network: SeriesNetwork, layer: MLP, terms: Tensor) -> None:
    """Give a series the hidden layer of a slice's network, and its terms [J, F, M + 1], the biases last."""
    hidden, output = network.terms.linears
    with torch.no_grad():
        network.terms.features.load_state_dict(layer.features.state_dict())
        hidden.load_state_dict(layer.linears[0].state_dict())
        output.weight.copy_(terms[:, :, :-1].flatten(0, 1))
        output.bias.copy_(terms[:, :, -1].flatten())
