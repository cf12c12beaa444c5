"""Reference solutions of problems without a closed form: python benchmarks/references.py [NAMES] [--out problems]

Each is computed at two resolutions; their relative difference in L2, printed, is an estimate of the coarser one's
error, and the finer one is written beside the problem that uses it.

    burgers             Cole-Hopf transformation, Gauss-Hermite quadrature
    allen_cahn, kdv     Fourier series in space, exponential time differencing in time (ETDRK4)
    poisson_l_shape     quartic triangles, graded towards the corners
    lid_driven_cavity   Taylor-Hood elements of degree p and p - 1, graded towards the lid's corners, Newton's method
    hyperelastic_*      benchmarks/hyperelasticity.py
    lotka_volterra, robertson, van_der_pol
                        scipy's Runge-Kutta methods at tolerances of 10^-digits
    plate_with_hole_heated
                        Legendre polynomials of degree p on an eighth of the plate, exact in time
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import skfem
from numpy.polynomial.legendre import legder, leggauss, legvander
from scipy.integrate import solve_ivp
from scipy.linalg import eigh
from skfem.helpers import ddot, div, dot, grad, mul

from benchmarks import hyperelasticity

ROOT = Path(__file__).resolve().parent.parent
Columns = dict[str, np.ndarray]


def burgers(order: int) -> Columns:
    """u_t + u u_x = nu u_xx on [-1, 1], nu = 0.01/pi, u(x, 0) = -sin(pi x), u(+-1, t) = 0; `order` quadrature nodes.

    u = -I[sin(pi (x - y))] / I[1], I[f] = int f(y) exp(-cos(pi (x - y))/(2 pi nu) - y^2/(4 nu t)) dy
    (Cole 1951; Basdevant et al., Computers & Fluids 14 (1986), 23).
    """
    nu, x, t = 0.01 / np.pi, np.linspace(-1, 1, 257), np.linspace(0, 1, 101)
    nodes, weights = np.polynomial.hermite.hermgauss(order)
    shifted = np.pi * (x[:, None] - np.sqrt(4 * nu * t)[:, None, None] * nodes)  # [t, x, node]
    exponent = -np.cos(shifted) / (2 * np.pi * nu)
    kernel = weights * np.exp(exponent - exponent.max(axis=-1, keepdims=True))
    return {"x": x, "t": t, "u": -(kernel * np.sin(shifted)).sum(axis=-1) / kernel.sum(axis=-1)}


def exponential_differencing(
    v: np.ndarray,
    linear: np.ndarray,
    nonlinear: Callable[[np.ndarray], np.ndarray],
    step: float,
    count: int,
    every: int,
) -> np.ndarray:
    """v' = linear v + nonlinear(v), `count` steps from v [modes]. Returns every `every`-th state, the first included.

    ETDRK4: Cox & Matthews, J. Comput. Phys. 176 (2002), 430, eqs. (26)-(29); its coefficients are means over a circle
    of radius 1 in the complex plane (Kassam & Trefethen, SIAM J. Sci. Comput. 26 (2005), 1214, section 3).
    """
    z = step * linear[:, None] + np.exp(2j * np.pi * (np.arange(64) + 0.5) / 64)
    whole, half = np.exp(step * linear), np.exp(step * linear / 2)

    def coefficient(numerator: np.ndarray, power: int) -> np.ndarray:
        mean = step * (numerator / z**power).mean(axis=1)
        return mean.real if np.isrealobj(linear) else mean

    middle = coefficient(np.exp(z / 2) - 1, 1)
    first = coefficient(-4 - z + np.exp(z) * (4 - 3 * z + z**2), 3)
    second = coefficient(4 + 2 * z + np.exp(z) * (-4 + 2 * z), 3)
    last = coefficient(-4 - 3 * z - z**2 + np.exp(z) * (4 - z), 3)
    states = [v]
    for number in range(1, count + 1):
        at_start = nonlinear(v)
        a = half * v + middle * at_start
        at_a = nonlinear(a)
        b = half * v + middle * at_a
        at_b = nonlinear(b)
        c = half * a + middle * (2 * at_b - at_start)
        v = whole * v + first * at_start + second * (at_a + at_b) + last * nonlinear(c)
        if number % every == 0:
            states.append(v)
    return np.array(states)


def periodic(states: np.ndarray, kept: int) -> Columns:
    """Fourier coefficients [t, modes] on [-1, 1), as `numpy.fft.rfft` scales them, at `kept` points."""
    points = 2 * (states.shape[1] - 1)
    values = np.fft.irfft(states, points)[:, :: points // kept]
    return {"x": -1 + 2 * np.arange(kept) / kept, "t": np.linspace(0, 1, len(states)), "u": values}


def allen_cahn(modes: int) -> Columns:
    """u_t = 1e-4 u_xx - 5 u^3 + 5 u on [-1, 1], periodic, u(x, 0) = x^2 cos(pi x); `modes` cosines and as many steps.

    The initial state's slope jumps at x = 1, so its interpolant is wrong by 1/modes^2; its exact coefficients,
    int_-1^1 x^2 cos(k pi x) dx = 4 (-1)^k / (k pi)^2, are not.
    """
    k = np.arange(modes + 1)

    def moment(k: np.ndarray) -> np.ndarray:
        return np.where(k == 0, 2 / 3, 4 * (-1.0) ** k / (np.pi * np.maximum(abs(k), 1)) ** 2)

    amplitude = (moment(k - 1) + moment(k + 1)) / 2
    start = modes * amplitude * (-1.0) ** k + 0j  # the points begin at x = -1, where cos(k pi x) = (-1)^k
    cubed = 2 * modes  # points of the product: enough where u's upper half of the modes has decayed

    def reaction(v: np.ndarray) -> np.ndarray:
        return -5 * np.fft.rfft(np.fft.irfft(v, cubed) ** 3)

    linear = 5 - 1e-4 * (np.pi * k) ** 2
    columns = periodic(exponential_differencing(start, linear, reaction, 1 / modes, modes, modes // 64), 256)
    columns["u"][0] = columns["x"] ** 2 * np.cos(np.pi * columns["x"])  # the jump in slope not cut off
    return columns


def kdv(modes: int) -> Columns:
    """u_t + u u_x + 0.022^2 u_xxx = 0 on [-1, 1], periodic, u(x, 0) = cos(pi x); 40 steps a mode.

    Zabusky & Kruskal, Phys. Rev. Lett. 15 (1965), 240.
    """
    k = np.pi * np.arange(modes + 1)
    derivative = np.where(k == k[-1], 0, 1j * k)
    start = np.zeros(modes + 1, dtype=complex)
    start[1] = -modes  # the points begin at x = -1

    def convection(v: np.ndarray) -> np.ndarray:
        return -derivative / 2 * np.fft.rfft(np.fft.irfft(v) ** 2)

    dispersion, steps = -(0.022**2) * derivative**3, 40 * modes
    return periodic(exponential_differencing(start, dispersion, convection, 1 / steps, steps, steps // 64), 256)


def poisson_l_shape(levels: int) -> Columns:
    """-Laplace u = 1 on [-1, 1]^2 without its upper right quarter, u = 0 on the boundary; at 4,000 random points.

    The triangles at the vertices are halved 12 times, those at the re-entrant corner, where u ~ r^(2/3), 24 times, then
    all `levels` times. Known: int u = 0.2140758022.
    """
    mesh = skfem.MeshTri.init_lshaped()  # vertex 0 is the origin; 0 to 7 remain the coarse mesh's
    for halving in range(24):
        mesh = mesh.refined(np.flatnonzero(np.any(mesh.t < (8 if halving < 12 else 1), axis=0)))
    mesh = mesh.refined(levels)
    basis = skfem.Basis(mesh, skfem.ElementTriP4())
    stiffness = skfem.BilinearForm(lambda u, v, _: dot(grad(u), grad(v))).assemble(basis)
    load = skfem.LinearForm(lambda v, _: v).assemble(basis)
    u = skfem.solve(*skfem.condense(stiffness, load, D=basis.get_dofs()))
    print(f"poisson_l_shape: {len(u)} unknowns, integral of u {load @ u:.12f}")
    points = np.random.default_rng(0).uniform(-1, 1, (2, 5400))
    inside = points[:, (points[0] < 0) | (points[1] < 0)][:, :4000]
    return {"x": inside[0], "y": inside[1], "u": basis.probes(inside) @ u}


def lid_driven_cavity(degree: int) -> Columns:
    """Steady Navier-Stokes, Re = 100, in the unit square; u = 1, v = 0 on the lid y = 1, at rest on the other walls.

    Elements halved towards the corners of the lid, where the velocity jumps. At 4,000 random points; the pressure is
    not square integrable at the corners, so it is left out. Known: u = -0.2091491, v = 0.0575365 at the centre (Marchi,
    Suero & Araki, J. Braz. Soc. Mech. Sci. Eng. 31 (2009), 186, Richardson extrapolation from 1024 x 1024 volumes).
    """
    velocity, state = cavity_flow(degree)
    points = np.random.default_rng(0).uniform(0, 1, (2, 4000))
    u, v = (velocity.probes(points) @ state[: velocity.N]).reshape(2, -1)
    return {"x": points[0], "y": points[1], "u": u, "v": v}


def cavity_flow(degree: int) -> tuple[skfem.Basis, np.ndarray]:
    """The velocity's basis, and the coefficients of velocity and pressure."""
    halved = 0.5 ** np.arange(3, 12)
    columns = np.concatenate([[0], halved[::-1], [0.25, 0.375, 0.5, 0.625, 0.75], 1 - halved, [1]])
    rows = np.concatenate([[0, 0.1, 0.25, 0.4, 0.55, 0.7, 0.8], 1 - halved, [1]])
    mesh = skfem.MeshQuad.init_tensor(columns, rows)
    velocity = skfem.Basis(mesh, skfem.ElementVector(skfem.ElementQuadP(degree)), intorder=3 * degree - 1)
    pressure = velocity.with_element(skfem.ElementQuadP(degree - 1))
    viscous = skfem.BilinearForm(lambda u, v, _: ddot(grad(u), grad(v)) / 100).assemble(velocity)
    continuity = skfem.BilinearForm(lambda u, q, _: -div(u) * q).assemble(velocity, pressure)
    stokes = skfem.bmat([[viscous, continuity.T], [continuity, None]], "csr")
    convection = skfem.LinearForm(lambda v, w: dot(mul(grad(w.at), w.at), v))
    derivative = skfem.BilinearForm(lambda u, v, w: dot(mul(grad(w.at), u) + mul(grad(u), w.at), v))

    state = np.zeros(velocity.N + pressure.N)
    lid = velocity.get_dofs(lambda x: x[1] == 1).nodal["u^1"]
    sides = velocity.get_dofs(lambda x: x[0] * (1 - x[0]) == 0).nodal["u^1"]
    state[np.setdiff1d(lid, sides)] = 1  # 0 in the corners: nothing flows through the sides
    known = np.append(velocity.get_dofs().flatten(), velocity.N)  # and the level of the pressure
    for _ in range(10):
        at = velocity.interpolate(state[: velocity.N])
        residual = stokes @ state
        residual[: velocity.N] += convection.assemble(velocity, at=at)
        newton = viscous + derivative.assemble(velocity, at=at)
        matrix = skfem.bmat([[newton, continuity.T], [continuity, None]], "csr")
        step = skfem.solve(*skfem.condense(matrix, -residual, x=np.zeros(len(state)), D=known))
        state += step
        if abs(step[: velocity.N]).max() < 1e-9:
            return velocity, state
    raise ArithmeticError("Newton's method did not converge")


def hyperelastic_beam(cells: int) -> Columns:
    """At 1,000 random points; `cells` over the height."""
    points = np.random.default_rng(0).uniform([0, -0.5], [hyperelasticity.LENGTH, 0.5], (1000, 2))
    return displacements(hyperelasticity.beam(cells), points)


def hyperelastic_block(cells: int) -> Columns:
    """At 1,000 random points; `cells` along each side."""
    return displacements(hyperelasticity.block(cells), np.random.default_rng(0).uniform(0, 1, (1000, 2)))


def displacements(found: tuple[skfem.Basis, np.ndarray], points: np.ndarray) -> Columns:
    ux, uy = hyperelasticity.displacement(found, points).T
    return {"x": points[:, 0], "y": points[:, 1], "ux": ux, "uy": uy}


def lotka_volterra(digits: int) -> Columns:
    def slopes(t: float, y: np.ndarray) -> list[float]:
        hares, lynxes = y
        return [2 * hares - 0.04 * hares * lynxes, 0.02 * hares * lynxes - 1.06 * lynxes]

    return ordinary(slopes, {"hares": 100, "lynxes": 15}, np.linspace(0, 10, 2001), "DOP853", digits)


def van_der_pol(digits: int) -> Columns:
    """u'' = 10 (1 - u^2) u' - u; u alone is kept."""

    def slopes(t: float, y: np.ndarray) -> list[float]:
        return [y[1], 10 * (1 - y[0] ** 2) * y[1] - y[0]]

    found = ordinary(slopes, {"u": 2, "u_t": 0}, np.linspace(0, 40, 4001), "DOP853", digits)
    return {"t": found["t"], "u": found["u"]}


def robertson(digits: int) -> Columns:
    """At instants that are even in the logarithm of t, from 1e-6 on."""

    def slopes(t: float, y: np.ndarray) -> list[float]:
        first, second, third = 0.04 * y[0], 1e4 * y[1] * y[2], 3e7 * y[1] ** 2
        return [second - first, first - second - third, third]

    times = np.append(0, np.geomspace(1e-6, 1e5, 2000))
    return ordinary(slopes, {"a": 1, "b": 0, "c": 0}, times, "Radau", digits)


def ordinary(slopes: Callable, start: dict[str, float], times: np.ndarray, method: str, digits: int) -> Columns:
    """Runge-Kutta of `method` at a tolerance of 10^-`digits`, absolute and relative to each field's own size."""
    size = 10.0**-digits
    found = solve_ivp(slopes, (0, times[-1]), list(start.values()), method, times, rtol=size, atol=1e-4 * size)
    return {"t": times, **dict(zip(start, found.y, strict=True))}


def plate_with_hole_heated(degree: int) -> Columns:
    """T_t = 0.1 Laplace T in the unit square without a disk of radius 0.2; -0.1 dT/dn = T - 1 at the disk, else 0.

    By symmetry one eighth is enough: the block between the arc and the side x = 1, 0 <= angle <= pi/4, mapped from
    [-1, 1]^2. Galerkin in products of Legendre polynomials gives M c' + K c = b, solved in the eigenvectors of K, M.
    At 4,000 random points and instants.
    """
    conductivity, radius, half = 0.1, 0.2, 0.5

    def mapped(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Place, and its derivatives [points, 2, (a, b)], of `a` along the radius and `b` along the angle."""
        share, angle = (a + 1) / 2, np.pi / 8 * (b + 1)
        ray = np.stack([np.cos(angle), np.sin(angle)], 1)
        turned, outer = np.stack([-ray[:, 1], ray[:, 0]], 1), half / ray[:, 0]
        length = (radius + share * (outer - radius))[:, None]
        grows = (share * outer * np.tan(angle))[:, None]
        along = np.stack([(outer - radius)[:, None] / 2 * ray, np.pi / 8 * (grows * ray + length * turned)], 2)
        return length * ray, along

    nodes, weights = leggauss(2 * degree)
    a, b = (grid.ravel() for grid in np.meshgrid(nodes, nodes, indexing="ij"))
    values = legvander(nodes, degree)
    slopes = np.stack([np.polynomial.legendre.legval(nodes, legder(row)) for row in np.eye(degree + 1)], 1)
    shape = np.kron(values, values)
    derivatives = np.stack([np.kron(slopes, values), np.kron(values, slopes)])  # [(a, b), points, functions]
    along = mapped(a, b)[1]
    measure = np.kron(weights, weights) * np.linalg.det(along)
    gradient = np.einsum("pki,kpf->ipf", np.linalg.inv(along), derivatives)
    on_arc = np.kron(legvander(np.array([-1.0]), degree), values)
    arc = weights * np.pi / 8 * radius
    mass = shape.T * measure @ shape
    stiffness = conductivity * sum(d.T * measure @ d for d in gradient) + on_arc.T * arc @ on_arc
    rates, vectors = eigh(stiffness, mass)
    steady = vectors.T @ (on_arc.T @ arc) / rates

    generator = np.random.default_rng(0)
    points = generator.uniform(0, 1, (6000, 2))
    points = points[np.hypot(*(points - 0.5).T) > radius][:4000]
    t = generator.uniform(0, 1, len(points))
    y, x = np.sort(np.abs(points - 0.5), axis=1).T
    angle = np.arctan2(y, x)
    share = (np.hypot(x, y) - radius) / (half / np.cos(angle) - radius)
    along_ray, around = legvander(2 * share - 1, degree), legvander(8 / np.pi * angle - 1, degree)
    at = np.einsum("pi,pj->pij", along_ray, around).reshape(len(points), -1) @ vectors
    temperature = np.sum(at * steady * -np.expm1(-rates * t[:, None]), axis=1)
    return {"x": points[:, 0], "y": points[:, 1], "t": t, "temperature": temperature}


# name -> (folder of problems/, solver, coarser and finer resolution)
REFERENCES: dict[str, tuple[str, Callable[[int], Columns], tuple[int, int]]] = {
    "burgers": ("transport", burgers, (100, 200)),
    "allen_cahn": ("transport", allen_cahn, (2048, 4096)),
    "kdv": ("transport", kdv, (256, 512)),
    "poisson_l_shape": ("heat", poisson_l_shape, (1, 2)),
    "lid_driven_cavity": ("fluids", lid_driven_cavity, (5, 6)),
    "hyperelastic_beam": ("elasticity", hyperelastic_beam, (8, 16)),
    "hyperelastic_block": ("elasticity", hyperelastic_block, (8, 16)),
    "lotka_volterra": ("ordinary", lotka_volterra, (10, 13)),
    "van_der_pol": ("ordinary", van_der_pol, (10, 13)),
    "robertson": ("ordinary", robertson, (9, 12)),
    "plate_with_hole_heated": ("heat", plate_with_hole_heated, (32, 44)),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=list(REFERENCES), metavar="NAME", choices=list(REFERENCES))
    parser.add_argument("--out", type=Path, default=ROOT / "problems", help="folder in place of problems/")
    arguments = parser.parse_args()
    for name in arguments.names:
        folder, solve, resolutions = REFERENCES[name]
        coarse, fine = (solve(resolution) for resolution in resolutions)
        for quantity in fine.keys() - {"x", "y", "t"}:
            difference = np.linalg.norm(coarse[quantity] - fine[quantity]) / np.linalg.norm(fine[quantity])
            print(f"{name}: {quantity} differs by {difference:.1e} between resolutions {resolutions}")
        file = arguments.out / folder / f"{name}_reference.npz"
        file.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(file, **fine)  # type: ignore[arg-type]  # the stub takes `allow_pickle` for one of them
        print(f"{file}: {file.stat().st_size / 1024:.0f} kB")


if __name__ == "__main__":
    main()
