"""Rectangular pencil: the eigenvalues of A c = lambda M c nearest to a shift, A and M with more rows than columns.

A is what equations and conditions make of the coefficients c of sampled features, in the least-squares sense. One step
of inverse iteration solves the problem with what the last mode is as its load,

    c = argmin |(A - shift M) c - f|^2 + mu^2 |D c|^2,        f' = M c,

with one factorisation for all steps, on a block of vectors at once (subspace iteration; Golub & Van Loan, Matrix
Computations, 4th ed., § 8.2.4). The block's own small eigenproblem F^T f' = H, F an orthonormal basis of the f, has the
eigenvalues 1/(lambda - shift).

Features are nearly dependent: with mu of a few rounding errors, which gives the most digits of low modes, vectors that
are no smooth fields (those at the end of a block) are amplified to noise that looks like eigenvalues. So the
iteration runs with a larger mu, a few steps with smaller ones follow on what it has found, and of the same mode the one
with the least residual |(A - lambda M) c|/|(lambda - shift) M c| is taken.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.linalg import schur
from torch import Tensor

from pinn.network.deadline import in_time, of_qr, require_time
from pinn.training.output_layer.damped_qr import REGULARISATION, column_scales

GUARD = 8  # vectors of the block beyond twice the modes that are sought
SEARCH = 1e-11  # mu of the search, relative to the size of A
SETTLED, MOST_STEPS = 1e-9, 60  # relative change of the eigenvalues that ends the search
DAMPINGS = (SEARCH, 1e-13, REGULARISATION * torch.finfo(torch.float64).eps)  # mu of the steps that follow
MOST_MORE = 6  # vectors beyond those sought that go with them, up to where the next gap is the widest
POLISHED, POLISH_STEPS = 1e-14, 4  # relative change that ends the steps, and how many there are at most
SAME = 1e-3  # relative distance of eigenvalues that are closer to each other than to the rest
NOTHING = 1e-6  # of a shift: an eigenvalue that is zero
FREE_SHIFT = -0.1  # of the first eigenvalue that is not zero, where some are
MARGIN = 1e-9  # relative, by which sizes of eigenvalues that are one differ
TOGETHER = 1e-7  # relative distance of eigenvalues whose vectors are taken as those of one space
SEED = 5


@dataclass(frozen=True, eq=False)
class Pairs:
    """eigenvalues [K], by their distance from the shift; vectors [P, K]; the shift that the factorisation had.

    unsure   |imaginary part| of each, relative to its distance from the shift: there is no real mode where it is large
    """

    eigenvalues: Tensor
    vectors: Tensor
    shift: float
    unsure: Tensor


def shift_for(stiffness: Tensor, mass: Tensor, where: Tensor, count: int, size: float) -> float:
    """Zero, from which the lowest eigenvalues have the most digits; below it where some of them are zero.

    A alone is singular then (a body that nothing holds), and what its null space becomes depends on the damping: it is
    looked for with a shift that has the size of an eigenvalue.
    """
    found = np.abs(search(Factorised(stiffness, mass, where, FREE_SHIFT * size), count).eigenvalues)
    zero = found < NOTHING * abs(FREE_SHIFT * size)
    if not zero[:count].any():
        return 0.0
    return FREE_SHIFT * float(found[~zero].min(initial=size))


def lowest(stiffness: Tensor, mass: Tensor, where: Tensor, count: int, shift: float = 0.0) -> Pairs:
    """The `count` eigenvalues nearest to the shift, where A - shift M is not singular.

    stiffness   A [N, P];  mass [n, P], the rows of M that are not zero, and `where` [n] among those of A they stand
    """
    first = Factorised(stiffness, mass, where, shift)
    found = search(first, count)
    rough = found.loads @ torch.as_tensor(invariant(found.small, count)).to(found.loads)
    best = polish(first, rough, count, DAMPINGS[0])
    for mu in DAMPINGS[1:]:
        best = better(stiffness, mass, where, best, polish(first, rough, count, mu))
    return best


def better(stiffness: Tensor, mass: Tensor, where: Tensor, first: Pairs, second: Pairs) -> Pairs:
    """Of two sets of the same eigenvalues, group by group of those that lie close, the one with the less residual."""
    errors = [residuals(stiffness, mass, where, pairs) for pairs in (first, second)]
    scale = (first.eigenvalues - first.shift).abs()
    alike = (first.eigenvalues - second.eigenvalues).abs() <= SAME * scale
    breaks = torch.nonzero((scale[1:] - scale[:-1]).abs() > SAME * scale[1:]).flatten() + 1
    take = torch.zeros(len(scale), dtype=torch.bool)
    for group in torch.arange(len(scale)).tensor_split(breaks.cpu()):
        take[group] = bool(alike[group].all()) and bool(errors[1][group].max() < errors[0][group].max())
    take = take.to(scale.device)
    return Pairs(
        torch.where(take, second.eigenvalues, first.eigenvalues),
        torch.where(take, second.vectors, first.vectors),
        first.shift,
        torch.where(take, second.unsure, first.unsure),
    )


def residuals(stiffness: Tensor, mass: Tensor, where: Tensor, pairs: Pairs) -> Tensor:
    """|(A - lambda M) c|/|(lambda - shift) M c| of each pair: [K]."""
    loads = mass @ pairs.vectors
    left = stiffness @ pairs.vectors
    left[where] -= loads * pairs.eigenvalues
    return left.norm(dim=0) / (loads.norm(dim=0) * (pairs.eigenvalues - pairs.shift).abs())


class Factorised:
    """A - shift M, its columns scaled, as Q R; solves with any damping."""

    def __init__(self, stiffness: Tensor, mass: Tensor, where: Tensor, shift: float):
        self.mass, self.shift = mass, shift
        matrix = stiffness
        if shift:
            matrix = stiffness.clone()
            matrix[where] -= shift * mass
        self.scales = column_scales(matrix.norm(dim=0))
        matrix = matrix / self.scales
        require_time(2 * of_qr(*matrix.shape))
        orthogonal, self.upper = torch.linalg.qr(matrix)
        self.loads = orthogonal[where]  # [n, P]

    def damped(self, mu: float) -> Solver:
        """c of least |(A - shift M) c - f|^2 + mu^2 size^2 |D c|^2."""
        columns = self.upper.shape[1]
        below = mu * math.sqrt(columns) * torch.eye(columns, dtype=self.upper.dtype, device=self.upper.device)
        require_time(2 * of_qr(2 * columns, columns))
        orthogonal, upper = torch.linalg.qr(torch.cat([self.upper, below]))
        return Solver(self, orthogonal[:columns], upper)


@dataclass(frozen=True, eq=False)
class Solver:
    factorised: Factorised
    orthogonal: Tensor
    upper: Tensor

    def __call__(self, loads: Tensor) -> tuple[Tensor, Tensor]:
        """c [P, b] for loads f [n, b], and M c [n, b]."""
        in_time()
        whole = self.factorised
        right = self.orthogonal.T @ (whole.loads.T @ loads)
        found = torch.linalg.solve_triangular(self.upper, right, upper=True) / whole.scales[:, None]
        return found, whole.mass @ found


@dataclass(frozen=True, eq=False)
class Block:
    """What subspace iteration ended with: loads [n, b], the small matrix [b, b] that acts on them, eigenvalues [b]."""

    loads: Tensor
    small: NDArray
    eigenvalues: NDArray


def search(factorised: Factorised, count: int) -> Block:
    """Subspace iteration from random loads until the first `count` eigenvalues have settled."""
    rows, columns = factorised.loads.shape
    size = min(2 * count + GUARD, columns, rows)
    generator = torch.Generator().manual_seed(SEED)
    loads = torch.randn(rows, size, generator=generator, dtype=torch.float64).to(factorised.loads)
    solver = factorised.damped(SEARCH)
    before = None
    small = np.zeros((size, size))
    for _ in range(MOST_STEPS):
        basis, _ = torch.linalg.qr(loads)
        _, loads = solver(basis)
        small = (basis.T @ loads).cpu().numpy().astype(float)
        inverse = by_size(np.linalg.eigvals(small))[:count]
        if before is not None and np.abs(inverse - before).max() < SETTLED * np.abs(inverse).min():
            break
        before = inverse
    with np.errstate(divide="ignore"):
        values = factorised.shift + 1 / by_size(np.linalg.eigvals(small))
    return Block(loads, small, values)


def polish(factorised: Factorised, loads: Tensor, count: int, mu: float) -> Pairs:
    """A few steps with this damping; the pairs of what they end with."""
    solver, before, steps = factorised.damped(mu), None, 0
    basis, _ = torch.linalg.qr(loads)
    while True:
        vectors, loads = solver(basis)
        small = (basis.T @ loads).cpu().numpy().astype(float)
        inverse = by_size(np.linalg.eigvals(small))[:count]
        steps += 1
        if steps == POLISH_STEPS or (
            before is not None and np.abs(inverse - before).max() < POLISHED * np.abs(inverse).min()
        ):
            break
        before = inverse
        basis, _ = torch.linalg.qr(loads)
    values, combinations, unsure = real_pairs(small, count)
    vectors = vectors @ torch.as_tensor(combinations).to(vectors)
    found = torch.as_tensor(factorised.shift + 1 / values).to(vectors)
    return Pairs(found, vectors, factorised.shift, torch.as_tensor(unsure).to(vectors))


def by_size(values: NDArray) -> NDArray:
    return values[np.argsort(-np.abs(values), kind="stable")]


def invariant(small: NDArray, count: int) -> NDArray:
    """An orthonormal basis [b, k] of the space of the `count` largest eigenvalues and a few more, up to a gap."""
    sizes = np.sort(np.abs(np.linalg.eigvals(small)))[::-1]
    last = min(count + MOST_MORE, len(sizes) - 1)
    if count > last:
        return np.eye(len(sizes))
    gaps = sizes[count - 1 : last] / np.maximum(sizes[count : last + 1], np.finfo(float).tiny)
    return of_space(small, 0, count + int(np.argmax(gaps)))


def of_space(small: NDArray, first: int, last: int) -> NDArray:
    """An orthonormal basis [b, last - first] of the space of these eigenvalues, numbered by size, the largest first.

    From Schur's form, ordered; where that would exchange eigenvalues that lie too close, from eigenvectors.
    """
    values, axes = np.linalg.eig(small)
    order = np.argsort(-np.abs(values), kind="stable")
    sizes = np.abs(values[order])
    low, high = (1 - MARGIN) * sizes[last - 1], (1 + MARGIN) * sizes[first]
    try:
        _, vectors, *kept = schur(small, sort=lambda real, imag=0.0: low <= math.hypot(real, imag) <= high)
        if kept[0] == last - first:
            return np.asarray(vectors)[:, : last - first]
    except np.linalg.LinAlgError:
        pass
    chosen = np.where(np.imag(values) < 0, np.imag(axes), np.real(axes))[:, order[first:last]]
    return np.linalg.qr(chosen)[0]


def real_pairs(small: NDArray, count: int) -> tuple[NDArray, NDArray, NDArray]:
    """Eigenvalues [count] of a small matrix, the largest first, combinations [b, count], and imaginary parts [count].

    Those that lie TOGETHER have a basis of the space that they share. Of a complex pair the real part counts.
    """
    values = by_size(np.linalg.eigvals(small))
    found, combinations, unsure = [], [], []
    start = 0
    while start < len(values) and len(found) < count:
        end = start + 1
        while end < len(values) and abs(abs(values[end]) - abs(values[end - 1])) <= TOGETHER * abs(values[start]):
            end += 1
        while end < len(values) and values[end - 1].imag != 0 and np.isclose(values[end], values[end - 1].conj()):
            end += 1
        high = np.abs(values[start])
        basis = of_space(small, start, end)
        kept = basis.shape[1]
        own, axes = np.linalg.eig(basis.T @ small @ basis)
        order = np.argsort(-np.abs(own), kind="stable")
        own, axes = own[order], axes[:, order]
        spread = np.abs(own - own[0]).max(initial=0.0) <= TOGETHER * high
        turned = np.eye(kept) if spread else np.where(np.imag(own) < 0, np.imag(axes), np.real(axes))
        for number in range(kept):
            found.append(own[number].real)
            unsure.append(abs(own[number].imag) / abs(own[number]))
            combinations.append(basis @ turned[:, number])
        start = end
    return np.array(found[:count]), np.array(combinations[:count]).T, np.array(unsure[:count])
