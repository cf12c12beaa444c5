"""One file for each file format.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: registry.py.
"""
