"""Habits of other programs, books and languages, with the words that a spec has for the same thing."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Sequence

from pinn.spec.language.names import FUNCTIONS
from pinn.units.measure import is_unit

SPOT = (
    "what acts at a point has no size there: write point_loads: [{at: [x0, y0], source: 5}] beside the equations; in "
    "time and in nonlinear equations spread it, as exp(-((x - x0)/s)**2)/(s*sqrt(pi)) with a width s that matters to "
    "nobody; along a line cut the domain there and state the jump of the flux on the interface"
)
MODULES = ("np", "numpy", "math", "torch", "tf", "sp", "sympy", "jnp", "scipy")
CALLS = {
    "diff": "a derivative is written d(u, x) or u_x",
    "Derivative": "a derivative is written d(u, x) or u_x",
    "Diff": "a derivative is written d(u, x) or u_x",
    "ln": "the natural logarithm is log(…)",
    "arcsin": "write asin(…)",
    "arccos": "write acos(…)",
    "arctan": "write atan(…)",
    "arctan2": "write atan2(…)",
    "pow": "powers are written **",
    "if": "write where(condition, value, otherwise)",
    **dict.fromkeys(("piecewise", "Piecewise", "ifelse", "cases"), "write where(condition, value, otherwise)"),
    **dict.fromkeys(("dirac", "delta", "DiracDelta", "dirac_delta"), SPOT),
    **dict.fromkeys(("Abs", "fabs"), "write abs(…)"),
    **dict.fromkeys(("step", "theta", "unit_step"), "write heaviside(…)"),
    **dict.fromkeys(("sgn", "signum"), "write sign(…)"),
    **dict.fromkeys(("lap", "Laplace", "nabla2", "del2", "Delta"), "write laplacian(u)"),
}
PLACES = {
    **dict.fromkeys(("start", "begin", "beginning", "t0", "start_time"), "initial"),
    **dict.fromkeys(("all", "everywhere", "walls", "outer", "edges", "surface", "exterior"), "boundary"),
    **dict.fromkeys(("others", "remaining", "other", "else"), "rest"),
}
ROBIN = 'write it as an equation: "u_n + h*(u - u0) = 0"'
CONDITIONS = {
    "robin": ROBIN,
    "convection": ROBIN,
    "neumann": "the derivative along the outward normal is u_n: write u_n: 0, or its value",
    "flux": "the derivative along the outward normal is u_n: write u_n: 0, or its value",
    **dict.fromkeys(
        ("insulated", "insulation", "adiabatic", "no_flux", "zero_flux"), "write u_n: 0, u being the field"
    ),
    "dirichlet": "name the field: write u: 0, or its value",
    **dict.fromkeys(
        ("value", "fixed_value", "fixed temperature", "fixed_temperature", "temperature", "isothermal", "hot", "cold"),
        "name the field: write T: 300, T being the field",
    ),
    **dict.fromkeys(("no_slip", "noslip", "no-slip"), "write 0 for each component of the velocity: u: 0, v: 0"),
    "symmetry": "of a field that is even write u_n: 0",
    **dict.fromkeys(("type", "kind"), "write what holds by its name: u: 0, or u_n: 0 for the normal derivative"),
    "fixed": "of a field write u: 0",
    **dict.fromkeys(("clamped", "clamp", "encastre", "built_in", "fix"), "write fixed: true"),
    **dict.fromkeys(("guide", "sliding", "frictionless", "symmetric"), "write symmetry: true, or roller: true"),
    "roller": "of a field write u: 0, or u_n: 0",
    "force": "a force is a traction times an area: write traction: [0, 5]; that of a patch that moves as a whole "
    "is written rigid: true, force: [0, 5], and one at a point stands under 'point_loads'",
    "moment": "the resultant on a patch that moves as a whole is written rigid: true, moment: 5",
    "load": "write traction: [0, 5], a number for each coordinate",
    "stress": "what acts on a boundary is a traction: write traction: [0, 0], a number for each coordinate",
    **dict.fromkeys(("t", "time"), "the first instant is a place: {on: initial, u: 0}"),
}
PLACE_KEYS = ("patch", "boundary", "location", "place", "region", "side", "edge", "face", "surface")  # for `on`
KEYS = {  # what others call a key -> its name here
    **dict.fromkeys(("variables", "functions", "outputs_of_network", "dependent_variables"), "fields"),
    **dict.fromkeys(("independent_variables", "inputs", "dimensions"), "coordinates"),
    **dict.fromkeys(("bc", "bcs", "boundary_conditions", "ic", "ics", "initial_conditions"), "conditions"),
    **dict.fromkeys(("geometry", "shape"), "domain"),
    **dict.fromkeys(("pde", "pdes", "equation", "residuals"), "equations"),
    **dict.fromkeys(("solution", "analytical", "exact_solution"), "exact"),
    **dict.fromkeys(("measurements", "observations"), "data"),
    **dict.fromkeys(("material", "materials", "model"), "physics"),
    **dict.fromkeys(("training", "optimizer", "optimiser"), "solver"),
    **dict.fromkeys(("layers", "width", "widths", "neurons", "hidden_layers"), "hidden"),
    **dict.fromkeys(("act", "activation_function"), "activation"),
    **dict.fromkeys(("epochs", "steps", "max_iterations", "iters", "maxiter", "max_iter"), "iterations"),
    **dict.fromkeys(("lr", "step_size"), "learning_rate"),
    **dict.fromkeys(("tol", "rtol", "accuracy"), "tolerance"),
    **dict.fromkeys(("timeout", "max_time", "seconds"), "time_limit"),
    **dict.fromkeys(("n_interior", "num_domain", "points"), "interior"),
    **dict.fromkeys(("n_boundary", "num_boundary"), "boundary"),
    **dict.fromkeys(("E", "young", "youngs", "modulus", "elastic_modulus"), "youngs_modulus"),
    **dict.fromkeys(("nu", "poisson", "poisson_ratio"), "poissons_ratio"),
    **dict.fromkeys(("f", "gravity", "volume_force"), "body_force"),
    **dict.fromkeys(("origin", "middle"), "center"),
    **dict.fromkeys(("r", "R"), "radius"),
    **dict.fromkeys(("points_of_polygon", "corners"), "vertices"),
    **dict.fromkeys(("low", "lower", "start", "min"), "from"),
    **dict.fromkeys(("high", "upper", "end", "max"), "to"),
}
CORNERS = "write two corners, such as from: [0, 0], to: [2, 1]"
CUT = "a hole is cut out: domain: {difference: [{rectangle: {…}}, {disk: {center: [1, 1], radius: 0.5, name: hole}}]}"
OF_PHYSICS = "it belongs to the physics, such as physics: {linear_elasticity: {…, body_force: [0, -9.81]}}"
ELSEWHERE = {  # what others have as a key of a block -> (a key that this block has, what says it here)
    **dict.fromkeys(
        ("initial", "initial_value", "initial_state"), ("conditions", "write a condition {on: initial, u: 0}")
    ),
    **dict.fromkeys(("body_force", "gravity", "volume_force"), ("physics", OF_PHYSICS)),
    **dict.fromkeys(("plane", "youngs_modulus", "E", "nu"), ("physics", "it is a parameter of the physics")),
    **dict.fromkeys(("source", "rhs", "forcing"), ("equations", "write it into the equation: -laplacian(u) = 1")),
    **dict.fromkeys(("thickness", "t"), ("plane", "all is per unit of thickness: divide forces by it")),
    **dict.fromkeys(("width", "height", "size", "lengths"), ("to", CORNERS)),
    **dict.fromkeys(("hole", "holes", "minus", "cut"), ("name", CUT)),
}
SIGNS = {  # of the blackboard
    "∂": "derivatives are written u_x, u_xx",
    **dict.fromkeys("∇Δ", "write laplacian(u), grad(u) or div(…)"),
    "°": "a value with its unit stands alone: 20 °C",
    **dict.fromkeys("²³", "powers are written **"),
    "·": "a product is written *",
    "×": "a product is written *",
    "−": "a minus is written -",
    "π": "write pi",
}
PREFIXES = {"sigma": "stress", "tau": "stress", "eps": "strain", "epsilon": "strain"}
KEYWORDS = frozenset(keyword.kwlist) - {"and", "or", "not", "True", "False", "None", "if", "else"}
_QUOTIENT = re.compile(r"d(\w+)/d(\w+)")
_WORD = r"[A-Za-z_]\w*"
_TWO_FACTORS = re.compile(rf"(?<![\w.])(\d+\.?\d*|{_WORD}|\))\s+({_WORD}|\d+\.?\d*|\()|(?<![\w.])(\d+)({_WORD})")
_PRIMES = re.compile(rf"({_WORD})('+|\"+)")
_BRACES = re.compile(rf"({_WORD})_\{{(\w+)\}}")
_BARS = re.compile(r"\|([^|]+)\|")
_LEIBNIZ = re.compile(rf"d(\d?)({_WORD})")


def of_product(text: str) -> str:
    """A clause where two factors stand side by side, as in `2 pi`; empty where none do."""
    for found in _TWO_FACTORS.finditer(text):
        left, right = (found[1], found[2]) if found[1] else (found[3], found[4])
        if found[0] == text.strip() and found[3] and right not in ("pi", "e") and is_unit(right):
            return f"; a unit stands apart: {left} {right}"
        if not {left, right} & {"and", "or", "not"} and not re.fullmatch(r"e\d+", right):
            return f"; a product has its sign: {left}*{right}"
    return ""


def of_module(module: str, name: str) -> str:
    """What to write for `np.sin` or `u.diff`; empty for a name of no such module."""
    if module not in MODULES:
        return CALLS[name] if name in ("diff", "pow") else ""
    plain = name if name in (*FUNCTIONS, "pi", "e") else CALLS.get(name, "")
    return f"write {name}{'(…)' if name in FUNCTIONS else ''} without '{module}.'" if plain == name else plain


def of_key(name: str, known: Collection[str]) -> str:
    """A clause for a key that others have for one of those that are known here; empty for other keys."""
    if KEYS.get(name) in known:
        return f"; here it is {KEYS[name]}"
    if KEYS.get(name) == "iterations" and "method" in known:
        return "; a method has them, such as method: {adam: {iterations: 1000}}"
    beside, words = ELSEWHERE.get(name, ("", ""))
    return f"; {words}" if beside in known else ""


def of_keyword(text: str) -> str:
    """A clause where a word of Python stands for a name, as in `lambda*u`; empty where none does."""
    found = [word for word in re.findall(_WORD, text) if word in KEYWORDS]
    return f"; '{found[0]}' is a word of Python's grammar, choose another name such as {found[0][:3]}" if found else ""


def of_sign(text: str, letters: Sequence[str]) -> str:
    """A clause for signs of the blackboard: `T''`, `u_{xx}`, `|x|`; empty where none stands."""
    if found := _PRIMES.search(text):
        order = sum(2 if mark == '"' else 1 for mark in found[2])
        return f"; a derivative is written {found[1]}_{letters[0] * order}" if letters else ""
    if found := _BRACES.search(text):
        return f"; a derivative is written {found[1]}_{found[2]}"
    if found := _BARS.search(text):
        return f"; the absolute value is abs({found[1].strip()})"
    return ""


def of_quotient(name: str) -> str:
    """A clause for `dT/dn`; empty for other text."""
    found = _QUOTIENT.fullmatch(name)
    return f"; a derivative is written {found[1]}_{found[2]}" if found else ""


def of_symbol(name: str, known: Collection[str]) -> str:
    """A clause for `sigma_xx`, where `stress_xx` is known; empty for other names."""
    prefix, _, rest = name.partition("_")
    meant = f"{PREFIXES.get(prefix, '')}_{rest}"
    return f"; did you mean '{meant}'?" if meant in known else ""


def of_derivative(name: str, fields: Collection[str], letters: Sequence[str]) -> str:
    """A clause for `d2T` of d2T/dx2, where T is a field; empty for other names."""
    found = _LEIBNIZ.fullmatch(name)
    if not found or found[2] not in fields:
        return ""
    order = int(found[1] or 1)
    return f"; a derivative is written {found[2]}_{letters[0] * max(order, 1)}"


def of_condition(name: str, vectors: Collection[str], coordinates: Sequence[str]) -> str:
    """A clause for a key that names no quantity of a problem with these vectors; empty where it is no habit."""
    if name in ("u", "displacements", "disp", "d") and "displacement" in vectors:
        zeros = ", ".join("0" for _ in coordinates)
        parts = ", ".join(f"u{axis}" for axis in coordinates)
        return f"; the displacement is {parts}: write displacement: [{zeros}]"
    return f"; {CONDITIONS[name]}" if name in CONDITIONS else ""
