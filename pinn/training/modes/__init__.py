"""Modes: eigenvalues of linear problems without loads, by inverse iteration on the output layer.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: pencil.py, then stage.py.
"""
