"""Names of patches: what a shape may call a part of its boundary."""

from __future__ import annotations

import re

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
RESERVED_PATCHES = ("boundary", "initial")  # these words name places in conditions
