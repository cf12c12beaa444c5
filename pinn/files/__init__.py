"""Reading what others wrote, writing whole or not at all, locks.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: disk.py, the only place that touches the disk.
"""
