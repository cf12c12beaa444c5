"""DeepXDE as an engine.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: deepxde_engine.py.
"""
