"""Units of measure: dimensions, coherent systems of units, and how both are written.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: system.py.
"""
