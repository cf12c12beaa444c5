"""The exponential function, kept whole: SymPy makes exp(-1000.0)*exp(1000.0*x) of exp(1000.0*x - 1000.0): 0 times inf.

It does so for what it can evaluate, decimal numbers; an exact number stays where it is, and so in all that follows from
it (products of exponentials, derivatives).
"""

from __future__ import annotations

from typing import cast

import sympy

SPLIT = 100.0  # size of a summand of an exponent, from which the factor that it makes is kept in: 1e43


def exponential(exponent: sympy.Expr) -> sympy.Expr:
    """exp(exponent), with the large numbers among its summands exact."""
    summands = [
        sympy.Rational(one) if isinstance(one, sympy.Float) and abs(one) > SPLIT else one
        for one in sympy.Add.make_args(exponent)
    ]
    return cast(sympy.Expr, sympy.exp(sympy.Add(*summands)))
