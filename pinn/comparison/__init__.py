"""Activations and engines beside each other.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: compare.py.
"""
