"""Solvers of the output layer on one box, and on slices of a family.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: perceptron_system.py (the rows), then least_squares.py (how many features).
"""
