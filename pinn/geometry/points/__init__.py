"""Sampling and quadrature: sequences, rules, points on boundaries.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: sampling.py.
"""
