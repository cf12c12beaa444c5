"""One self-contained page of a run, for a browser.

May be imported by the rooms below it in CONTRIBUTING's map, and imports those above.
Read first: page.py.
"""
