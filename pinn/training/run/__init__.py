"""What the stages of one training share; its state and history.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: run.py.
"""
