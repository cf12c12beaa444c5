"""Energies that a solution makes stationary.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: functional.py.
"""
