"""PINNacle: references of its problems, and its measurements. Read first: make.py."""
