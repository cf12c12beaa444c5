"""The table of `pinn distill`, and the folder of the student, which appears whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from pinn.comparison.distillation import Distilled, Figures, summary
from pinn.export.export import export
from pinn.files.disk import os_errors
from pinn.files.writing import write_json
from pinn.run.directory import RunDirectory
from pinn.solution.report import table
from pinn.solution.saved import save_run

HEADER = ("network", "weights", "deviation", "gradient", "residual", "µs a point")


def cells(figures: Figures) -> tuple[str, ...]:
    return (
        figures.name,
        str(figures.weights),
        f"{figures.deviation:.1e}",
        f"{figures.gradient_deviation:.1e}",
        f"{figures.heldout_residual:.1e}",
        f"{figures.microseconds:.2f}",
    )


def text(distilled: Distilled, sizes: Mapping[str, int]) -> str:
    """The figures, and the bytes of files."""
    lines = table(HEADER, [cells(figures) for figures in distilled.figures])
    return "\n".join([lines, "", *(f"{name}: {size:,} bytes" for name, size in sizes.items())])


def save(distilled: Distilled, run: Path) -> tuple[Path, dict[str, int]]:
    """Write RUN/distilled, or distilled-2, … where that is taken. Returns it, and the bytes of networks' files."""
    with os_errors(run):
        scratch = Path(tempfile.mkdtemp(prefix=".distilled.", dir=run))
    try:
        write_json(scratch / "distill.json", summary(distilled, str(run)))
        if find_spec("onnx") is not None:
            export(distilled.solution, scratch / "model.onnx")
        save_run(RunDirectory(scratch), distilled.solution)
        folder, count = run / "distilled", 1
        while folder.exists():
            count += 1
            folder = run / f"distilled-{count}"
        with os_errors(folder):
            scratch.chmod(0o755)  # mkdtemp's folders are the owner's alone
            os.rename(scratch, folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    files = {
        "teacher": run / "model.safetensors",
        "student": folder / "model.safetensors",
        "ONNX": folder / "model.onnx",
    }
    return folder, {name: file.stat().st_size for name, file in files.items() if file.is_file()}
