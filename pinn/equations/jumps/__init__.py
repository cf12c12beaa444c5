"""Jumps: coefficients and sources that jump in space cut the domain, with what physics says across the cut.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: cut.py.
"""
