"""A solved problem: evaluation, errors, verdict, report.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: solution.py; verdict.py decides what a result is worth.
"""
