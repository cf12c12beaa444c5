"""A run's directory and checkpoints.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: directory.py.
"""
