"""The subset of YAML, with the place of every key.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: source.py.
"""
