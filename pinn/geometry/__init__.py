"""Exact shapes: named boundaries, outward normals, measures, sampling and triangulation; a room for each.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: shapes/shape.py.
"""
