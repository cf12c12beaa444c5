"""Where points come from: a shape over time and parameters, its places, the points drawn from them.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: point_set.py.
"""
