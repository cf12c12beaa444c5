"""One file for each block of a spec.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: block.py, then any other.
"""
