"""Marching through time: least squares in space at the collocation nodes of one slab after another.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: stage.py.
"""
