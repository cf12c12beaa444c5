"""Triangles and tetrahedra for a shape: pictures, exports, quadrature.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: triangulation.py.
"""
