"""Neo-Hookean bodies in plane strain by finite elements (total Lagrangian, biquadratic), for reference solutions.

    integral of P(F) : grad v  =  integral over a patch of t . v,        P = mu (F - F^-T) + lambda ln J F^-T
    dP = mu dF + (mu - lambda ln J) F^-T dF^T F^-T + lambda (F^-T : dF) F^-T

Source: Bonet & Wood, Nonlinear Continuum Mechanics for Finite Element Analysis, 2nd ed., §§ 6.4, 9.4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import skfem
from skfem.helpers import ddot, dot, grad, mul, transpose

YOUNGS_MODULUS, POISSONS_RATIO = 1.0, 0.3  # of both problems below
LENGTH, BEAM_LOAD = 4.0, 0.02  # problems/elasticity/hyperelastic_beam.yaml
PULL = 0.4  # problems/elasticity/hyperelastic_block.yaml
MOST_ITERATIONS = 30
CONVERGED = 1e-12  # of the largest displacement

Traction = Callable[[np.ndarray], np.ndarray]  # points [2, …] -> [2, …]


def equilibrium(
    mesh: skfem.MeshQuad, fixed: Sequence[str], patch: str, traction: Traction, steps: int
) -> tuple[skfem.Basis, np.ndarray]:
    """The basis and the displacement's coefficients; `fixed` names degrees of freedom such as "left u^1"."""
    mu = YOUNGS_MODULUS / (2 * (1 + POISSONS_RATIO))
    lame = 2 * mu * POISSONS_RATIO / (1 - 2 * POISSONS_RATIO)
    basis = skfem.Basis(mesh, skfem.ElementVector(skfem.ElementQuad2()), intorder=6)

    def kinematics(w):
        f = grad(w["u"]) + np.eye(2)[:, :, None, None]
        ratio = f[0, 0] * f[1, 1] - f[0, 1] * f[1, 0]
        inverse = np.array([[f[1, 1], -f[1, 0]], [-f[0, 1], f[0, 0]]]) / ratio  # transposed
        return f, np.log(ratio), inverse

    @skfem.BilinearForm
    def tangent(du, v, w):
        _, log_ratio, inverse = kinematics(w)
        df = grad(du)
        turned = mul(inverse, mul(transpose(df), inverse))
        return ddot(mu * df + (mu - lame * log_ratio) * turned + lame * ddot(inverse, df) * inverse, grad(v))

    @skfem.LinearForm
    def forces(v, w):
        f, log_ratio, inverse = kinematics(w)
        return ddot(mu * (f - inverse) + lame * log_ratio * inverse, grad(v))

    pull = skfem.LinearForm(lambda v, w: dot(traction(w.x), v)).assemble(basis.boundary(patch))
    held = np.concatenate([basis.get_dofs(name.split()[0]).all(name.split()[1:] or None) for name in fixed])
    u = np.zeros(basis.N)
    for step in range(1, steps + 1):
        for _ in range(MOST_ITERATIONS):
            state = basis.interpolate(u)
            rest = step / steps * pull - forces.assemble(basis, u=state)
            du = skfem.solve(*skfem.condense(tangent.assemble(basis, u=state), rest, D=held))
            u = u + du
            if np.abs(du).max() < CONVERGED * np.abs(u).max():
                break
        else:
            raise RuntimeError(f"no equilibrium at {step / steps:.0%} of the load")
    return basis, u


def beam(cells: int, steps: int = 4) -> tuple[skfem.Basis, np.ndarray]:
    """Clamped on the left, a dead load on the right; elements are finer towards the clamped, singular corners."""
    along = LENGTH * np.linspace(0, 1, round(LENGTH) * cells + 1) ** 1.5
    mesh = skfem.MeshQuad.init_tensor(along, np.linspace(-0.5, 0.5, cells + 1)).with_boundaries(
        {"left": lambda x: np.isclose(x[0], 0), "right": lambda x: np.isclose(x[0], LENGTH)}
    )
    return equilibrium(mesh, ["left"], "right", lambda x: np.array([0 * x[0], 0 * x[0] - BEAM_LOAD]), steps)


def block(cells: int, steps: int = 4) -> tuple[skfem.Basis, np.ndarray]:
    """A quarter of a block, pulled at the middle of its top; left and bottom are planes of symmetry."""
    ticks = np.linspace(0, 1, cells + 1)
    mesh = skfem.MeshQuad.init_tensor(ticks, ticks).with_boundaries(
        {"left": lambda x: np.isclose(x[0], 0), "bottom": lambda x: np.isclose(x[1], 0), "top": lambda x: x[1] == 1}
    )
    return equilibrium(
        mesh,
        ["left u^1", "bottom u^2"],
        "top",
        lambda x: np.array([0 * x[0], PULL * np.cos(np.pi * x[0] / 2) ** 2]),
        steps,
    )


def displacement(found: tuple[skfem.Basis, np.ndarray], points: np.ndarray) -> np.ndarray:
    """[N, 2] at points [N, 2]."""
    basis, u = found
    return (basis.probes(points.T) @ u).reshape(2, -1).T
