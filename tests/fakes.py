"""Solutions in closed form, on real shapes: what analysis needs of a Problem and a Solution, without training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from pinn.geometry.shapes.boxes import Box, Cuboid, Interval, Rectangle
from pinn.geometry.shapes.csg import Difference
from pinn.geometry.shapes.planar import Disk
from pinn.problem.unit_labels import UnitLabels

Function = Callable[[np.ndarray], np.ndarray]


@dataclass(eq=False)
class FakeProblem:
    name: str
    coordinates: tuple[str, ...]
    geometry: Any
    quantities: tuple[str, ...]
    time: tuple[float, float] | None = None
    title: str = ""
    fields: tuple[str, ...] = ()
    vectors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tensors: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    exact_quantities: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.axes = self.coordinates
        self.space = len(self.coordinates)
        self.loads = self.statements = self.posed = ()
        self.parameters: dict[str, tuple[float, float]] = {}
        self.folder = Path()
        self.subdomains = SimpleNamespace(partition=None)
        self.scope = SimpleNamespace(number=lambda value, path: float(value))
        self.spec = SimpleNamespace(
            outputs=SimpleNamespace(quantities=None, resolution=30, times=None, formats=("vtu",), figures=True),
            solver=SimpleNamespace(tolerance=1e-8, time_limit=60.0, checkpoint=60.0, load_steps=None, stages=()),
            network=SimpleNamespace(hidden=None),
            tables={},
            data=(),
            reference=None,
            resolved=lambda: {"name": self.name, "title": self.title},
            is_measured=False,
        )
        self.unit_labels = UnitLabels(self)  # type: ignore[arg-type]

    def describe(self) -> str:
        return f"{self.name} in {len(self.coordinates)} dimensions"


@dataclass
class FakeSolution:
    problem: FakeProblem
    functions: Mapping[str, Function]
    exact_functions: Mapping[str, Function] = field(default_factory=dict)
    residuals: Mapping[str, Function] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    environment: dict[str, Any] = field(default_factory=lambda: {"python": "3.11", "seed": 0})
    largest_batch: int = 0
    has_deviations: bool = False
    modes: tuple[Any, ...] = ()
    members: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.metrics: dict[str, Any] = {
            "name": self.problem.name, "engine": "native", "device": "cpu", "dtype": "float64", "activation": "gelu",
            "parameters": 4353, "seconds": {"total": 2.0, "solve": 1.5}, "peak_memory_mb": 300.0, "verdict": "solved",
            "stop_reason": "tolerance", "iterations": len(self.history), "loss": 1e-17, "terms": {},
            "heldout_residual": 1e-9, "relative_l2": dict.fromkeys(self.exact_functions, 1.25e-9),
            "max_error": dict.fromkeys(self.exact_functions, 5e-9), "probes": {}, "unknowns": {},
        }  # fmt: skip

    def __call__(self, points: np.ndarray, quantities: Sequence[str] | None = None) -> dict[str, np.ndarray]:
        self.largest_batch = max(self.largest_batch, len(points))
        return {name: self.functions[name](points.T) for name in quantities or self.problem.quantities}

    def at(self) -> FakeSolution:
        return self

    def exact(self, points: np.ndarray) -> dict[str, np.ndarray]:
        return {name: function(points.T) for name, function in self.exact_functions.items()}

    def residual(self, points: np.ndarray) -> dict[str, np.ndarray]:
        return {name: function(points.T) for name, function in self.residuals.items()}

    def save_weights(self, path: Path) -> None:
        save_file({"weight": np.arange(6.0)}, path)


def training_history(rows: int = 60) -> list[dict[str, Any]]:
    """Two stages, a loss that falls, the held-out residual measured every fifth time."""
    return [
        {
            "stage": "least_squares" if i < 12 else "gauss_newton",
            "iteration": i,
            "seconds": 0.1 * i,
            "loss": 10.0 ** (-i / 4),
            "heldout_residual": 10.0 ** (-i / 8) if i % 5 == 0 else None,
            "term:equilibrium_x": 0.5 * 10.0 ** (-i / 4),
            "term:hole.traction_x": 0.1 * 10.0 ** (-i / 5),
            "hardness:0": 2 + 0.01 * i,
            "hardness:1": 2 - 0.01 * i,
        }
        for i in range(rows)
    ]


def kirsch_plate() -> FakeSolution:
    """Stresses of the plate with a hole (S = 1, a = 0.5), a displacement of the right look, an error of 1e-6."""
    a = 0.5

    def polar(p):
        return np.hypot(p[0], p[1]), np.arctan2(p[1], p[0])

    def stress_xx(p):
        r, th = polar(p)
        return 1 - a**2 / r**2 * (1.5 * np.cos(2 * th) + np.cos(4 * th)) + 1.5 * a**4 / r**4 * np.cos(4 * th)

    def stress_yy(p):
        r, th = polar(p)
        return -(a**2) / r**2 * (0.5 * np.cos(2 * th) - np.cos(4 * th)) - 1.5 * a**4 / r**4 * np.cos(4 * th)

    def stress_xy(p):
        r, th = polar(p)
        return -(a**2) / r**2 * (0.5 * np.sin(2 * th) + np.sin(4 * th)) + 1.5 * a**4 / r**4 * np.sin(4 * th)

    exact = {"stress_xx": stress_xx, "stress_yy": stress_yy, "stress_xy": stress_xy}
    wrong = {name: lambda p, f=f: f(p) + 1e-6 * np.sin(9 * p[0]) * np.cos(7 * p[1]) for name, f in exact.items()}
    functions = {
        "ux": lambda p: p[0] + 0.2 * np.exp(-p[0]) * p[0] * (2 - p[1]),
        "uy": lambda p: -0.3 * p[1] * (1 + 0.3 * np.exp(-p[0])),
        **wrong,
        "von_mises": lambda p: np.sqrt(
            stress_xx(p) ** 2 - stress_xx(p) * stress_yy(p) + stress_yy(p) ** 2 + 3 * stress_xy(p) ** 2
        ),
    }
    problem = FakeProblem(
        name="plate-with-hole",
        title="Infinite plate with a circular hole under remote tension (Kirsch), quarter model",
        coordinates=("x", "y"),
        geometry=Difference(Rectangle([0, 0], [2, 2]), Disk([0, 0], a, name="hole")),
        quantities=tuple(functions),
        fields=("ux", "uy"),
        vectors={"displacement": ("ux", "uy"), "traction": ("traction_x", "traction_y")},
        tensors={"stress": {"xx": "stress_xx", "yy": "stress_yy", "xy": "stress_xy"}},
        exact_quantities=tuple(exact),
    )
    solution = FakeSolution(
        problem,
        functions,
        exact,
        {
            "equilibrium_x": lambda p: 1e-8 * np.sin(20 * p[0]) * p[1],
            "equilibrium_y": lambda p: 1e-8 * np.cos(20 * p[1]) * p[0],
        },
        training_history(),
    )
    solution.metrics["probes"] = {"stress_concentration": {"value": 3.0000012, "expected": 3.0}}
    return solution


def curve() -> FakeSolution:
    """One dimension, no time: a deflection and a moment."""
    functions = {"w": lambda p: p[0] ** 2 * (6 - 4 * p[0] + p[0] ** 2) / 24, "moment": lambda p: (1 - p[0]) ** 2 / 2}
    problem = FakeProblem(
        "beam",
        ("x",),
        Interval(0, 1),
        tuple(functions),
        title="Cantilever beam",
        fields=("w",),
        exact_quantities=("w",),
    )
    return FakeSolution(
        problem,
        functions,
        {"w": lambda p: functions["w"](p) + 1e-9 * np.sin(30 * p[0])},
        {"bending": lambda p: 1e-10 * np.cos(40 * p[0])},
        training_history(1),
    )


def burgers() -> FakeSolution:
    """One dimension and time: a front that steepens."""

    def u(p):
        return -np.sin(np.pi * p[0]) * np.exp(-0.2 * p[1]) + 0.0 * p[0] - 0.4 * np.tanh(20 * p[1] * p[0])

    problem = FakeProblem(
        "burgers", ("x",), Interval(-1, 1), ("u",), time=(0.0, 1.0), fields=("u",), exact_quantities=("u",)
    )
    return FakeSolution(
        problem,
        {"u": u},
        {"u": lambda p: u(p) + 1e-5 * np.cos(9 * p[0]) * p[1]},
        {"momentum": lambda p: 1e-6 * np.sin(12 * p[0] * p[1])},
        training_history(),
    )


def spreading_heat() -> FakeSolution:
    """Two dimensions and time."""
    problem = FakeProblem(
        "heat", ("x", "y"), Rectangle([0, 0], [2, 1]), ("u",), time=(0.0, 0.5), title="Heat that spreads", fields=("u",)
    )
    return FakeSolution(
        problem,
        {"u": lambda p: np.exp(-3 * p[2]) * np.sin(np.pi * p[0] / 2) * np.sin(np.pi * p[1])},
        residuals={"balance": lambda p: 1e-7 * p[0] * p[1] + 0 * p[2]},
        history=training_history(),
    )


def cube() -> FakeSolution:
    """Three dimensions: a stretched and bent solid."""
    functions = {
        "ux": lambda p: 1e-3 * p[0],
        "uy": lambda p: -3e-4 * p[1] + 1e-3 * p[0] ** 2,
        "uz": lambda p: -3e-4 * p[2],
        "stress_xx": lambda p: 2e8 * (p[0] + p[1] * p[2]),
    }
    problem = FakeProblem(
        "cube",
        ("x", "y", "z"),
        Cuboid([0, 0, 0], [2, 1, 1]),
        tuple(functions),
        fields=("ux", "uy", "uz"),
        vectors={"displacement": ("ux", "uy", "uz")},
        exact_quantities=("ux",),
    )
    return FakeSolution(
        problem,
        functions,
        {"ux": lambda p: 1e-3 * p[0] * (1 + 1e-5 * p[1])},
        {"equilibrium_x": lambda p: 1e-9 * p[0] * p[2]},
        training_history(),
    )


def five_dimensions() -> FakeSolution:
    """More dimensions than a mesh has."""
    problem = FakeProblem("poisson-5d", tuple("vwxyz"), UnitBox(5), ("u",), fields=("u",), exact_quantities=("u",))
    return FakeSolution(
        problem,
        {"u": lambda p: np.cos(np.pi * p).sum(axis=0)},
        {"u": lambda p: np.cos(np.pi * p).sum(axis=0) + 1e-6},
        {"balance": lambda p: 1e-7 * p[4]},
        training_history(),
    )


def UnitBox(dimension: int) -> Box:
    return Box([0] * dimension, [1] * dimension)
