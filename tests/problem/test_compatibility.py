"""What excludes what: every row of the table refuses a spec, at its place, and the page for users is the table."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.compatibility import PAGE, page
from pinn.errors import SpecError
from pinn.problem.compatibility import TABLE, excluded, refuse_incompatible
from pinn.problem.features import (
    AUTOGRAD,
    CASES,
    CAUSAL,
    COMPARISON,
    DATA,
    DEEPXDE,
    ENERGY,
    ENRICHMENT,
    EXACT,
    FIRST_GUESS,
    FORMULATION,
    FOURIER,
    GRADIENT_NORM,
    HARD,
    HARDENING,
    HIDDEN,
    INTEGRAL,
    LAMBDA_GELU,
    LEARNED_HARDNESS,
    LOAD_STEPS,
    MODES,
    MOMENTS,
    MOVING,
    NO_ENERGY,
    NO_PARAMETERS,
    NO_SPACE,
    NO_TIME,
    NONLINEAR,
    NORMALISED,
    PARAMETERS,
    PERIODIC,
    PERIODIC_IN_THE_LOSS,
    POINT_LOADS,
    PROBES,
    REFERENCE,
    RIGID,
    SINGLE,
    STAGE,
    SUBDOMAINS,
    TIME,
    UNKNOWNS,
    Asked,
    Feature,
)
from pinn.problem.loading import build_problem
from pinn.spec.parameters import slice_of
from pinn.spec.schema import Spec, load_schema
from pinn.spec.yaml.source import dump, parse_spec

RIGHT = {
    "name": "poisson",
    "coordinates": ["x", "y"],
    "fields": ["u"],
    "equations": {"poisson": "-laplacian(u) = 1"},
    "domain": {"rectangle": {"from": [0, 0], "to": [1, 1]}},
    "conditions": [{"on": ["top", "bottom"], "u": 0}, {"on": ["left", "right"], "u": 0}],
}
JOINED = {"conditions": [RIGHT["conditions"][0], {"periodic": ["left", "right"]}]}
FAMILY = {"parameters": {"k": {"from": 1, "to": 2}}}
MINIMISED = {"solver": {"formulation": "energy"}, "energy": {"density": "(u_x**2 + u_y**2)/2 - u"}}
# Feature -> what it adds to the right spec, and where the spec says so.
SAID = {
    SUBDOMAINS: (
        {"subdomains": {"west": {"rectangle": {"from": [0, 0], "to": [0.5, 1]}}, "east": "rest"}},
        ("subdomains",),
    ),
    PARAMETERS: (FAMILY, ("parameters",)),
    DATA: ({"data": [{"file": "m.csv", "quantities": {"u": "T"}}]}, ("data",)),
    UNKNOWNS: ({"unknowns": {"c": {"initial": 1}}}, ("unknowns",)),
    TIME: ({"time": {"from": 0, "to": 1}}, ("time",)),
    NO_PARAMETERS: ({"parameters": None}, ()),
    NO_TIME: ({"time": None}, ()),
    NO_SPACE: ({"coordinates": [], "domain": None, "time": {"from": 0, "to": 1}}, ()),
    LEARNED_HARDNESS: (
        {"network": {"activation": {"lambda_gelu": {"trainable": True}}}},
        ("network", "activation"),
    ),
    MOMENTS: (
        {"time": {"from": 0, "to": 1}, "conditions": [*RIGHT["conditions"], {"at": [0.5, 0.5, 0.5], "u": 0}]},
        (),
    ),
    HARD: ({"network": {"constraints": "hard"}}, ("network", "constraints")),
    FIRST_GUESS: ({"fields": {"u": {"initial": 1}}}, ("fields", "u", "initial")),
    ENRICHMENT: ({"network": {"enrichment": {"u": "x**1.5"}}}, ("network", "enrichment")),
    NORMALISED: (
        {"network": {"normalisation": "layer"}, "solver": {"method": "adam"}},
        ("network", "normalisation"),
    ),
    FOURIER: ({"network": {"fourier": 8}}, ("network", "fourier")),
    LAMBDA_GELU: ({"network": {"activation": "lambda_gelu"}}, ("network", "activation")),
    INTEGRAL: (
        {"conditions": [{"on": "boundary", "u": 0}, {"integral": "u", "equals": 0}]},
        ("conditions", 1, "integral"),
    ),
    RIGID: (
        {
            "energy": None,
            "physics": {"linear_elasticity": {"youngs_modulus": 1, "poissons_ratio": 0.3, "plane": "stress"}},
            "conditions": [
                {"on": "left", "fixed": True},
                {"on": "right", "rigid": True},
                {"on": "boundary", "u": 0},
                {"on": ["top", "bottom"], "traction": [0, 0]},
            ],
        },
        ("conditions", 1, "rigid"),
    ),
    POINT_LOADS: ({"point_loads": [{"at": [0.5, 0.5], "source": 1}]}, ("point_loads",)),
    PERIODIC: (JOINED, ("conditions", 1, "periodic")),
    PERIODIC_IN_THE_LOSS: ({**JOINED, "network": {"periodic": "off"}}, ("conditions", 1, "periodic")),
    AUTOGRAD: ({"solver": {"derivatives": "autograd"}}, ("solver", "derivatives")),
    FORMULATION: (MINIMISED, ("solver", "formulation")),
    ENERGY: (MINIMISED, ("solver", "formulation")),
    GRADIENT_NORM: (
        {"solver": {"method": ["lbfgs", {"adam": {"weights": "gradient_norm"}}]}},
        ("solver", "method", 1, "adam", "weights"),
    ),
    CAUSAL: ({"solver": {"method": {"adam": {"weights": "causal"}}}}, ("solver", "method", "adam", "weights")),
    MOVING: ({**FAMILY, "domain": {"rectangle": {"from": [0, 0], "to": ["k", 1]}}}, ()),
    NONLINEAR: ({"equations": {"poisson": "-laplacian(u) = u**2 + 1"}}, ()),
    NO_ENERGY: ({"energy": None}, ()),
    CASES: ({"constants": {"F": 0}, "cases": {"one": {"F": 1}}}, ("cases",)),
    MODES: ({"modes": {"mass": 1}}, ("modes",)),
    EXACT: ({"exact": {"u": "x"}}, ("exact",)),
    REFERENCE: ({"reference": {"file": "reference.npz"}}, ("reference",)),
    PROBES: ({"probes": {"middle": {"quantity": "u", "at": [0.5, 0.5]}}}, ("probes",)),
    HIDDEN: ({"network": {"hidden": [20]}}, ("network", "hidden")),
    SINGLE: ({"solver": {"precision": "float32"}}, ("solver", "precision")),
    LOAD_STEPS: (
        {"constants": {"P": 1}, "solver": {"load": "P", "load_steps": 2}},
        ("solver", "load_steps"),
    ),
    DEEPXDE: ({}, ()),
    HARDENING: ({}, ()),
    COMPARISON: ({}, ()),
    **{feature: ({"solver": {"method": name}}, ("solver", "method")) for name, feature in STAGE.items()},
    STAGE["slices"]: ({**FAMILY, "solver": {"method": "slices"}}, ("solver", "method")),
    STAGE["march"]: ({"time": {"from": 0, "to": 1}, "solver": {"method": "march"}}, ("solver", "method")),
}
WORK = {DEEPXDE: "deepxde", HARDENING: "harden", COMPARISON: "compare"}


def merged(first: Any, second: Any) -> Any:
    if not (isinstance(first, dict) and isinstance(second, dict)):
        return second
    return first | {key: merged(first.get(key), value) for key, value in second.items()}


def spec_with(*features: Feature) -> Spec:
    """The right spec with everything that the features add."""
    said = RIGHT
    for feature in features:
        said = merged(said, SAID[feature][0])
    return load_schema(parse_spec(dump({key: value for key, value in said.items() if value is not None})))


def outcome(*features: Feature) -> SpecError | None:
    """Why the features together are refused, None where they are not."""
    spec = spec_with(*features)
    try:
        refuse_incompatible(Asked(spec, by=next((WORK[one] for one in features if one in WORK), "native")))
        build_problem(spec)
    except SpecError as error:
        return error
    return None


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.feature.words} beside {row.beside.words}")
def test_every_row_refuses_a_spec_at_its_place(row):
    error = outcome(row.feature, row.beside)
    assert error is not None
    assert (error.message, error.path) == (row.sentence, SAID[row.feature][1])


@pytest.mark.parametrize(
    "feature",
    [
        SUBDOMAINS,
        CASES,
        PARAMETERS,
        UNKNOWNS,
        HARD,
        ENRICHMENT,
        FOURIER,
        LAMBDA_GELU,
        PERIODIC,
        PERIODIC_IN_THE_LOSS,
        POINT_LOADS,
        AUTOGRAD,
        ENERGY,
        GRADIENT_NORM,
        MOVING,
        NONLINEAR,
        NO_SPACE,
        LEARNED_HARDNESS,
        MOMENTS,
        *(one for name, one in STAGE.items() if name not in ("slices", "ritz")),
    ],
    ids=lambda feature: feature.words,
)
def test_no_row_refuses_a_feature_that_stands_alone(feature):
    refuse_incompatible(Asked(spec_with(feature)))


def test_a_feature_is_excluded_beside_either_side_of_a_row():
    assert not excluded(STAGE["cells"], Asked(spec_with()))
    for beside in (SUBDOMAINS, PARAMETERS, AUTOGRAD, FORMULATION):
        assert excluded(STAGE["cells"], Asked(spec_with(beside)))
        assert excluded(beside, Asked(spec_with(STAGE["cells"])))


def test_what_only_the_problem_tells_is_no_reason_before_it_is_compiled():
    spec = spec_with(NONLINEAR, PARAMETERS)
    assert not excluded(STAGE["slices"], Asked(spec))
    assert excluded(STAGE["slices"], Asked(spec, build_problem(spec)))


def test_no_pair_stands_in_the_table_twice():
    pairs = [frozenset((row.feature, row.beside)) for row in TABLE]
    assert len(set(pairs)) == len(pairs)


def test_every_sentence_is_one_line_with_a_way_out():
    for row in TABLE:
        assert "\n" not in row.sentence
        assert any(sign in row.sentence for sign in (";", ":")), row.sentence


def test_the_page_for_users_is_the_table():
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m benchmarks.compatibility"


def test_a_slice_of_a_family_solved_by_slices_is_a_problem_of_its_own():
    family = spec_with(PARAMETERS, STAGE["slices"])
    member = build_problem(slice_of(family, {"k": 1.5}))
    assert [stage.name for stage in member.spec.solver.stages] == ["least_squares"]
