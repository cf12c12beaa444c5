"""The model, and a statement's rows: residuals, Jacobians, integrals.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: assembly.py (points, weights), then linearisation.py (rows).
"""
