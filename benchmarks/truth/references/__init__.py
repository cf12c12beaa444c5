"""Right values that have no closed form: python -m benchmarks.truth.references [NAMES] writes references.json.

Each function of `series`, `ordinary` and `elements` solves one problem of the corpus at a level of accuracy, and
returns its solutions, each a list of rows. Read first: table.py.
"""
