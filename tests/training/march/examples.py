"""Problems in time as texts."""

from __future__ import annotations

from collections.abc import Sequence


def ordinary(end: float, fields: str, equations: Sequence[str], start: str) -> str:
    """A spec of ordinary equations."""
    listed = "".join(f"- {equation}\n" for equation in equations)
    return (
        f"name: ordinary\ntime: {{from: 0, to: {end}}}\nfields: {fields}\nequations:\n{listed}"
        f"conditions:\n- {{on: initial, {start}}}\n"
    )


LOTKA_VOLTERRA = ordinary(10, "[r, p]", ["r_t = 2*r - 0.04*r*p", "p_t = 0.02*r*p - 1.06*p"], "r: 100, p: 15")
MEMBRANE = """
name: membrane
coordinates: [x, y]
time: {from: 0, to: 1}
fields: [u]
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
equations: {wave: u_tt = laplacian(u)}
conditions:
- {on: boundary, u: 0}
- {on: initial, u: sin(pi*x)*sin(pi*y), u_t: 0}
exact: {u: sin(pi*x)*sin(pi*y)*cos(sqrt(2)*pi*t)}
"""
# Nonlinear, so that a march factorises more than once.
DIFFUSION = """
name: diffusion
coordinates: [x, y]
time: {from: 0, to: 0.1}
fields: [u]
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
equations: {diffusion: u_t = laplacian(u) - u**3}
conditions:
- {on: boundary, u: 0}
- {on: initial, u: sin(pi*x)*sin(pi*y)}
"""
