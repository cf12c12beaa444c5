"""Text of expressions to SymPy: names (expressions), functions, and a whitelist of syntax (reading).

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: expressions.py.
"""
