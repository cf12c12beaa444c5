"""Jets of a network: the partial derivatives asked for, in one forward pass.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: jets.py.
"""
