"""A long run: does it hold more memory, descriptors, threads or disk after an hour than after a minute?

    python benchmarks/soak.py [--minutes 30] [--out results/benchmarks]

`pinn solve` trains with Adam, weights that are balanced, points that are drawn again, true errors, progress and a
checkpoint every second, in a process that is looked at from outside every INTERVAL seconds, through /proc (Linux). The
history may have ROWS rows of a kind instead of history.MOST, so that its bound is met early and many times. The first
third warms up: allocators fill their pools, and the history its bound. Of the rest the slope of the resident memory is
estimated from the means of BATCHES batches, which are nearly independent where single samples
are not (Law & Kelton, Simulation Modeling and Analysis, 3rd ed., § 9.5.3), with Student's interval of 95 %.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from scipy import stats

from pinn.run import checkpoint

RESULTS = Path(__file__).parent.parent / "results" / "benchmarks"
INTERVAL = 2.0  # seconds
ROWS = 200  # with a residual measured every 100 steps, the bound is met after 20,000 steps
PROGRAM = f"from pinn.training import history; history.MOST = {ROWS}; from pinn.cli.main import main; main()"
WARM_UP, BATCHES = 1 / 3, 20
MEGABYTE = 1e6
LEAK = 1.0  # MB/h that are called one, 24 MB in a day: pools of allocators still grow by pages after half an hour
MOST_POINTS = 600  # of a curve, in the JSON and the picture
SPEC = """
name: soak
coordinates: [x, y]
fields: [u]
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
equations: {poisson: u_xx + u_yy = -2*pi**2*sin(pi*x)*sin(pi*y) + 0.1*u**2 - 0.1*(sin(pi*x)*sin(pi*y))**2}
conditions: [{on: boundary, u: 0}]
exact: {u: sin(pi*x)*sin(pi*y)}
network: {hidden: [12, 12], activation: {lambda_gelu: {hardness: 2, trainable: true}}}
sampling: {interior: 48, boundary: 16, adaptive: true}
solver:
  method: {adam: {iterations: 1000000000, resample: 200, weights: {gradient_norm: {every: 200}}}}
  tolerance: 1e-30
  threads: 1
  checkpoint: 1
"""


@dataclass(frozen=True)
class Sample:
    """A process and its folder at a moment: seconds, bytes and counts."""

    seconds: float
    resident: int
    descriptors: int
    threads: int
    folder: int
    checkpoints: int


def sample(process: int, folder: Path, begun: float) -> Sample:
    """Raises FileNotFoundError or ProcessLookupError where the process has ended."""
    proc = Path("/proc") / str(process)
    pages = int((proc / "statm").read_text().split()[1])
    return Sample(
        time.monotonic() - begun,
        pages * os.sysconf("SC_PAGE_SIZE"),
        len(list((proc / "fd").iterdir())),
        len(list((proc / "task").iterdir())),
        sum(size_of(file) for file in folder.rglob("*")),
        max(checkpoint.numbers(folder), default=0),
    )


def size_of(file: Path) -> int:
    try:
        return file.stat().st_size if file.is_file() else 0
    except FileNotFoundError:  # between the listing and the look a checkpoint has been removed
        return 0


def watch(minutes: float) -> tuple[list[Sample], dict]:
    """(samples, metrics.json) of a run of that time; what follows the training is not sampled."""
    samples: list[Sample] = []
    with tempfile.TemporaryDirectory() as name:
        folder, spec = Path(name) / "run", Path(name) / "soak.yaml"
        spec.write_text(SPEC, encoding="utf-8")
        command = [sys.executable, "-c", PROGRAM, "solve", str(spec), "--out", str(folder), "--track-errors"]
        limit = 60 * minutes
        begun = time.monotonic()
        process = subprocess.Popen([*command, "--set", f"solver.time_limit={limit}"], stderr=subprocess.DEVNULL)
        started = None
        while process.poll() is None:
            if started is None and checkpoint.numbers(folder):
                started = time.monotonic()
            if started is not None and time.monotonic() - started < limit - INTERVAL:
                samples.append(sample(process.pid, folder, begun))
            time.sleep(min(INTERVAL, limit / 60))
        if process.returncode:
            raise SystemExit(f"the run ended with exit code {process.returncode}")
        return samples, json.loads((folder / "metrics.json").read_text(encoding="utf-8"))


def slope(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """(slope, half of its 95 % interval) of y [N] over x [N], from the means of batches."""
    xs, ys = (np.array([batch.mean() for batch in np.array_split(values, BATCHES)]) for values in (x, y))
    rise, start = np.polyfit(xs, ys, 1)
    variance = np.square(ys - start - rise * xs).sum() / (BATCHES - 2) / np.square(xs - xs.mean()).sum()
    return float(rise), float(stats.t.ppf(0.975, BATCHES - 2) * np.sqrt(variance))


def summary(samples: list[Sample], metrics: dict) -> dict:
    """What is said of a run."""
    warm = samples[int(WARM_UP * len(samples)) :]
    hours = np.array([one.seconds for one in warm]) / 3600
    rise, half = slope(hours, np.array([one.resident for one in warm]) / MEGABYTE)
    return {
        "minutes": samples[-1].seconds / 60,
        "steps": metrics["iterations"],
        "checkpoints": samples[-1].checkpoints,
        "resident_mb": {"warm": warm[0].resident / MEGABYTE, "end": warm[-1].resident / MEGABYTE},
        "mb_per_hour": {"slope": rise, "interval": [rise - half, rise + half]},
        "folder_mb": {
            name: statistics.median(one.folder for one in part) / MEGABYTE
            for name, part in (("warm", warm[: len(warm) // 2]), ("end", warm[len(warm) // 2 :]))
        },
        # the usual number: an open file of a checkpoint that is being written is no leak
        **{
            key: {"warm": statistics.mode(getattr(one, key) for one in warm[: len(warm) // 2]),
                  "end": statistics.mode(getattr(one, key) for one in warm[len(warm) // 2 :]),
                  "most": max(getattr(one, key) for one in samples)}
            for key in ("descriptors", "threads")
        },
    }  # fmt: skip


def leaks(found: dict) -> bool:
    """Whether more is held at the end: memory that certainly grows by LEAK, or a descriptor or thread more."""
    certain = found["mb_per_hour"]["interval"][0] > LEAK
    return certain or any(found[key]["end"] > found[key]["warm"] for key in ("descriptors", "threads"))


def table(found: dict, machine: str) -> str:
    rise, (low, high) = found["mb_per_hour"]["slope"], found["mb_per_hour"]["interval"]
    rows = {
        "minutes": f"{found['minutes']:.0f}",
        "steps": f"{found['steps']:,}",
        "checkpoints": f"{found['checkpoints']:,}",
        "resident memory, after the first third and at the end": " and ".join(
            f"{found['resident_mb'][when]:.1f} MB" for when in ("warm", "end")
        ),
        "its slope": f"{rise:+.2f} MB/h, 95 % between {low:+.2f} and {high:+.2f}",
        "run folder, second and last third": " and ".join(
            f"{found['folder_mb'][when]:.1f} MB" for when in ("warm", "end")
        ),
        **{
            f"{key}, second and last third (most)": "{warm} and {end} ({most})".format(**found[key])
            for key in ("descriptors", "threads")
        },
    }
    head = [
        "# A long run",
        "",
        "`python benchmarks/soak.py`: Adam with balanced weights, learned hardness, points drawn again, true errors,",
        "progress and a checkpoint every second or as often as a twentieth of the time allows, looked at from outside",
        f"every two seconds. The history may have {ROWS} rows of a kind, so that its bound is met in the first third.",
        f"The slope is of the other two, from the means of {BATCHES} batches; above {LEAK:g} MB/h it is called a leak.",
        "",
        "| | |",
        "|---|---|",
    ]
    return "\n".join([*head, *(f"| {name} | {value} |" for name, value in rows.items()), "", machine, ""])


def draw(samples: list[Sample], found: dict, file: Path) -> None:
    from matplotlib.figure import Figure

    minutes = [one.seconds / 60 for one in samples]
    figure = Figure(figsize=(7.0, 6.4), layout="constrained")
    memory, folder, counts = figure.subplots(3, 1, sharex=True)
    memory.plot(minutes, [one.resident / MEGABYTE for one in samples], color="#0072B2", lw=1)
    memory.axvspan(minutes[0], minutes[int(WARM_UP * len(minutes))], color="0.93", lw=0)
    low, high = found["mb_per_hour"]["interval"]
    memory.set(
        ylabel="MB",
        ylim=(0, None),
        title=f"resident memory; grey: warm-up; after it {low:+.2f} to {high:+.2f} MB/h",
    )
    folder.plot(minutes, [one.folder / MEGABYTE for one in samples], color="#009E73", lw=1)
    folder.set(ylabel="MB", ylim=(0, None), title="run folder: two checkpoints and one that is being written")
    counts.plot(minutes, [one.descriptors for one in samples], color="#D55E00", lw=1, label="file descriptors")
    counts.plot(minutes, [one.threads for one in samples], color="#CC79A7", lw=1, label="threads")
    counts.set(xlabel="minutes", ylim=(0, None), title="descriptors and threads")
    counts.legend(frameon=False, loc="center right")
    for axes in (memory, folder, counts):
        axes.grid(alpha=0.3)
    figure.savefig(file, dpi=150)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    samples, metrics = watch(options.minutes)
    found = summary(samples, metrics)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, one thread"
    options.out.mkdir(parents=True, exist_ok=True)
    few = samples[:: max(1, -(-len(samples) // MOST_POINTS))]
    content = {"machine": machine, **found, "samples": [asdict(one) for one in few]}
    (options.out / "soak.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    text = table(found, machine)
    (options.out / "soak.md").write_text(text, encoding="utf-8")
    draw(samples, found, options.out / "soak.png")
    print(text)
    if leaks(found):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
