"""Accuracy and time of every problem: python benchmarks/accuracy.py [NAMES] [--seeds 0 1 2]

Runs `pinn solve` on each file of problems/ as a user would, one run at a time, and reads metrics.json. Writes
results/benchmarks/accuracy.json and accuracy.md; runs that are not repeated keep their rows. Seconds are those of the
whole command: imports, training, export and figures.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "results" / "benchmarks"

# quantity -> (target error, seconds) of each problem; "probe:NAME" is |value - expected|, its largest on a
# line; "unknown:NAME" the relative error of an identified constant, "mode:N" that of an eigenvalue.
TARGETS = {
    "heat/poisson_2d": {"u": 1e-10, "seconds": 10},
    "heat/heat_1d": {"u": 1e-9, "seconds": 15},
    "heat/fin_family": {"u": 1e-8, "probe:heat_loss": 1e-6, "seconds": 20},
    "heat/nonlinear_poisson": {"u": 1e-8, "seconds": 30},
    "elasticity/manufactured_plate": {"displacement": 1e-8, "seconds": 15},
    "elasticity/plate_with_hole": {"stress": 1e-6, "probe:stress_concentration": 1e-5, "seconds": 30},
    "elasticity/plate_family": {"stress": 1e-4, "probe:stress_concentration": 1e-3, "seconds": 60},
    "elasticity/cylinder_family": {"stress": 1e-4, "probe:hoop_stress": 1e-3 * 212.5e6, "seconds": 60},
    "elasticity/inverse_modulus": {"unknown:E": 1e-6, "unknown:nu": 1e-6, "seconds": 30},
    "elasticity/inverse_modulus_field": {"E": 1e-2, "seconds": 60},
    "elasticity/cantilever": {"displacement": 1e-8, "stress": 1e-8, "seconds": 15},
    "elasticity/inclusion": {"stress": 1e-5, "probe:stress_inside": 1e-5, "seconds": 60},
    "heat/two_materials": {"u": 1e-7, "seconds": 30},
    "elasticity/cube_3d": {"displacement": 1e-5, "seconds": 90},
    "elasticity/hyperelastic_manufactured": {"displacement": 1e-8, "stress": 1e-7, "seconds": 30},
    "elasticity/hyperelastic_block": {"displacement": 1e-3, "seconds": 60},
    "elasticity/bracket": {"displacement": 2e-4, "stress": 1.4e-2, "seconds": 90},  # quadratic elements on its mesh
    "elasticity/hyperelastic_beam": {"displacement": 1e-3, "probe:tip_deflection": 3e-3, "seconds": 90},
    "waves/wave_1d": {"u": 1e-8, "seconds": 30},
    "waves/helmholtz_2d": {"u": 1e-9, "seconds": 15},
    "transport/burgers": {"u": 1e-5, "seconds": 120},
    "heat/poisson_5d": {"u": 1e-5, "seconds": 120},
    "elasticity/beam_euler": {"w": 1e-9, "seconds": 10},
    "elasticity/plate_kirchhoff": {"w": 1e-8, "seconds": 20},
    "elasticity/cook_membrane": {"probe:tip": 1e-3 * 23.96774, "seconds": 90},
    "elasticity/nafems_le1": {"probe:stress_yy_D": 1e-3 * 92.65818e6, "probe:ux_D": 1e-3 * 1.0220850e-4, "seconds": 90},
    "elasticity/pressurised_cylinder": {"stress": 1e-8, "displacement": 1e-8, "seconds": 15},
    "elasticity/pressurised_ring": {"stress": 1e-8, "displacement": 1e-8, "seconds": 15},
    "elasticity/heated_cylinder": {"stress": 1e-8, "displacement": 1e-8, "seconds": 15},
    "elasticity/graded_ring": {"stress": 1e-8, "displacement": 1e-8, "seconds": 15},
    "elasticity/incompressible_cylinder": {"stress": 1e-8, "p": 1e-7, "seconds": 20},
    "elasticity/orthotropic_plate_with_hole": {"stress": 1e-5, "probe:stress_concentration": 1e-3, "seconds": 90},
    "elasticity/beam_on_foundation": {"w": 1e-8, "seconds": 10},
    "elasticity/vibrating_bar": {"u": 1e-8, "seconds": 30},
    "transport/advection": {"u": 1e-8, "seconds": 30},
    "fluids/kovasznay": {"u": 1e-7, "v": 1e-7, "p": 1e-7, "seconds": 60},
    "heat/poisson_l_shape": {"u": 1e-3, "seconds": 60},
    "waves/square_membrane_modes": {"mode:2": 1e-8, "seconds": 15},
    "waves/l_membrane_modes": {"mode:1": 1e-4, "seconds": 60},
    "elasticity/clamped_plate_modes": {"mode:1": 1e-4, "seconds": 60},
    "elasticity/cantilever_modes": {"mode:1": 1e-8, "mode:6": 1e-8, "seconds": 15},
    "elasticity/column_buckling": {"mode:1": 1e-8, "seconds": 15},
    "elasticity/sheet_modes": {"mode:4": 1e-8, "seconds": 30},
    "elasticity/brazilian_disc": {"probe:splitting": 1e-2, "seconds": 30},  # Pa, 1e-8 of it
    "elasticity/plate_point_load": {"probe:middle": 6e-12, "seconds": 30},  # m, 1e-8 of it
    "elasticity/orthotropic_block": {"displacement": 1e-4, "seconds": 120},
    "elasticity/mindlin_disk": {"w": 1e-8, "rotation": 1e-8, "moment": 1e-7, "seconds": 30},
    "elasticity/fuel_rod": {"temperature": 1e-8, "displacement": 1e-8, "stress": 1e-8, "seconds": 30},
    "elasticity/pressure_vessel": {
        "probe:hoop_of_wall": 1e-3 * 5.53694e7,
        "probe:centre_of_end": 1e-3 * 5.24007e-5,
        "probe:stress_on_top": 1e-3 * 5.868e7,
        "seconds": 120,
    },
    "elasticity/turbine_disc": {
        "probe:hoop_at_bore": 1e-3 * 4.7501e8,
        "probe:growth_of_rim": 1e-3 * 3.0312e-4,
        "probe:radial_in_web": 1e-3 * 3.7970e8,
        "seconds": 120,
    },
    "fluids/colliding_flow": {"velocity": 1e-8, "p": 1e-7, "seconds": 30},
    "transport/allen_cahn": {"u": 1e-4, "seconds": 300},
    "transport/kdv": {"u": 1e-3, "seconds": 300},
    "fluids/lid_driven_cavity": {
        "probe:u_centreline": 1e-2,
        "probe:v_centreline": 1e-2,
        "u": 1e-2,
        "v": 1e-2,
        "seconds": 300,
    },
    "ordinary/lotka_volterra": {"hares": 1e-6, "lynxes": 1e-6, "seconds": 5},
    "ordinary/van_der_pol": {"u": 1e-6, "seconds": 5},
    "ordinary/robertson": {"a": 1e-6, "b": 1e-6, "c": 1e-6, "seconds": 5},
    "waves/membrane": {"u": 1e-6, "seconds": 20},
    "heat/plate_with_hole_heated": {"temperature": 1e-4, "seconds": 20},
    "elasticity/strip_wave": {"displacement": 1e-3, "seconds": 60},
    "fluids/taylor_green": {"u": 1e-6, "v": 1e-6, "seconds": 60},
}
UNSOLVED = 5  # exit code: the files are all there


def run(name: str, seed: int) -> dict:
    """One run of the command line: its errors, probes, stop reason and seconds."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        command = [sys.executable, "-m", "pinn", "solve", str(ROOT / "problems" / f"{name}.yaml")]
        begun = time.perf_counter()
        done = subprocess.run([*command, "--seed", str(seed), "--out", str(out), "-q"], capture_output=True, text=True)
        seconds = time.perf_counter() - begun
        if done.returncode not in (0, UNSOLVED):
            return {"seed": seed, "exit": done.returncode, "message": done.stderr.strip()[-300:], "seconds": seconds}
        metrics = json.loads((out / "metrics.json").read_text())
    errors = dict(metrics["relative_l2"])
    for probe, found in metrics["probes"].items():
        if "max_error" in found:
            errors[f"probe:{probe}"] = found["max_error"]
        elif "expected" in found:
            errors[f"probe:{probe}"] = abs(found["value"] - found["expected"])
    expected = [mode for mode in metrics.get("modes", ()) if "expected" in mode]
    errors |= {f"mode:{mode['number']}": mode["relative_error"] for mode in expected}
    errors |= {f"unknown:{name}": error for name, error in metrics.get("unknown_errors", {}).items()}
    keys = ("stop_reason", "heldout_residual", "iterations", "parameters", "activation", "peak_memory_mb")
    found = {key: metrics[key] for key in keys}
    return {"seed": seed, "exit": done.returncode, "seconds": seconds, "errors": errors, **found}


def table(results: dict[str, list[dict]], machine: str) -> str:
    lines = [
        "# Accuracy and time of the problems",
        "",
        "Made by `python benchmarks/accuracy.py`. Errors are relative L2 on 5,000 random points never trained on, or",
        "on the points of the reference file; probes are absolute differences, the largest of those along a line.",
        "Seconds are of the whole command `pinn solve`. Medians over the seeds, the worst seed in brackets.",
        "",
        f"Machine: {machine}.",
        "",
        "| problem | quantity | error (worst) | target | seconds (worst) | limit | stop reasons | met |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, targets in TARGETS.items():
        runs = results.get(name, [])
        good = [entry for entry in runs if "errors" in entry]
        if not good:
            continue
        seconds = [entry["seconds"] for entry in good]
        for quantity, target in targets.items():
            if quantity == "seconds":
                continue
            errors = [entry["errors"].get(quantity, math.nan) for entry in good]
            median = statistics.median(errors)
            met = median <= target and max(errors) <= 10 * target and statistics.median(seconds) <= targets["seconds"]
            reasons = ", ".join(sorted({entry["stop_reason"] for entry in good}))
            if any(entry["exit"] == UNSOLVED for entry in good):
                reasons += "; not solved"
            lines.append(
                f"| {name} | {quantity.split(':')[-1]} | {median:.1e} ({max(errors):.1e}) | {target:.0e} | "
                f"{statistics.median(seconds):.1f} ({max(seconds):.1f}) | {targets['seconds']} | {reasons} | "
                f"{'yes' if met and len(good) == len(runs) else 'no'} |"
            )
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=list(TARGETS), metavar="NAME", help="such as heat/poisson_2d")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--note", default="", help="what else is to be known of the machine, such as other work beside")
    arguments = parser.parse_args()
    RESULTS.mkdir(parents=True, exist_ok=True)
    file = RESULTS / "accuracy.json"
    content = json.loads(file.read_text()) if file.exists() else {}
    results = content.get("problems", {})
    for name in arguments.names:
        results[name] = []
        for seed in arguments.seeds:
            entry = run(name, seed)
            results[name].append(entry)
            shown = {k: f"{v:.2e}" for k, v in entry.get("errors", {}).items() if k in TARGETS.get(name, {})}
            print(f"{name} seed {seed}: {shown} {entry['seconds']:.1f} s {entry.get('stop_reason', entry)}", flush=True)
        threads = os.environ.get("OMP_NUM_THREADS", "all")
        machine = (
            f"{os.cpu_count()} cores ({platform.machine()}), threads: {threads}, Python {platform.python_version()}"
        ) + (f", {arguments.note}" if arguments.note else "")
        file.write_text(json.dumps({"machine": machine, "problems": results}, indent=1) + "\n")
        (RESULTS / "accuracy.md").write_text(table(results, machine))


if __name__ == "__main__":
    main()
