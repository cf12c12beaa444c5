"""The energy behind equations: a density W whose Euler-Lagrange equations they are.

For fields u_f with partial derivatives u_d, D^d the total derivatives,

    E_f = sum over the derivatives d of u_f of (-1)^|d| D^d (dW/du_d)       for every field f.

The part of W of order m follows from the terms A(x) D^c u_g of order |c| = 2m in E_f: integrated by parts m times they
are (-1)^m/2 A D^a u_f D^b u_g, summed over the ways to split c = a + b evenly. What W has without derivatives is the
integral of the rest from zero fields to u. Not every system has an energy, so that what is built is checked: that the
equation above holds for arbitrary jets. Source: Olver, Applications of Lie Groups to Differential Equations, § 5.4.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import cast

import sympy
import torch
from torch import Tensor

from pinn.derivatives.jets import MAX_ORDER
from pinn.equations.compiler.program import Program
from pinn.spec.language.branches import symbols_of
from pinn.spec.language.expressions import Scope, symbol

ZERO = 1e-9  # relative to its terms: what is smaller at random jets is zero; rounding makes about 1e-14
MOST_POWER = 8  # of the fields in terms without derivatives
STEP = symbol("share of the fields")  # with spaces: no name of a spec

Orders = tuple[int, ...]


class RandomJets:
    """Values for all symbols: inputs [N] as given, jets random. What vanishes there vanishes everywhere."""

    def __init__(self, inputs: Mapping[str, Tensor], seed: int = 0):
        self.values = {symbol(name): value for name, value in inputs.items()}
        self.count = max((value.numel() for value in inputs.values()), default=1)
        self.generator = torch.Generator().manual_seed(seed)

    def vanishes(self, expression: sympy.Expr) -> bool:
        """Whether it is zero, up to rounding in its terms."""
        terms = sympy.Add.make_args(sympy.expand(expression))
        for s in sorted(symbols_of(sympy.Add(*terms)) - self.values.keys(), key=lambda s: s.name):
            self.values[s] = torch.randn(self.count, generator=self.generator, dtype=torch.float64)
        found = [torch.as_tensor(value, dtype=torch.float64) for value in Program(terms)(self.values)]
        size = cast(Tensor, sum(value.abs() for value in found))
        return bool((cast(Tensor, sum(found)).abs() <= ZERO * size).all())


def find_density(
    equations: Sequence[sympy.Expr], scope: Scope, jets: RandomJets, stored: sympy.Expr | None = None
) -> sympy.Expr | None:
    """W of equations, one for each field in their order; None where none is found.

    stored   the part of W with derivatives where it is known, such as the strain energy
    """
    if len(equations) != len(scope.fields):
        return None
    for sign in (1, -1):  # equations of equilibrium are written with either
        signed = [sign * equation for equation in equations]
        density = stored if stored is not None else with_derivatives(signed, scope, jets)
        if density is None:
            continue
        density += without_derivatives(remainders(signed, density, scope))
        if belongs(density, signed, scope, jets):
            return density
    return None


def belongs(density: sympy.Expr, equations: Sequence[sympy.Expr], scope: Scope, jets: RandomJets) -> bool:
    """Whether the equations are the Euler-Lagrange equations of the density."""
    if density.has(sympy.zoo, sympy.oo, sympy.nan):
        return False
    return all(jets.vanishes(rest) for rest in remainders(equations, density, scope).values())


def remainders(equations: Sequence[sympy.Expr], density: sympy.Expr, scope: Scope) -> dict[str, sympy.Expr]:
    """What the equations have beyond the Euler-Lagrange equations of the density, field by field."""
    pairs = zip(scope.fields, equations, strict=True)
    return {field: equation - euler_lagrange(density, field, scope) for field, equation in pairs}


def euler_lagrange(density: sympy.Expr, field: str, scope: Scope) -> sympy.Expr:
    """sum over the derivatives d of the field of (-1)^|d| D^d (dW/du_d)."""
    total = sympy.S.Zero
    for jet, (name, orders) in jets_of(density, scope):
        if name == field:
            letters = [axis for axis, count in zip(scope.axes, orders, strict=True) for _ in range(count)]
            total += (-1) ** len(letters) * scope.differentiate(density.diff(jet), *letters)
    return total


def with_derivatives(equations: Sequence[sympy.Expr], scope: Scope, jets: RandomJets) -> sympy.Expr | None:
    """The part of W with derivatives, from the highest order down; None where a coefficient depends on the fields."""
    density = sympy.S.Zero
    for order in range(MAX_ORDER // 2, 0, -1):
        part = sympy.S.Zero
        for field, rest in remainders(equations, density, scope).items():
            for jet, (other, orders) in jets_of(rest, scope):
                if sum(orders) != 2 * order:
                    continue
                coefficient = sympy.expand(rest.diff(jet))
                if jets.vanishes(coefficient):
                    continue
                if jets_of(coefficient, scope):
                    return None
                for share, a, b in even_splits(orders):
                    products = scope.jet(field, a) * scope.jet(other, b)
                    part += sympy.Rational((-1) ** order, 2) * share * coefficient * products
        density += part
    return density


def without_derivatives(rest: Mapping[str, sympy.Expr]) -> sympy.Expr:
    """sum over f of u_f times the integral of R_f(s u) for s from 0 to 1, R_f polynomials in the fields."""
    scaled = {symbol(name): STEP * symbol(name) for name in rest}
    total = sympy.S.Zero
    for name, part in rest.items():
        along = cast(sympy.Expr, sympy.expand(part).xreplace(scaled))
        for power in range(MOST_POWER + 1):
            total += symbol(name) * along.subs(STEP, 0) / math.factorial(power + 1)
            along = along.diff(STEP)
    return total


def jets_of(expression: sympy.Expr, scope: Scope) -> list[tuple[sympy.Symbol, tuple[str, Orders]]]:
    """The partial derivatives that an expression holds."""
    return [(s, scope.jets[s]) for s in sorted(symbols_of(expression) & scope.jets.keys(), key=lambda s: s.name)]


def even_splits(orders: Orders) -> Iterator[tuple[sympy.Expr, Orders, Orders]]:
    """(share, a, b) with a + b = orders and |a| = |b|; the shares, those of drawing at random, add up to 1."""
    half = sum(orders) // 2
    for a in product(*(range(n + 1) for n in orders)):
        if sum(a) == half:
            ways = math.prod(math.comb(n, m) for n, m in zip(orders, a, strict=True))
            b = tuple(n - m for n, m in zip(orders, a, strict=True))
            yield sympy.Integer(ways) / math.comb(2 * half, half), a, b
