"""Tables that problems of the corpus read: measurements, references, and hostile files; made where they are needed.

`make(folder)` writes them beside the copy of the corpus that is run. Measurements come from a seeded generator.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.integrate import solve_ivp

SEED = 13
Writer = Callable[[Path], None]


def columns(**values: np.ndarray) -> Writer:
    """A CSV file of columns, all digits."""

    def write(file: Path) -> None:
        with file.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(values)
            writer.writerows(zip(*(np.asarray(column).tolist() for column in values.values()), strict=True))

    return write


def arrays(**values: np.ndarray) -> Writer:
    return lambda file: np.savez_compressed(file, **values)  # type: ignore[arg-type]  # of the stub's `allow_pickle`


def text(content: str) -> Writer:
    return lambda file: file.write_text(content, encoding="utf-8")


# ---- measurements ----------------------------------------------------------------------------------------------------


def drifting_sensor() -> Writer:
    """-2 u'' = 1 with a little noise, and a drift of 0.02 along x."""
    x = np.linspace(0.02, 0.98, 60)
    noise = np.random.default_rng(SEED).normal(0, 2e-4, len(x))
    return columns(x=x, u=x * (1 - x) / 4 + 0.02 * x + noise)


def honest_noise() -> Writer:
    x = np.linspace(0.01, 0.99, 200)
    return columns(x=x, u=x * (1 - x) / 4 + np.random.default_rng(SEED).normal(0, 1e-3, len(x)))


def outlier() -> Writer:
    x = np.linspace(0.02, 0.98, 40)
    u = x * (1 - x) / 4 + np.random.default_rng(SEED).normal(0, 1e-3, len(x))
    u[11] *= 10
    return columns(x=x, u=u)


def cooling_cup() -> Writer:
    """T' = -c (T^4 - 293^4) from 900 K, with noise of 0.1 K."""
    x = np.linspace(1, 60, 60)
    found = solve_ivp(lambda _, T: -2e-10 * (T**4 - 293**4), (0, 60), [900.0], t_eval=x, rtol=1e-10, atol=1e-8)
    return columns(x=x, T=found.y[0] + np.random.default_rng(SEED).normal(0, 0.1, len(x)))


def cup() -> Writer:
    """T' = -0.05 (T - 20) from 80 degrees, with noise of 0.1."""
    t = np.linspace(0, 60, 31)
    return columns(t=t, T=20 + 60 * np.exp(-0.05 * t) + np.random.default_rng(SEED).normal(0, 0.1, len(t)))


def shifted_axis() -> Writer:
    """EI w'''' = 1 - x, simply supported, EI = 1, where the problem has the load x."""
    x = np.linspace(0.02, 0.98, 50)
    s = 1 - x
    return columns(x=x, w=(3 * s**5 - 10 * s**3 + 7 * s) / 360 + np.random.default_rng(SEED).normal(0, 1e-6, len(x)))


def exact_data() -> Writer:
    x, t = (a.ravel() for a in np.meshgrid(np.linspace(0.1, 0.9, 5), np.linspace(0.25, 1, 4)))
    return columns(x=x, t=t, u=np.sin(np.pi * x) * np.exp(-0.1 * np.pi**2 * t))


def layers() -> Writer:
    """-(k T')' = 10 between cold ends, k = 1 up to x = 0.3 and 5 beyond, with noise of 0.002."""
    x = np.linspace(0.02, 0.98, 49)
    flux = 1.36 / 0.44
    T = np.where(x < 0.3, flux * x - 5 * x**2, 0.3 * flux - 0.45 + (flux * (x - 0.3) - 5 * (x**2 - 0.09)) / 5)
    return columns(x=x, T=T + np.random.default_rng(SEED).normal(0, 2e-3, len(x)))


def two_of_one() -> Writer:
    """-k u'' = q with q/k = 4."""
    x = np.linspace(0.1, 0.9, 17)
    return columns(x=x, u=2 * x * (1 - x))


# ---- references and coefficients -------------------------------------------------------------------------------------


def reference_of_another_case() -> Writer:
    """-u'' = 1.1, where the problem has the source 1."""
    x = np.linspace(0, 1, 101)
    return columns(x=x, u=1.1 * x * (1 - x) / 2)


def scattered_in_time() -> Writer:
    """983 nodes, each at 51 times: u_t - Laplace u = 200 sin(pi x) sin(pi y) sin(pi t) from rest."""
    nodes, times = np.random.default_rng(SEED).uniform(0, 1, (983, 2)), np.linspace(0, 5, 51)
    k = 2 * np.pi**2
    growth = (k * np.sin(np.pi * times) - np.pi * np.cos(np.pi * times) + np.pi * np.exp(-k * times)) / (
        k**2 + np.pi**2
    )
    space = 200 * np.sin(np.pi * nodes[:, 0]) * np.sin(np.pi * nodes[:, 1])
    x, y = (np.repeat(nodes[:, axis], len(times)) for axis in (0, 1))
    return arrays(x=x, y=y, t=np.tile(times, len(nodes)), u=np.outer(space, growth).ravel())


def coefficient() -> Writer:
    x, y = (a.ravel() for a in np.meshgrid(np.linspace(0, 1, 65), np.linspace(0, 1, 65), indexing="ij"))
    return arrays(x=x, y=y, a=1 + x + y**2)


def start() -> Writer:
    x = np.linspace(0, 1, 201)
    return arrays(x=x, u=np.sin(np.pi * x))


# ---- hostile files ---------------------------------------------------------------------------------------------------

SOUND = {"x": np.array([0.5, 0.2]), "y": np.array([0.5, 0.2]), "u": np.array([0.07, 0.03])}


def damaged(change: Callable[[bytearray], bytes]) -> Writer:
    """A sound npz file, changed."""

    def write(file: Path) -> None:
        np.savez(file, **SOUND)  # type: ignore[arg-type]
        file.write_bytes(change(bytearray(file.read_bytes())))

    return write


def cut(content: bytearray) -> bytes:
    return bytes(content[: len(content) // 2])


def flipped(content: bytearray) -> bytes:
    """One byte of the data of u, which its checksum notices."""
    content[content.find(b"u.npy") + 160] ^= 255
    return bytes(content)


TABLES: dict[str, Writer] = {
    "data/drifting-sensor.csv": drifting_sensor(),
    "data/honest-noise.csv": honest_noise(),
    "data/outlier.csv": outlier(),
    "data/cooling-cup.csv": cooling_cup(),
    "data/cup.csv": cup(),
    "data/shifted-axis.csv": shifted_axis(),
    "data/exact-data.csv": exact_data(),
    "data/layers.csv": layers(),
    "free/two-of-one.csv": two_of_one(),
    "known/reference-of-another-case.csv": reference_of_another_case(),
    "pinnacle/reference.npz": scattered_in_time(),
    "pinnacle/coefficient.npz": coefficient(),
    "pinnacle/start.npz": start(),
    "tables/huge-field.csv": text("x,y,u\n0.5,0.5," + "1" * 200_000 + "\n"),
    "tables/wide.csv": text(
        "x,y,u," + ",".join(f"c{i}" for i in range(200_000)) + "\n" + "0.5," * 200_002 + "0.5\n"
    ),
    "tables/underscore.csv": text("x,y,u\n0.5,0.5,1_0\n"),
    "tables/cut.npz": damaged(cut),
    "tables/checksum.npz": damaged(flipped),
    "tables/complex.npz": arrays(**SOUND | {"u": np.array([0.07 + 5j, 0.03])}),
    "tables/structured.npz": arrays(x=np.array([0.5]), y=np.array([0.5]), u=np.zeros(1, [("a", "f8"), ("b", "f8")])),
    "tables/dates.npz": arrays(**SOUND | {"u": np.array([1, 2], "M8[s]")}),
    "tables/words.npz": arrays(**SOUND | {"u": np.array(["0.07", "0.03"])}),
}  # fmt: skip


def make(folder: Path) -> None:
    """Write every table below a folder that has the corpus's sub-folders."""
    for name, write in TABLES.items():
        write(folder / name)
