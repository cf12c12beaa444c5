"""The march: slab after slab, each as long as the residual between its nodes allows.

Slabs have the lengths T/2^k (T/4^k where each has to be factorised), of which as few are needed as the solution has
time scales: what was factorised for one serves all of its length while Newton's iteration converges with it (with
constant coefficients always). A slab is kept where the residual between the collocation nodes is below a limit, or near
that at the nodes, which is what the functions of space leave; else a shorter one is tried. After a slab whose residual
leaves room the next is longer. Data that jump are followed by slabs that are shortened as long as that is of use, and
grow again while the residual times the slab's length, which is what the fields miss, stays below that of the first.
At the instants where data jump in time (`moments.py`) a slab ends, and the march begins again with T the time from one
to the next.
Source: Hairer & Wanner, Solving Ordinary Differential Equations II, 2nd ed., § IV.8 (when to factorise again).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pinn.errors import Divergence
from pinn.network import legendre
from pinn.network.deadline import in_time
from pinn.training.march.collocation import Factors, Scheme
from pinn.training.march.start import rms_by_field

FIRST_HALVINGS = 4  # of the whole time, in the first slab that is tried
SHORTEST = {0: 50}  # halvings, by the dimension of space: an ordinary equation has nothing but time to resolve
SHORTEST_IN_SPACE = 14
MOST_STEPS = 12  # of Newton's iteration on one slab
# Change of the fields in the last step of Newton's iteration, relative to their size, with and without coupled stages;
# and where a step may stop gaining.
CONVERGED, ROUNDING = {True: 1e-12, False: 1e-9}, 1e-6
SLOW = 0.3  # factor from one Newton step to the next, above which the statements are linearised again
NEAR_FLOOR = 2.0  # times the residual at the nodes: between them it need not be smaller
ROOM = 0.1  # of the limit, that the residual of a slab of twice the length is expected to stay below
KEPT = (
    *("start", "limit", "moment", "stretch", "halvings", "position"),
    *("graded", "waiting", "factorised", "tried", "worst"),
)
GRADED = 8  # halvings, from which it is asked whether they are of use where data jump
NO_USE = 0.6  # residual times length of a slab, relative to that of one twice as long, above which halving is of none
PATIENCE = 4  # slabs that are kept after one was halved, before the residual's floor is a reason to try a longer one
MOST_HELD = 4  # factorisations, each for a length of its own


@dataclass(eq=False)
class March:
    """Where a march is.

    start     [Q, F, n] at `moment`: coefficients of the fields and of their derivatives in time
    stops     instants between `begin` and `end` at which a slab ends
    stretch   number of the time from one of them to the next, in which the next slab lies
    halvings  of that time, in the next slab
    position  of the next slab's start in it, in units of its length
    slabs     (end, coefficients [P + 1, F, n] of the Legendre polynomials)
    limit     of the residual between the nodes
    """

    scheme: Scheme
    begin: float
    end: float
    start: Tensor
    limit: float
    stops: tuple[float, ...] = ()
    moment: float = 0.0
    stretch: int = 0
    halvings: int = FIRST_HALVINGS
    position: int = 0
    slabs: list[tuple[float, Tensor]] = field(default_factory=list)
    held: dict[int, Factors] = field(default_factory=dict, repr=False)
    fresh: bool = False  # whether the last factorisation is of this slab
    graded: float = 0.0  # residual times length that was allowed where data jump; 0 where they do not
    waiting: int = 0  # slabs, until twice their length is tried again without a forecast
    factorised: int = 0  # how often
    tried: int = 0  # slabs
    worst: float = 0.0  # residual between the nodes, of a slab that was kept

    def __post_init__(self) -> None:
        self.moment = self.begin

    @property
    def ends(self) -> tuple[float, float]:
        """Of the stretch."""
        edges = (self.begin, *self.stops, self.end)
        return edges[self.stretch], edges[self.stretch + 1]

    @property
    def length(self) -> float:
        first, last = self.ends
        return (last - first) / 2**self.halvings

    @property
    def stride(self) -> int:
        """Halvings from one length to the next: more where each costs a factorisation that many slabs could share."""
        return 1 if self.scheme.coupled else 2

    @property
    def over(self) -> bool:
        return self.stretch == len(self.stops) and self.position == 2**self.halvings

    @property
    def shortest(self) -> bool:
        return self.halvings >= SHORTEST.get(self.scheme.problem.space, SHORTEST_IN_SPACE)

    def advance(self) -> None:
        """One slab further, after as many halvings as it takes. Raises Divergence where the shortest fails."""
        last = np.inf  # the residual of the slab of twice the length, times that length
        while True:
            in_time()
            self.tried += 1
            self.fresh = False
            nodes = self.iterated()
            if nodes is not None:
                coefficients = self.scheme.polynomials(nodes, self.start, self.length, first=not self.slabs)
                between, floor = self.between(coefficients), NEAR_FLOOR * self.at_nodes(nodes)
                if between > max(self.limit, floor):
                    floor = max(floor, self.rounding(nodes))
                size = between * self.length
                rough = self.shortest or (self.halvings >= GRADED and size > NO_USE * last)
                if rough or between <= max(self.limit, floor, self.graded / self.length):
                    smooth = between <= max(self.limit, floor)
                    self.graded = 0.0 if smooth else size if rough else self.graded
                    self.keep(coefficients, between, floor)
                    return
                last = size
            elif self.shortest:
                raise Divergence(f"Newton's iteration fails at t = {self.moment:.6g} on slabs of {self.length:.1e}")
            self.halvings, self.position = self.halvings + self.stride, self.position * 2**self.stride
            self.waiting = PATIENCE

    def keep(self, coefficients: Tensor, between: float, floor: float) -> None:
        """Take the slab over, and choose the length of the next."""
        self.position += 1
        self.worst = max(self.worst, between)
        length = self.length
        self.moment = self.ends[0] + self.position * length
        self.slabs.append((self.moment, coefficients))
        self.start = torch.stack([self.derived(coefficients, q, length)[:, 1] for q in range(len(self.start))])
        self.waiting -= 1
        ratio = 2**self.stride
        room = between * float(ratio) ** self.scheme.radau.stages < ROOM * max(self.limit, floor)
        longer = room or self.graded > 0 or (between <= floor and self.waiting <= 0)
        if longer and self.position % ratio == 0 and self.halvings >= self.stride:
            self.halvings, self.position = self.halvings - self.stride, self.position // ratio
        if self.position == 2**self.halvings and not self.over:
            self.stretch, self.halvings, self.position, self.graded = self.stretch + 1, FIRST_HALVINGS, 0, 0.0
            self.held.clear()

    def derived(self, coefficients: Tensor, order: int, length: float) -> Tensor:
        """The order-th derivative in time at both ends of the slab: [F, 2, n], without what has no such."""
        degree = len(coefficients) - 1
        ends = self.scheme.like(np.array([[(-1.0) ** k for k in range(degree + 1)], [1.0] * (degree + 1)]))
        slope = np.linalg.matrix_power(legendre.derivative(degree) * 2 / length, order)
        found = torch.einsum("ek,kfw->few", ends @ self.scheme.like(slope), coefficients)
        has = [order < max(own, 1) for own in self.scheme.orders]
        return found * self.scheme.like(np.array(has, dtype=float))[:, None, None]

    def state_dict(self) -> dict[str, Any]:
        """Where it is; of what is factorised, what it was factorised at."""
        kept = {name: getattr(self, name) for name in KEPT}
        held = {key: [factors.state, factors.times] for key, factors in self.held.items()}
        return {**kept, "slabs": [[end, part] for end, part in self.slabs], "held": held}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        for name in KEPT:
            setattr(self, name, state[name])
        self.slabs = [(end, part) for end, part in state["slabs"]]
        first, last = self.ends
        self.held = {
            key: Factors(self.scheme, at, times, (last - first) / 2**key) for key, (at, times) in state["held"].items()
        }

    # ---- one slab ------------------------------------------------------------------------------------------------

    def times(self, nodes: np.ndarray) -> Tensor:
        """Instants of the slab, for places in (0, 1]."""
        return self.scheme.like(self.moment + nodes * self.length)

    def iterated(self) -> Tensor | None:
        """The values at the nodes [s, F, n] by Newton's iteration; None where it fails."""
        scheme = self.scheme
        times = self.times(scheme.radau.nodes)
        nodes = self.first_guess()
        if scheme.held is not None:
            nodes = scheme.held.projected(nodes, times)
        last = np.inf
        factors = self.factors(nodes)
        for _ in range(MOST_STEPS):
            residual = scheme.weighted(scheme.stages(nodes, self.start, self.length), times, factors.weights)
            if not torch.isfinite(residual).all():
                return None
            change = factors.step(residual)
            moved = nodes + change
            size = self.size(change, moved)
            if not np.isfinite(size):
                return None
            if size > last / 2 and last < ROUNDING:
                return nodes
            if size > last and self.fresh and not scheme.coupled:
                return None
            nodes = moved
            if size < CONVERGED[scheme.coupled]:
                return nodes
            if scheme.coupled:
                factors = self.factors(nodes)
            elif size > SLOW * last and not self.fresh:
                factors = self.factors(nodes, again=True)
                size = np.inf
            last = size
        return nodes if last < ROUNDING else None

    def factors(self, nodes: Tensor, again: bool = False) -> Factors:
        """Those for the slab's length: of these nodes where stages are coupled, else those that are held, if any."""
        scheme = self.scheme
        if scheme.coupled:
            state = scheme.stages(nodes, self.start, self.length)
            return Factors(scheme, state, self.times(scheme.radau.nodes), self.length)
        if again or self.halvings not in self.held:
            middle = scheme.radau.stages // 2
            state = scheme.stages(nodes, self.start, self.length)[:, middle : middle + 1]
            times = self.times(scheme.radau.nodes[middle : middle + 1])
            self.held.pop(self.halvings, None)
            while len(self.held) >= MOST_HELD:
                self.held.pop(next(iter(self.held)))
            self.held[self.halvings] = Factors(scheme, state, times, self.length)
            self.factorised += 1
            self.fresh = True
        return self.held[self.halvings]

    def first_guess(self) -> Tensor:
        """The last slab's polynomials continued, or the values at the start, whichever leaves less residual."""
        scheme = self.scheme
        constant = self.start[:1].expand(scheme.radau.stages, -1, -1)
        if not self.slabs:
            return constant
        end, coefficients = self.slabs[-1]
        begun = self.slabs[-2][0] if len(self.slabs) > 1 else self.begin
        places = 1 + 2 * scheme.radau.nodes * self.length / (end - begun)
        table = legendre.table(torch.as_tensor(places), len(coefficients) - 1).to(coefficients)
        continued = torch.einsum("nk,kfw->nfw", table, coefficients)
        times = self.times(scheme.radau.nodes)
        sizes = [
            max(map(float, scheme.defects(scheme.stages(guess, self.start, self.length), times)))
            for guess in (continued, constant)
        ]
        return continued if sizes[0] < sizes[1] else constant

    def size(self, change: Tensor, nodes: Tensor) -> float:
        """Root mean square of a change of the fields over all nodes, relative to the fields' own; the largest."""
        rows = next(rows for rows in self.scheme.rows if rows.statements[0].is_equation)
        return float((rms_by_field(rows, change) / (rms_by_field(rows, nodes) + 1e-12)).max())

    def at_nodes(self, nodes: Tensor) -> float:
        stages = self.scheme.stages(nodes, self.start, self.length)
        return max(self.scheme.defects(stages, self.times(self.scheme.radau.nodes)))

    def rounding(self, nodes: Tensor) -> float:
        """The residual that rounding errors leave on the slab."""
        state = self.scheme.stages(nodes, self.start, self.length)
        return self.scheme.rounding(state, self.times(self.scheme.radau.nodes), self.length)

    def between(self, coefficients: Tensor) -> float:
        """The largest residual of a statement halfway to the first node, and halfway between the middle ones."""
        nodes = self.scheme.radau.nodes
        middle = len(nodes) // 2
        places = np.array([nodes[0] / 2, (nodes[middle - 1] + nodes[middle]) / 2])
        return max(self.scheme.defects(self.state_at(coefficients, places, self.length), self.times(places)))

    def state_at(self, coefficients: Tensor, places: np.ndarray, length: float) -> Tensor:
        """[Q + 1, n, F, n] at places in [0, 1] of a slab."""
        degree = len(coefficients) - 1
        table = legendre.table(torch.as_tensor(2 * places - 1), degree).to(coefficients)
        slope = self.scheme.like(legendre.derivative(degree) * 2 / length)
        found = []
        for _ in range(max(self.scheme.orders, default=0) + 1):
            found.append(torch.einsum("nk,kfw->nfw", table, coefficients))
            table = table @ slope
        return torch.stack(found)
