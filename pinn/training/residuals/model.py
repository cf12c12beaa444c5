"""Model: everything that trains, i.e. the network and the unknown parameters of an inverse problem."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from pinn.corners.network import CornerNetwork
from pinn.derivatives.autograd import jets_by_autograd
from pinn.derivatives.jets import JetPlan
from pinn.equations.compiler.compile import Derivative
from pinn.network.cell_network import CellNetwork
from pinn.network.features import InputFeatures
from pinn.network.field_network import FieldNetwork
from pinn.network.hardness import Learning
from pinn.network.mlp import MLP, Tape
from pinn.network.series import SeriesNetwork
from pinn.network.space_units import SpaceUnits
from pinn.problem.problem import Problem
from pinn.spec.blocks.network import ActivationOptions


class Model(nn.Module):
    """Fields of a problem as a network, and its unknown parameters, in units of their first guess.

    Of modes the network is one of them, the first one, and there are besides

    eigenvalue    [] of the one that the network is
    eigenvalues   [K] of all
    shapes        [K, P] their coefficients, in the order of `linearisation.set_coefficients`
    residuals, errors   [K] of each, and the estimated error of its eigenvalue; both relative
    unsure        [K] imaginary parts of the eigenvalues, relative, which is nothing of a real one

    Of load cases the network is the first one, and there are besides

    loaded        [K, P] coefficients of all, in the same order

    derivatives   "jets", or "autograd" for the slow reference
    """

    network: FieldNetwork
    eigenvalue: Tensor
    eigenvalues: Tensor
    shapes: Tensor
    residuals: Tensor
    errors: Tensor
    unsure: Tensor
    loaded: Tensor

    def __init__(self, problem: Problem, network: FieldNetwork, derivatives: str = "jets"):
        super().__init__()
        self.network = network
        self.outputs = problem.outputs
        self.derivatives = derivatives
        self.bounds = {name: bounds[1:] for name, bounds in problem.unknowns.items()}
        self.units = {name: abs(bounds[0]) or 1.0 for name, bounds in problem.unknowns.items()}
        scale = network.field_scale
        self.raw = nn.ParameterDict(
            {
                name: nn.Parameter(scale.new_tensor(value[0] / self.units[name]))
                for name, value in problem.unknowns.items()
            }
        )

        self.eigen = problem.eigen
        if self.eigen is not None:
            count = self.eigen.count
            self.register_buffer("eigenvalue", scale.new_zeros(()))
            self.register_buffer("eigenvalues", scale.new_zeros(count))
            self.register_buffer("shapes", scale.new_zeros(count, self.output_size))
            self.register_buffer("residuals", scale.new_ones(count))
            self.register_buffer("errors", scale.new_ones(count))
            self.register_buffer("unsure", scale.new_zeros(count))
        if problem.cases:
            self.register_buffer("loaded", scale.new_zeros(len(problem.cases), self.output_size))

    @property
    def output_size(self) -> int:
        """Number of weights in the output layer, biases included, and of coefficients of corner functions."""
        singular = 0 if self.corners is None else len(self.corners.coefficients)
        return sum(parameter.numel() for parameter in self.mlp.linears[-1].parameters()) + singular

    @property
    def mlp(self) -> MLP:
        """The network, or what of it is smooth, for solvers of multilayer perceptrons."""
        network = self.network if self.corners is None else self.corners.smooth
        assert isinstance(network, MLP)
        return network

    @property
    def corners(self) -> CornerNetwork | None:
        """The network, where it has functions of corners beside a perceptron."""
        return self.network if isinstance(self.network, CornerNetwork) else None

    @property
    def cell_network(self) -> CellNetwork:
        """The network, for solvers on a partition of unity."""
        assert isinstance(self.network, CellNetwork)
        return self.network

    def slice_network(self, values: Mapping[int, float]) -> MLP:
        """The network of a slice: a function of the other axes, the parameters having these values (axis -> value)."""
        assert isinstance(self.network, MLP | SeriesNetwork)  # a family is never solved on cells
        return self.network.restricted(values)

    @property
    def unknowns(self) -> dict[str, Tensor]:
        """What expressions have beside coordinates, in the user's units, name -> scalar: unknowns, an eigenvalue."""
        found = {name: raw * self.units[name] for name, raw in self.raw.items()}
        return found if self.eigen is None else {**found, self.eigen.name: self.eigenvalue}

    def respect_bounds(self) -> None:
        """Move unknowns that left their [min, max] back to its end."""
        with torch.no_grad():
            for name, (low, high) in self.bounds.items():
                unit = self.units[name]
                if low is None and high is None:
                    continue
                self.raw[name].clamp_(None if low is None else low / unit, None if high is None else high / unit)

    def recentre(self) -> bool:
        """Give what is learned in local coordinates new ones here: the same fields. Returns whether any moved."""
        return self.mlp.layer_hardness.recentre()

    def jets(
        self, points: Tensor, plan: JetPlan, wanted: Sequence[Derivative], tape: Tape | None = None
    ) -> dict[Derivative, Tensor]:
        """The wanted derivatives of the fields at points [N, D], each [N]."""
        if tape is not None:
            channels = self.mlp.jets(points, plan, tape)
        elif self.derivatives == "autograd":
            smooth = self.network if self.corners is None else self.corners.smooth
            channels = jets_by_autograd(smooth, points, plan)
            channels = channels if self.corners is None else self.corners.with_corners(channels, points, plan)
        else:
            channels = self.network.jets(points, plan)
        zero = points.new_zeros(len(points))
        found = {}
        for derivative in wanted:
            channel = channels[plan.index(derivative.partial)]
            column = self.outputs.index(derivative.field)
            found[derivative] = zero if channel is None else channel[:, column].expand(len(points))
        return found


def new_network(
    problem: Problem,
    hidden: Sequence[int],
    generator: torch.Generator,
    device: torch.device,
    dtype: torch.dtype,
    copies: int = 1,
) -> MLP:
    """An untrained network for the problem, as its `network` block says, scaled to the problem's domain and fields.

    copies   of every field among the outputs
    """
    options, domain = problem.spec.network, problem.domain
    features = InputFeatures(
        domain.centre.tolist(), domain.half_width.tolist(), problem.periods, options.fourier or 0, generator=generator
    )
    network = MLP(
        features,
        hidden,
        len(problem.outputs) * copies,
        options.activation.name,
        generator=generator,
        hardness=options.activation.hardness,
        learning=learning(options.activation),
        normalised=options.normalisation == "layer",
        dtype=dtype,
        device=device,
    )
    if copies == 1:
        network.field_scale.copy_(field_scale(problem))
    return network


def series_network(
    problem: Problem, units: int, degrees: Tensor, device: torch.device, dtype: torch.dtype
) -> SeriesNetwork:
    """A series in the problem's parameters with polynomials of these degrees [J, P], over a hidden layer of `units`."""
    generator = torch.Generator().manual_seed(0)
    terms = new_network(problem, [units], generator, device, dtype, copies=len(degrees))
    lower, upper = torch.tensor([*problem.parameters.values()], dtype=torch.float64).T
    axes = [problem.axes.index(name) for name in problem.parameters]
    scale = field_scale(problem).to(device=device, dtype=dtype)
    return SeriesNetwork(terms, axes, (lower + upper) / 2, (upper - lower) / 2, degrees.to(device), scale)


def bare_units(problem: Problem, count: int, like: Tensor) -> SpaceUnits:
    """So many units of space alone, whose weights are still to be given; scaled to the problem's domain.

    All axes have one scale, the geometric mean of the half widths: a pulse in a strip is as sharp along as across it.
    """
    space, domain, options = problem.space, problem.domain, problem.spec.network.activation
    features = None
    if space:
        periods = {axis: period for axis, period in problem.periods.items() if axis < space}
        scale = math.exp(sum(math.log(width) for width in domain.half_width[:space].tolist()) / space)
        features = InputFeatures(domain.centre[:space].tolist(), [scale] * space, periods).to(like)
    width = 0 if features is None else features.width
    return SpaceUnits(features, like.new_zeros(count, width), like.new_zeros(count), options.name, options.hardness)


def field_scale(problem: Problem) -> Tensor:
    """Magnitudes of the network's outputs [F]."""
    return torch.tensor([problem.scaling.fields[name] for name in problem.outputs], dtype=torch.float64)


def learning(activation: ActivationOptions) -> Learning | None:
    """How the hardness is learned; None where it is fixed."""
    if not activation.trainable:
        return None
    return Learning(activation.per, activation.parameterisation, activation.temperature)
