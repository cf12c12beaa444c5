"""Shapes, families and partitions from a spec.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: shape.py.
"""
