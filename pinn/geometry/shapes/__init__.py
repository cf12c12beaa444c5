"""Shapes as level functions and boundary pieces; unions, differences, intersections.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: shape.py, then pieces.py.
"""
