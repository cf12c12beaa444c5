"""References of the problems of PINNacle in time: solve(resolution) -> columns. Those of KS are Fourier series."""

from __future__ import annotations

import numpy as np

from benchmarks.references import Columns, exponential_differencing


def kuramoto_sivashinsky(modes: int) -> Columns:
    """u_t + a u u_x + b u_xx + c u_xxxx = 0 on [0, 2 pi], periodic; 32 steps a mode."""
    a, b, c = 100 / 16, 100 / 16**2, 100 / 16**4
    k = np.arange(modes + 1.0)
    derivative = np.where(k == modes, 0, 1j * k)
    x = np.pi * np.arange(2 * modes) / modes
    start = np.fft.rfft(np.cos(x) * (1 + np.sin(x)))
    kept = np.arange(modes + 1) <= 2 * modes // 3  # without aliasing of the square

    def convection(v: np.ndarray) -> np.ndarray:
        return -a / 2 * derivative * kept * np.fft.rfft(np.fft.irfft(v) ** 2)

    steps = 32 * modes
    states = exponential_differencing(start, b * k**2 - c * k**4, convection, 1 / steps, steps, steps // 64)
    points = 128
    values = np.fft.irfft(states, 2 * modes)[:, :: 2 * modes // points]
    return {"x": x[:: 2 * modes // points], "t": np.linspace(0, 1, len(states)), "u": values}
