"""Activations and networks of fields.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: mlp.py.
"""
