"""From a smooth network to a ReLU network that keeps the field.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: hardening.py.
"""
