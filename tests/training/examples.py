"""Small problems as texts, and models of them."""

from __future__ import annotations

from pathlib import Path

import torch

import pinn
from pinn.problem.loading import build
from pinn.problem.problem import Problem
from pinn.spec.yaml.source import parse_spec
from pinn.training.residuals.model import Model, new_network
from pinn.training.run.run import Run

PROBLEMS = Path(pinn.__file__).parent.parent / "problems"

POISSON = """
name: poisson
coordinates: [x]
fields: [u]
domain: {interval: {from: 0, to: 1}}
equations: {poisson: u_xx = -pi**2*sin(pi*x)}
conditions: [{on: boundary, u: 0}]
exact: {u: sin(pi*x)}
network: {hidden: [8, 7]}
sampling: {interior: 60, boundary: 16}
"""
# Two unknowns in an order that is not the alphabet's, a normal derivative, time, two fields.
COUPLED = """
name: coupled
coordinates: [x]
time: {from: 0, to: 0.5}
fields: [u, v]
unknowns: {k: {initial: 2, min: 0.1}, a: {initial: -0.5, max: 5}}
domain: {interval: {from: 0, to: 2}}
equations:
  heat: u_t = k*u_xx + a*u*v
  growth: v_t = k**2*v_xx - sin(u)
conditions:
  - {on: initial, u: sin(x), v: 1}
  - {on: left, u: 0, v_x: a}
  - {on: right, equation: u_n + u**2 = 0, v: k}
network: {hidden: [6, 5]}
sampling: {interior: 12, boundary: 8, initial: 5}
"""
HEAT = """
name: heat
coordinates: [x]
time: {from: 0, to: 0.2}
fields: [u]
domain: {interval: {from: 0, to: 1}}
equations: {heat: u_t = u_xx}
conditions: [{on: initial, u: sin(pi*x)}, {on: boundary, u: 0}]
"""
# A string on a stiffening bed, with its energy, under a load that can grow.
STRING = """
name: string
coordinates: [x]
fields: [u]
constants: {P: 100}
domain: {interval: {from: 0, to: 1}}
equations: {equilibrium: -u_xx + u**3 = P}
energy: {density: u_x**2/2 + u**4/4 - P*u}
conditions: [{on: boundary, u: 0}]
network: {constraints: hard}
sampling: {interior: 60}
"""
PERIODIC = """
name: advection
coordinates: [x]
time: {from: 0, to: 1}
fields: [u]
domain: {interval: {from: -1, to: 1}}
equations: {advection: u_t + u_x = 0.01*u_xx}
conditions:
  - {on: initial, u: sin(pi*x)}
  - {periodic: [left, right]}
network: {hidden: [6, 5], periodic: %s}
sampling: {interior: 30, boundary: 16, initial: 10}
"""


def problem(text: str, folder: Path = Path(), **blocks: str) -> Problem:
    """The problem of a text; `blocks` are added, or replace a line that begins with their name."""
    lines = [line for line in text.strip().splitlines() if line.split(":")[0] not in blocks]
    return build(
        parse_spec("\n".join([*lines, *(f"{name}: {value}" for name, value in blocks.items())]), "example.yaml"), folder
    )


def run_of(
    found: Problem,
    seed: int = 0,
    dtype: torch.dtype = torch.float64,
    tolerance: float = 1e-30,
    seconds: float = 60.0,
    device: str = "cpu",
) -> Run:
    return Run(found, torch.device(device), dtype, seed, seconds, tolerance)


def bits(model: Model) -> bytes:
    """Of all weights with their names: equal only where every digit is."""
    return b"".join(name.encode() + tensor.numpy().tobytes() for name, tensor in model.state_dict().items())


def model_of(found: Problem, seed: int = 0, dtype: torch.dtype = torch.float64) -> Model:
    generator = torch.Generator().manual_seed(seed)
    hidden = found.spec.network.hidden or (8, 7)
    network = new_network(found, hidden, generator, torch.device("cpu"), dtype)
    return Model(found, network, found.spec.solver.derivatives)
