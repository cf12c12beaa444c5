"""SymPy to functions of jets, with their linearisation.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: compile.py.
"""
