"""How far a solution is from the true one: Newton's correction in other features, what no statement notices.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: companion.py.
"""
