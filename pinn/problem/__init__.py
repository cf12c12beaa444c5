"""A spec, loaded and checked, with its geometry and compiled statements.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: problem.py.
"""
