"""Point loads: what fields are near a force or a source at a point, in closed form, as a known part of them.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: reading.py, then kernels.py for the closed forms.
"""
