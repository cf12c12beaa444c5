"""Conditions and interfaces of a spec, as statements.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: reader.py.
"""
