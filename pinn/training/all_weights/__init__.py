"""Solvers of all weights: Gauss-Newton, first order, quasi-Newton.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: gauss_newton.py.
"""
