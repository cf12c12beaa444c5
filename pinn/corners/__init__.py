"""Corners: the functions that solutions have where edges, conditions or materials meet, computed from the equations.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: wedge.py, then functions.py; find.py for the corners of a problem.
"""
