"""Exact shapes: named boundaries, outward normals, measures, sampling and triangulation."""
