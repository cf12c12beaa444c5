"""The network itself, as an ONNX graph.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: file.py.
"""
