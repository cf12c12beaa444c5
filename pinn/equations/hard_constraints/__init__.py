"""Conditions that hold exactly, by construction.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: ansatz.py.
"""
