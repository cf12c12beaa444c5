"""Text of expressions to SymPy, through a whitelist.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: expressions.py.
"""
