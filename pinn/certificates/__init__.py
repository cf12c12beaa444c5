"""Certificates: ranges, residuals and errors of a solution that are proved, and a checker that shares no code with it.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: certify.py.
"""
