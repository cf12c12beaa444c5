"""Balance: conservation laws among the equations, as fluxes through a boundary and sources inside.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: laws.py.
"""
