"""Right specs: what each block becomes, its defaults, and the resolved spec."""

from __future__ import annotations

import json

import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pinn.spec.blocks.network import ACTIVATIONS
from pinn.spec.blocks.weights import CausalOptions, GradientNormOptions, Weights
from pinn.spec.language.names import FUNCTIONS, RESERVED
from pinn.spec.schema import (
    STAGE_OPTIONS,
    ActivationOptions,
    AdamOptions,
    BoundaryPart,
    ChosenStage,
    Network,
    Outputs,
    Sampling,
    Spec,
    json_schema,
    load_schema,
)
from pinn.spec.yaml.source import dump, parse_spec

PLATE = """\
name: plate-with-hole
title: "Kirsch: a plate"
coordinates: [x, y]
constants: {L: 2, a: 0.5, S: 1, half: L/2}
physics:
  linear_elasticity: {youngs_modulus: 1 + x, poissons_ratio: 0.3, plane: stress}
domain:
  difference:
    - rectangle: {from: [0, 0], to: [L, L]}
    - disk: {center: [0, 0], radius: a, name: hole}
boundaries:
  clamp: {on: left, where: y > 0.5}
  upper: y > 1
conditions:
  - {on: left, ux: 0, traction_y: 0}
  - {on: [hole, upper], traction: [0, null], weight: 3, count: 1e3}
  - {on: boundary, equation: "u_n + u = 0", where: x > 0}
  - {on: clamp, free: true}
  - {at: [0, a], ux: 0}
  - {at: [[0, a], [0, 1]], uy: 0}
  - {periodic: [top, bottom]}
exact: {stress_xx: S*(1 - a**2)}
definitions: {r: sqrt(x**2 + y**2)}
probes:
  one: {quantity: stress_xx, at: [0, a], expected: 3}
  two: {quantity: stress_xx, at: [[0, a], [a, 0]], expected: [3, -S]}
"""

BURGERS = """\
name: burgers
coordinates: [x]
time: {from: 0, to: T}
fields: [u]
constants: {nu: 0.01/pi, T: 1}
unknowns: {k: {initial: 1, min: 0}, at_its_bound: {initial: 2, min: 2, max: 3}}
domain: {interval: {from: -1, to: 1}}
equations: {momentum: u_t + u*u_x - nu*u_xx = 0}
conditions:
  - {on: initial, u: -sin(pi*x)}
  - {on: boundary, u: 0}
  - {at: 0.5, u: 1}
  - {at: [0.5, 1], u: 1}
data:
  - {file: measured.csv, quantities: {u: U}, coordinates: {x: X, t: time}, weight: 2}
reference: {file: burgers.npz}
"""


def load(text: str) -> Spec:
    return load_schema(parse_spec(text))


def with_block(text: str) -> Spec:
    return load(BURGERS + text)


def test_plate():
    spec = load(PLATE)
    assert spec.name == "plate-with-hole"
    assert spec.title == "Kirsch: a plate"
    assert spec.coordinates == ("x", "y")
    assert spec.time is None
    assert spec.constants == {"L": 2, "a": 0.5, "S": 1, "half": "L/2"}
    assert spec.physics == {"linear_elasticity": {"youngs_modulus": "1 + x", "poissons_ratio": 0.3, "plane": "stress"}}
    assert spec.fields == ()
    assert spec.equations == {}
    assert spec.domain["difference"][1] == {"disk": {"center": [0, 0], "radius": "a", "name": "hole"}}
    assert spec.boundaries == {
        "clamp": BoundaryPart(on=("left",), where="y > 0.5"),
        "upper": BoundaryPart(where="y > 1"),
    }
    assert spec.probes["one"].points == ((0, "a"),)
    assert spec.probes["one"].expected == 3
    assert spec.probes["two"].points == ((0, "a"), ("a", 0))
    assert spec.probes["two"].expected == (3, "-S")


def test_conditions():
    left, hole, robin, clamp, point, points, periodic = load(PLATE).conditions
    assert [left.kind, hole.kind, robin.kind, clamp.kind] == ["boundary"] * 4
    assert (left.on, left.values, left.weight, left.free) == (("left",), {"ux": 0, "traction_y": 0}, 1.0, False)
    assert hole.on == ("hole", "upper")
    assert hole.values == {"traction": (0, None)}
    assert (hole.weight, hole.count) == (3.0, 1000)
    assert (robin.equations, robin.where, robin.values) == (("u_n + u = 0",), "x > 0", {})
    assert clamp.free
    assert (point.kind, point.at, point.points) == ("point", (0, "a"), ((0, "a"),))
    assert (points.kind, points.points) == ("point", ((0, "a"), (0, 1)))
    assert (periodic.kind, periodic.periodic, periodic.on) == ("periodic", ("top", "bottom"), None)


def test_burgers():
    spec = load(BURGERS)
    assert (spec.time.start, spec.time.end) == (0, "T")
    assert (spec.unknowns["k"].initial, spec.unknowns["k"].min, spec.unknowns["k"].max) == (1, 0, None)
    assert spec.equations == {"momentum": "u_t + u*u_x - nu*u_xx = 0"}
    assert [condition.kind for condition in spec.conditions] == ["initial", "boundary", "point", "point"]
    assert spec.conditions[2].points == ((0.5,),)
    assert spec.conditions[3].points == ((0.5, 1),), "time is the last number"
    assert (spec.data[0].file, spec.data[0].weight) == ("measured.csv", 2.0)
    assert spec.data[0].quantities == {"u": "U"}
    assert spec.data[0].coordinates == {"x": "X", "t": "time"}
    assert spec.reference.file == "burgers.npz"


def test_defaults():
    spec = load(BURGERS)
    assert spec.network == Network(
        hidden=None, activation=ActivationOptions(name="gelu"), fourier=None, periodic="auto", constraints="soft"
    )
    assert spec.sampling == Sampling(interior=None, boundary=None, initial=None, method="sobol", adaptive=False)
    assert spec.solver.stages == (ChosenStage("auto", {}),)
    assert (spec.solver.tolerance, spec.solver.time_limit) == (1e-8, 120.0)
    assert (spec.solver.precision, spec.solver.seed, spec.solver.threads) == ("float64", 0, None)
    assert (spec.solver.derivatives, spec.solver.compile) == ("jets", "auto")
    assert spec.outputs == Outputs(quantities=None, resolution=60, times=None, formats=("vtu",), figures=True)


@pytest.mark.parametrize(
    ("text", "equations"),
    [
        ("u_t = 0", {"equation_1": "u_t = 0"}),
        ("[u_t = 0, u_x = 0]", {"equation_1": "u_t = 0", "equation_2": "u_x = 0"}),
        ("{a: u_t = 0}", {"a": "u_t = 0"}),
    ],
)
def test_ways_to_write_equations(text, equations):
    assert load(BURGERS.replace("{momentum: u_t + u*u_x - nu*u_xx = 0}", text)).equations == equations


@pytest.mark.parametrize("text", ["heat", "{heat: {}}", "{heat: }"])
def test_ways_to_write_physics_without_parameters(text):
    assert with_block("").physics == {}
    assert load(
        PLATE.replace("\n  linear_elasticity: {youngs_modulus: 1 + x, poissons_ratio: 0.3, plane: stress}", f" {text}")
    ).physics == {"heat": {}}


def test_physics_with_further_fields_and_equations():
    spec = load(PLATE + "fields: T\nequations: [laplacian(T) = 0]\n")
    assert spec.fields == ("T",)
    assert list(spec.physics) == ["linear_elasticity"]


@pytest.mark.parametrize(
    ("text", "activation"),
    [
        ("tanh", ActivationOptions(name="tanh")),
        ("{tanh: {}}", ActivationOptions(name="tanh")),
        ("{gelu: }", ActivationOptions(name="gelu")),
        ("lambda_gelu", ActivationOptions(name="lambda_gelu", hardness=1, trainable=False)),
        ("{lambda_gelu: {hardness: 2}}", ActivationOptions(name="lambda_gelu", hardness=2, trainable=False)),
        ("{lambda_gelu: {trainable: true}}", ActivationOptions(name="lambda_gelu", hardness=1, trainable=True)),
    ],
)
def test_activations(text, activation):
    assert with_block(f"network: {{activation: {text}}}").network.activation == activation


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_is_accepted_by_name(name):
    assert with_block(f"network: {{activation: {name}}}").network.activation.name == name


ADAM = {
    "iterations": 10_000,
    "learning_rate": 1e-3,
    "schedule": "cosine",
    "resample": 100,
    "weights": Weights(),
}
LBFGS = {"iterations": 5000, "learning_rate": 1.0, "history": 5, "resample": 0, "weights": Weights()}


@pytest.mark.parametrize(
    ("text", "stages"),
    [
        ("auto", (ChosenStage("auto"),)),
        ("adam", (ChosenStage("adam", ADAM),)),
        ("{adam: }", (ChosenStage("adam", ADAM),)),
        ("{adam: {iterations: 1e2}}", (ChosenStage("adam", {**ADAM, "iterations": 100}),)),
        (
            "[adam, {lbfgs: {history: 5}}]",
            (ChosenStage("adam", ADAM), ChosenStage("lbfgs", LBFGS)),
        ),
        (
            "gauss_newton",
            (
                ChosenStage(
                    "gauss_newton",
                    {"iterations": 500, "target_ratio": 0.1, "batch": None, "resample": 5}
                    | {"solver": "auto", "variable_projection": True},
                ),
            ),
        ),
        (
            "least_squares",
            (
                ChosenStage(
                    "least_squares", {"features": None, "scale": None, "regularisation": None, "iterations": 30}
                ),
            ),
        ),
    ],
)
def test_solver_stages(text, stages):
    solver = with_block(f"solver: {{method: {text}}}").solver
    assert solver.stages == stages
    assert all(stage.name == "auto" or type(stage.options) is STAGE_OPTIONS[stage.name] for stage in stages)


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("none", Weights()),
        ("causal", Weights(causal=CausalOptions())),
        ("[gradient_norm, causal]", Weights(gradient_norm=GradientNormOptions(), causal=CausalOptions())),
        (
            "{causal: {bins: 16}, gradient_norm: }",
            Weights(gradient_norm=GradientNormOptions(), causal=CausalOptions(bins=16)),
        ),
    ],
)
def test_weights_of_a_stage(text, weights):
    (stage,) = with_block(f"solver: {{method: {{adam: {{weights: {text}}}}}}}").solver.stages
    assert stage.options.weights == weights


def test_stage_options_are_a_model():
    assert ChosenStage("adam", {"iterations": 7}).options == AdamOptions(iterations=7)


def test_short_forms():
    spec = with_block(
        "network: {hidden: 64, fourier: 32, periodic: off}\noutputs: {formats: csv, quantities: u, times: 5}"
    )
    assert (spec.network.hidden, spec.network.fourier, spec.network.periodic) == ((64,), 32, "off")
    assert (spec.outputs.formats, spec.outputs.quantities, spec.outputs.times) == (("csv",), ("u",), 5)
    assert with_block("outputs: {times: [0, T/2, 1]}").outputs.times == (0, "T/2", 1)


def test_a_whole_number_may_be_written_as_1e4():
    interior = with_block("sampling: {interior: 1e4}").sampling.interior
    assert interior == 10_000
    assert type(interior) is int


def test_a_spec_is_frozen():
    with pytest.raises(pydantic.ValidationError):
        load(PLATE).name = "other"


# ---- the resolved spec -------------------------------------------------------------------------------------------


def assert_resolves(spec: Spec) -> None:
    resolved = spec.resolved()
    again = load(dump(resolved))
    assert again == spec
    assert again.resolved() == resolved


@pytest.mark.parametrize(
    "text",
    [
        PLATE,
        BURGERS,
        BURGERS
        + "network: {hidden: [8, 8], activation: {lambda_gelu: {hardness: 2}}}\nsolver: {method: least_squares}\n",
        BURGERS + "solver: {method: [adam, {gauss_newton: {batch: 10}}], threads: 2}\noutputs: {times: [0, 1]}\n",
    ],
)
def test_the_resolved_spec_loads_to_an_equal_spec(text):
    assert_resolves(load(text))


def test_the_resolved_spec_has_the_defaults():
    resolved = load(BURGERS).resolved()
    assert resolved["time"] == {"from": 0, "to": "T"}
    assert resolved["network"] == {
        "activation": "gelu",
        "periodic": "auto",
        "normalisation": "none",
        "constraints": "soft",
        "corners": "auto",
    }
    assert resolved["solver"]["method"] == "auto"
    assert resolved["solver"]["time_limit"] == 120.0
    assert resolved["conditions"][0] == {"on": ["initial"], "weight": 1.0, "free": False, "u": "-sin(pi*x)"}
    assert "physics" not in resolved


def test_what_is_left_to_the_solver_is_left_out_of_the_resolved_spec():
    resolved = with_block("solver: {method: {least_squares: {features: 9}}}").resolved()
    assert resolved["solver"]["method"] == [{"least_squares": {"features": 9, "iterations": 30}}]


taken = {*FUNCTIONS, *RESERVED, "x", "y", "on", "at", "where", "periodic", "equation", "weight", "free", "count"}
names = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,5}(_[A-Za-z0-9]{1,4})?", fullmatch=True).filter(lambda n: n not in taken)
numbers = st.integers(-(10**9), 10**9) | st.floats(-1e30, 1e30)
expressions = numbers | st.sampled_from(["a + b", "-sin(pi*x)", "exact.u", "2*x**2 # not a comment", "1e3", "yes", "'"])
positive = st.floats(1e-12, 1e12)
points = st.lists(expressions, min_size=2, max_size=2)
places = points | st.lists(points, min_size=1, max_size=3)
patches = st.sampled_from(["left", "boundary", ["left", "right"], "odd name: 1"])
quantities = st.dictionaries(
    names, expressions | st.lists(expressions | st.none(), max_size=2).map(lambda v: [0, *v]), min_size=1
)


def block(required: dict | None = None, **optional) -> st.SearchStrategy:
    return st.fixed_dictionaries(required or {}, optional=optional)


conditions = st.one_of(
    st.builds(
        lambda own, values: values | own, block({"on": patches}, weight=positive, where=st.just("x > 0")), quantities
    ),
    st.builds(lambda own, values: values | own, block({"at": places}, weight=positive), quantities),
    block({"on": patches, "equation": st.sampled_from(["u = 0", ["u = 0", "u_n = 1"]])}, count=st.integers(1, 10**7)),
    block({"on": patches, "free": st.just(True)}),
    block({"periodic": st.just(["left", "right"])}, weight=positive),
)
counts = st.integers(1, 10**7)
iterations = st.integers(1, 10**6)
stages = st.one_of(
    st.sampled_from(list(STAGE_OPTIONS)),
    block({"adam": block(iterations=iterations, learning_rate=positive, schedule=st.just("constant"))}),
    block({"soap": block(resample=st.integers(0, 9), weights=st.sampled_from(["none", "causal", ["gradient_norm"]]))}),
    block({"quasi_newton": block(update=st.just("ssbfgs"), weights=block({"causal": block(bins=st.integers(2, 9))}))}),
    block({"lbfgs": block(iterations=iterations, history=st.integers(1, 100))}),
    block({"gauss_newton": block(batch=counts, target_ratio=positive, resample=st.integers(0, 9))}),
    block({"least_squares": block(features=st.integers(1, 9), scale=positive, regularisation=st.just(0))}),
)
activations = (
    st.sampled_from(ACTIVATIONS)
    | block({"lambda_gelu": block(hardness=st.floats(1, 1e6), trainable=st.booleans())})
    | block(
        {
            "lambda_gelu": block(
                {"trainable": st.just(True)},
                per=st.sampled_from(["layer", "neuron"]),
                parameterisation=st.sampled_from(["optimizer_aware", "softplus"]),
                temperature=positive,
            )
        }
    )
)


@st.composite
def specs(draw):
    declared = draw(st.lists(names, min_size=6, max_size=6, unique=True))
    optional = block(
        title=st.text(st.characters(categories=("L", "N", "P", "Zs"), max_codepoint=0xFFFF), max_size=20),
        time=block({"from": st.just(0), "to": st.just("T") | st.integers(1, 9)}),
        constants=st.dictionaries(st.sampled_from(declared[:2]), expressions),
        unknowns=st.dictionaries(st.just(declared[2]), block({"initial": expressions})),
        definitions=st.dictionaries(st.just(declared[3]), expressions),
        boundaries=st.dictionaries(names, st.just("x > 0") | block({"on": patches}, where=st.just("y < 1"))),
        conditions=st.lists(conditions, max_size=3),
        exact=st.dictionaries(names, expressions),
        reference=block({"file": st.just("ref.csv")}),
        data=st.lists(
            block({"file": st.just("a.csv"), "quantities": st.just({"u": "1"})}, weight=positive), max_size=2
        ),
        probes=st.dictionaries(names, block({"quantity": names, "at": points}, expected=expressions)),
        network=block(
            hidden=counts.map(lambda n: n % 100 + 1) | st.just([3, 4]), activation=activations, fourier=st.just(5)
        ),
        sampling=block(interior=counts, method=st.sampled_from(["grid", "lhs"]), adaptive=st.booleans()),
        solver=block(
            method=st.just("auto") | stages | st.lists(stages, min_size=1, max_size=3),
            tolerance=positive,
            seed=st.integers(0, 2**32 - 1),
            compile=st.sampled_from(["auto", "off"]),
        ),
        outputs=block(times=st.integers(1, 9) | st.just([0, "T"]), figures=st.booleans(), formats=st.just("npz")),
    )
    unknown_functions = draw(
        st.sampled_from(
            [
                {"fields": [declared[4]], "equations": ["u = 0"]},
                {"fields": declared[4:], "equations": {"first": "u = 0"}},
                {"physics": "heat"},
                {"physics": {"heat": {"conductivity": "1 + x", "list": [1, "a"]}}},
            ]
        )
    )
    fixed = {"name": "made-up", "coordinates": ["x", "y"], "domain": {"disk": {"radius": 1.0}}}
    return fixed | unknown_functions | draw(optional)


@pytest.mark.slow
@settings(max_examples=150)
@given(specs())
def test_any_resolved_spec_loads_to_an_equal_spec(data):
    assert_resolves(load(dump(data)))


# ---- JSON schema -------------------------------------------------------------------------------------------------


def test_the_json_schema_describes_the_yaml_as_written():
    schema = json.loads(json.dumps(json_schema()))
    assert set(schema["required"]) == {"name"}
    assert schema["additionalProperties"] is False
    blocks = schema["$defs"]
    assert set(blocks["TimeInterval"]["properties"]) == {"from", "to"}
    assert "values" not in blocks["Condition"]["properties"]
    assert "equation" in blocks["Condition"]["properties"]
    assert "string" in blocks["Condition"]["additionalProperties"]["type"], "quantities are keys of the condition"
    assert blocks["Solver"]["properties"]["method"]["default"] == ["auto"]
    assert blocks["Network"]["properties"]["activation"]["default"] == "gelu"
    assert blocks["Sampling"]["properties"]["interior"]["anyOf"][0]["maximum"] == 10_000_000
