"""Solvers of the output layer on one box, and on slices of a family.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: least_squares.py.
"""
