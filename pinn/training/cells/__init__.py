"""Solvers on a partition of unity: squares of residuals, energies.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: stage.py.
"""
