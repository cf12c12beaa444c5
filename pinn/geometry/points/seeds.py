"""Seeds: whatever draws random numbers has a seed of its own, made of another by names and counters.

    seed_of(run's seed, "gauss_newton", iteration)

NumPy's SeedSequence hashes them: other names or counters give streams that have nothing in common, the same ones give
the same bits. A sum of seeds meets another sum somewhere, and then two draws are one.
Source: O'Neill, "Developing a seed_seq Alternative" (2015), as numpy.random.SeedSequence has it.
"""

from __future__ import annotations

import zlib

import numpy as np


def seed_of(root: int, *keys: str | int) -> int:
    """A seed below 2^64 for what these names and counters (below 2^32) stand for."""
    words = [zlib.crc32(key.encode()) if isinstance(key, str) else key for key in keys]
    return int(np.random.SeedSequence(root, spawn_key=words).generate_state(1, np.uint64)[0])
