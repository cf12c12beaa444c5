"""The stages by name, the loop over them, load steps.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: loop.py, then stages.py.
"""
