"""The spec as a whole, and what its blocks must agree on.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: schema.py.
"""
