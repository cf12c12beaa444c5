"""Solution: a trained network that answers at any point with fields and derived quantities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from pinn.equations.compiler.compile import Derivative
from pinn.equations.subdomains import Seen
from pinn.errors import SpecError
from pinn.problem.loading import build_problem
from pinn.problem.probe import Extent
from pinn.problem.problem import Problem
from pinn.run.directory import refuse_own_file
from pinn.solution.evaluation import Evaluation
from pinn.solution.interpolation import interpolate
from pinn.solution.saved import Packed, packed, read_run, unpacked, write_weights
from pinn.spec.parameters import complete, slice_of
from pinn.training.residuals.model import Model
from pinn.training.uncertainty.field_spread import FieldSpread, has_deviations

if TYPE_CHECKING:
    from matplotlib.animation import FuncAnimation
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from pinn.solution.modes import Mode
    from pinn.solution.probed_expressions import Answer

Outside = Literal["nan", "extend"]


class Solution:
    """The result of a training: callable at points, with its measured errors.

    solution(points)["stress_xx"]        points [N, D], time last; numpy in, numpy out; tensors in, tensors out
    solution(points, radius=0.42)        points [N, D] without the parameters, which have these values
    solution.at(radius=0.42)             the solution of the problem in which they are constants
    """

    def __init__(
        self,
        problem: Problem,
        model: Model,
        metrics: dict[str, Any],
        history: list[dict[str, Any]],
        environment: dict[str, Any],
    ):
        self.problem = problem
        self.model = model
        self.metrics = metrics
        self.history = history
        self.environment = environment
        self.evaluation = Evaluation(problem, model)

    @overload
    def __call__(
        self,
        points: Tensor,
        quantities: Sequence[str] | None = None,
        subdomain: Seen = None,
        outside: Outside = "nan",
        **parameters: float,
    ) -> dict[str, Tensor]: ...

    @overload
    def __call__(
        self,
        points: ArrayLike,
        quantities: Sequence[str] | None = None,
        subdomain: Seen = None,
        outside: Outside = "nan",
        **parameters: float,
    ) -> dict[str, np.ndarray]: ...

    def __call__(
        self,
        points: Tensor | ArrayLike,
        quantities: Sequence[str] | None = None,
        subdomain: Seen = None,
        outside: Outside = "nan",
        **parameters: float,
    ) -> dict[str, Tensor] | dict[str, np.ndarray]:
        """Quantities (default: all) at points [N, D]: name -> [N]. Raises SpecError for an unknown name.

        A quantity is a field, a definition, or a derivative of one by its name, such as u_xy.

        In a family of problems points have the parameters as columns, after space, unless they are given by name; one
        that is not given then lies in the middle of its range.
        subdomain   that the points are seen from, where they lie on an interface: its name, or a number per point [N];
                    default: the one that each lies in, on an interface the first of those that meet there
        outside     what arrays hold where the solution has no values: nan, or extend for what the network says there,
                    as tensors do everywhere
        """
        names = tuple(quantities) if quantities is not None else self.problem.quantities
        for name in names:
            self.problem.require_inside(name)
        if parameters:
            points = self._beside(points, parameters)
        if isinstance(points, Tensor):
            self.evaluation.require_shape(points.shape)
            points = points.to(self.model.network.field_scale)
            return self.evaluation.quantities(points, names, subdomain)
        tensor = self.evaluation.as_points(points)
        found = self.evaluation.in_chunks(
            lambda points, seen: self.evaluation.quantities(points, names, seen), tensor, subdomain
        )
        if outside == "nan":
            beyond = ~self.problem.domain.inside(self.evaluation.listed(points))
            for values in found.values() if beyond.any() else ():
                values[beyond] = np.nan
        return found

    def _beside(self, points, parameters: Mapping[str, float]):
        """Points with the parameters as columns."""
        settled = complete(parameters, self.problem.parameters)
        shape = np.shape(points)
        axes = [axis for axis in self.problem.axes if axis not in settled]
        if len(shape) != 2 or shape[1] != len(axes):
            raise SpecError(
                (), f"points beside parameters must be [N, {len(axes)}] ({', '.join(axes)}), got {[*shape]}"
            )
        if not isinstance(points, Tensor):
            return self.problem.domain.beside(np.asarray(points, dtype=float), settled)
        space = self.problem.space
        columns = [points.new_full((len(points), 1), value) for value in settled.values()]
        return torch.cat([points[:, :space], *columns, points[:, space:]], dim=1)

    def at(self, **parameters: float) -> Solution:
        """The member of the family at these parameters, a Solution like any other; others lie in their middle.

        The solution itself where there are none. Raises SpecError for an unknown name and outside the range.
        """
        problem = self.problem
        settled = complete(parameters, problem.parameters)
        if not settled:
            return self
        member = build_problem(slice_of(problem.spec, settled), problem.folder)
        axes = {problem.axes.index(name): value for name, value in settled.items()}
        model = Model(member, self.model.slice_network(axes), self.model.derivatives)
        with torch.no_grad():
            for name, value in self.model.raw.items():
                model.raw[name].copy_(value)
        return Solution(member, model, self.metrics, self.history, self.environment)

    def exact(self, points: ArrayLike, subdomain: Seen = None) -> dict[str, np.ndarray]:
        """Exact values where they are known in closed form, or interpolated from the reference table: name -> [N]."""
        points = self.evaluation.listed(points)
        closed = self.problem.exact_values(torch.as_tensor(points), subdomain)
        found = {name: values.numpy() for name, values in closed.items()}
        if self.problem.reference is not None:
            found |= interpolate(self.problem.reference, points, self.problem.bounds)
        return found

    @property
    def has_deviations(self) -> bool:
        """Whether noise in the data is known to make the fields uncertain."""
        return has_deviations(self.problem, self.model)

    @cached_property
    def _spread(self) -> FieldSpread:
        return FieldSpread(self.problem, self.model, float(self.metrics["heldout_residual"]))

    def standard_deviation(
        self, points: ArrayLike, quantities: Sequence[str] | None = None, subdomain: Seen = None
    ) -> dict[str, np.ndarray]:
        """Standard deviation of quantities at points [N, D], from the noise of the data: name -> [N].

        From the noise alone: errors of features that are too few or too smooth come on top (`field_spread.py`).

        Raises SpecError where no data have noise, or the solution's network has no one output layer.
        """
        if not self.has_deviations:
            raise SpecError((), "no standard deviation is known: state the noise of the data (data[…].noise)")
        names = self.problem.quantities if quantities is None else quantities
        tensor = self.evaluation.as_points(points)
        return self.evaluation.in_chunks(lambda points, _: self._spread.at(points, names), tensor, subdomain)

    @property
    def modes(self) -> tuple[Mode, ...]:
        """The modes in their order, where the problem asks for them; the solution itself answers as the first."""
        return self._modes

    @cached_property
    def _modes(self) -> tuple[Mode, ...]:
        from pinn.solution.modes import modes_of

        return modes_of(self)

    @cached_property
    def cases(self) -> Mapping[str, Solution]:
        """Load case or combination -> its solution, where the problem has some; the solution itself is the first."""
        from pinn.solution.cases import cases_of

        return cases_of(self)

    @property
    def members(self) -> Mapping[str, Solution]:
        """The solutions that it consists of, by name: modes (mode_1, …) or load cases; none where it is one alone."""
        return {f"mode_{mode.number}": mode.solution for mode in self.modes} or self.cases

    @cached_property
    def extents(self) -> dict[str, Answer]:
        """Probe -> integral, mean or extreme that it asks for, with the place of an extreme."""
        from pinn.solution.extents import answer

        return {name: answer(self, probe) for name, probe in self.problem.probes.items() if isinstance(probe, Extent)}

    def derivatives(self, points: ArrayLike, wanted: Sequence[Derivative]) -> dict[Derivative, np.ndarray]:
        """Partial derivatives of the fields at points [N, D], each [N]."""
        return self.evaluation.derivatives(points, wanted)

    def residual(self, points: ArrayLike, subdomain: Seen = None) -> dict[str, np.ndarray]:
        """Dimensionless residual of every equation at interior points [N, D]: name -> [N]."""
        return self.evaluation.residual(points, subdomain)

    def export(self, path: str | PathLike[str], **options: Any) -> Path:
        """Write fields for ParaView and others; the suffix chooses vtu, xdmf, csv, npz or onnx.

        Raises SpecError for a name that a run's own files have, in a run's directory.
        """
        from pinn.export.export import export

        refuse_own_file(Path(path))
        export(self, Path(path), **options)
        return Path(path)

    def arrays(self, quantities: Sequence[str] | None = None, resolution: int | None = None) -> dict[str, np.ndarray]:
        """Coordinates and quantities at the nodes of a mesh of the domain, in time at `outputs.times`: name -> [N].

        resolution   cells along the longest side, instead of outputs.resolution
        """
        from pinn.export.in_memory import arrays

        return arrays(self, quantities, resolution)

    def to_dataframe(self, quantities: Sequence[str] | None = None, resolution: int | None = None) -> Any:
        """The same as a pandas.DataFrame. Raises ResourceError where pandas is not installed."""
        from pinn.export.in_memory import dataframe

        return dataframe(self, quantities, resolution)

    def pyvista(self, **options: Any) -> Any:
        """A pyvista mesh with all fields, made with the options of `export`.

        Raises ResourceError where pyvista is not installed.
        """
        from pinn.export.in_memory import pyvista_mesh

        return pyvista_mesh(self, **options)

    def table(self) -> str:
        """The summary that `pinn solve` prints: verdict, errors, probes, unknowns."""
        from pinn.solution.report import report

        return report(self)

    def plot(self, quantity: str, ax: Axes | None = None) -> Figure:
        """A matplotlib figure of one quantity; on the given axes its last instant, or the first of its planes."""
        from pinn.figures.figures import plot, plot_on

        return plot(self, quantity) if ax is None else plot_on(ax, self, quantity)

    def animate(self, quantity: str, frames: int = 25) -> FuncAnimation:
        """A film of a quantity over the time of the problem; `.save("film.gif")` or `.to_jshtml()` in a notebook."""
        from pinn.figures.animation import animate

        return animate(self, quantity, frames)

    def __repr__(self) -> str:
        from pinn.solution.presentation import line

        return line(self)

    def _repr_html_(self) -> str:
        from pinn.solution.presentation import page

        return page(self)

    def __reduce__(self):
        return restored, (packed(self.problem, self.model), self.metrics, self.history, self.environment)

    def save_weights(self, path: str | PathLike[str]) -> None:
        """Write every tensor of the model as safetensors, with what says which spec they belong to."""
        write_weights(Path(path), self.problem, self.model)

    @classmethod
    def load(cls, run: str | PathLike[str]) -> Solution:
        """The solution that a run directory holds.

        Raises ResourceError where it is incomplete, damaged, or its spec is not the one that the model was trained for.
        """
        return cls(*read_run(Path(run)))


def restored(
    weights: Packed, metrics: dict[str, Any], history: list[dict[str, Any]], environment: dict[str, Any]
) -> Solution:
    """A solution from what a pickled one keeps of itself."""
    return Solution(*unpacked(weights, str(metrics.get("engine", "native"))), metrics, history, environment)
