"""One file for each command.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: main.py.
"""
