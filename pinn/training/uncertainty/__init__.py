"""What noise in the data leaves open.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: standard_deviation.py.
"""
