"""Values at the points of grids, meshes, lines.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: sample.py.
"""
