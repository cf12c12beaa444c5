"""Wrong blocks: each is refused in one line at the exact place, which the texts below mark with »."""

from __future__ import annotations

import re

import pytest

from pinn.errors import SpecErrors
from pinn.spec.schema import load_schema
from pinn.spec.yaml.source import parse_spec
from tests.spec.refusals import FILE, RIGHT, assert_refused, marked

# block replaced or added -> (its text with », path, part of the message)
NOT_A_SPEC = {
    # misspelt keys at every level
    "unknown block": ("»solvr: {seed: 1}", "solvr", "unknown key 'solvr'; did you mean 'solver'?"),
    "unknown in time": ("time: {from: 0, to: 1, »too: 2}", "time.too", "unknown key 'too'; did you mean 'to'?"),
    "unknown in unknowns": ("unknowns: {k: {initial: 1, »mini: 0}}", "unknowns.k.mini", "did you mean 'min'?"),
    "unknown in boundaries": (
        "boundaries: {a: {onn: left, where: x > 0}}".replace("onn", "»onn"),
        "boundaries.a.onn",
        "'on'",
    ),
    "unknown in data": ("data:\n- file: a.csv\n  quantities: {u: u}\n  »weigth: 2", "data[0].weigth", "'weight'"),
    "unknown in reference": ("reference: {file: a.npz, »kind: x}", "reference.kind", "unknown key 'kind'; known: file"),
    "unknown in probes": ("probes: {p: {quantity: u, at: 0, »expect: 1}}", "probes.p.expect", "'expected'"),
    "unknown in network": ("network: {»hiden: [64]}", "network.hiden", "did you mean 'hidden'?"),
    "unknown in activation": (
        "network: {activation: {lambda_gelu: {»hardnes: 2}}}",
        "network.activation.lambda_gelu.hardnes",
        "did you mean 'hardness'?",
    ),
    "unknown in sampling": ("sampling: {»interor: 100}", "sampling.interor", "did you mean 'interior'?"),
    "unknown in solver": ("solver:\n  »tolerence: 1e-8", "solver.tolerence", "did you mean 'tolerance'?"),
    "unknown in stage": (
        "solver: {method: [adam, {lbfgs: {»histroy: 3}}]}",
        "solver.method[1].lbfgs.histroy",
        "did you mean 'history'?",
    ),
    "unknown in outputs": ("outputs: {»format: vtu}", "outputs.format", "did you mean 'formats'?"),
    # names
    "name with capitals": ("name: »Burgers Flow", "name", "got 'Burgers Flow'; write burgers-flow"),
    "name that is a number": ("name: »12", "name", "must be text, got 12; put it in quotes"),
    "name that climbs": ("name: »../../etc", "name", "a-z, 0-9 and '-'"),
    "name that is too long": ("name: »" + "a" * 81, "name", "1 to 80"),
    "title that is a number": ("title: »5", "title", "must be text, got 5"),
    "dunder constant": ("constants: {»__import__: 1}", "constants.__import__", "is not a name"),
    "inner dunder": ("constants: {»a__b: 1}", "constants.a__b", "single underscores"),
    "trailing underscore": ("constants: {»a_: 1}", "constants.a_", "is not a name"),
    "spaced constant": ("constants: {»a b: 1}", "constants.a b", "'a b' is not a name"),
    "accented constant": ("constants: {»é: 1}", "constants.é", "is not a name"),
    "endless constant": ("constants: {»" + "a" * 61 + ": 1}", "constants." + "a" * 61, "at most 60"),
    "constant that is a coordinate": ("constants: {»x: 1}", "constants.x", "'x' is a coordinate"),
    "constant that is time": ("constants: {»t: 1}", "constants.t", "'t' is reserved"),
    "constant that is pi": ("constants: {»pi: 3}", "constants.pi", "'pi' is reserved"),
    "field that is a function": ("fields: [»sin]", "fields[0]", "'sin' is a function"),
    "field that is a normal": ("fields: [u, »nx]", "fields[1]", "'nx' is reserved"),
    "definition that is exact": ("definitions: {»exact: u}", "definitions.exact", "reserved"),
    "declared twice": ("constants: {u: 1}\nfields: [»u]", "fields[0]", "already declared in 'constants'"),
    "field twice": ("fields: [u, »u]", "fields[1]", "'u' appears twice"),
    "equation name": ("equations: {»d: u_t = 0}", "equations.d", "'d' is a function"),
    "probe name": ("probes: {»a-b: {quantity: u, at: 0}}", "probes.a-b", "is not a name"),
    "exact name": ("exact: {»u.x: 1}", "exact.u.x", "is not a name"),
    "boundary called boundary": ("boundaries: {»boundary: x > 0}", "boundaries.boundary", "a meaning of its own"),
    # coordinates and time
    "coordinate n": ("coordinates: [x, »n]", "coordinates[1]", "'n' is the normal"),
    "coordinate t": ("coordinates: [x, »t]", "coordinates[1]", "'t' is time; write time: {from: 0, to: 1}"),
    "coordinate e": ("coordinates: [»e]", "coordinates[0]", "Euler's number"),
    "long coordinate": ("coordinates: [»xx]", "coordinates[0]", "must be one letter a-z, got 'xx'"),
    "capital coordinate": ("coordinates: [»X]", "coordinates[0]", "must be one letter a-z, got 'X'"),
    "coordinate twice": ("coordinates: [x, »x]", "coordinates[1]", "'x' appears twice"),
    "coordinates as text": ("coordinates: »x y", "coordinates", "must be a list of letters such as [x, y], got 'x y'"),
    "no coordinates": ("coordinates: »[]", "coordinates", "needs a letter for each axis, such as [x, y]; ordinary"),
    "time as a number": ("time: »1", "time", "must be a mapping such as {from: 0, to: 1}, got 1"),
    "time without from": ("time: »{to: 1}", "time.from", "is missing; write the interval as {from: 0, to: 1}"),
    "time backwards": ("time: {from: 1, to: »0}", "time.to", "must be greater than 'from', which is 1; got 0"),
    "initial without time": ("time: null\nconditions:\n- on: »initial\n  u: 0", "conditions[0].on", "needs a time"),
    # values of the wrong type
    "constant yes": ("constants: {a: »true}", "constants.a", "must be a number or an expression, got true"),
    "constant nothing": ("constants:\n  »a:\n  b: 1", "constants.a", "got nothing"),
    "constant list": ("constants: {a: »[1, 2]}", "constants.a", "got a list"),
    "constant empty text": ("constants: {a: »''}", "constants.a", "got empty text"),
    "constants list": ("constants: »[1]", "constants", "must be a mapping, got a list"),
    "unknown without guess": ("unknowns: {k: »{min: 0}}", "unknowns.k.initial", "is missing"),
    "unknown out of bounds": ("unknowns: {k: {initial: »5, max: 1}}", "unknowns.k.initial", "must be within min..max"),
    "unknown with empty bounds": (
        "unknowns: {k: {initial: 1, min: 2, max: »0}}",
        "unknowns.k.max",
        "greater than 'min'",
    ),
    "no physics": ("physics: »{}", "physics", "must name a physics"),
    "a physics twice": ("physics: »[heat, {heat: {}}]", "physics", "names heat twice"),
    "physics parameters": ("physics: {heat: »3}", "physics.heat", "must be a mapping of parameters, got 3"),
    "equation as number": ("equations: {heat: »0}", "equations.heat", "must be an equation such as"),
    "equation in list": ("equations: [u = 0, »3]", "equations[1]", "must be an equation"),
    "two shapes": ("domain: »{disk: {}, rectangle: {}}", "domain", "must be one shape such as"),
    "domain as text": ("domain: »disk", "domain", "got 'disk'"),
    "empty boundary": ("boundaries: {a: »{}}", "boundaries.a", "needs 'on', 'where' or both"),
    "boundary as number": ("boundaries: {a: »3}", "boundaries.a", "must be a mapping"),
    "data as mapping": ("data: »{file: a.csv}", "data", "must be a list, got a mapping"),
    "data without file": ("data:\n  - »quantities: {u: u}", "data[0].file", "is missing; write the path of a file"),
    "data weight": ("data: [{file: a, quantities: {u: u}, weight: »0}]", "data[0].weight", "greater than 0"),
    "data without quantities": ("data: [{file: a, quantities: »{}}]", "data[0].quantities", "at least 1 entry"),
    "data coordinate": (
        "data: [{file: a, quantities: {u: u}, coordinates: {»y: Y}}]",
        "data[0].coordinates.y",
        "'y' is not a coordinate; this problem has x, t",
    ),
    "probe without point": ("probes: {p: »{quantity: u}}", "probes.p.at", "is missing; write the point's coordinates"),
    "probe dimension": (
        "probes: {p: {quantity: u, at: »[0, 1, 2]}}",
        "probes.p.at",
        "a point here has x and optionally t",
    ),
    "probe expected": ("probes: {p: {quantity: u, at: [[0], [1]], expected: »[1]}}", "probes.p.expected", "2 in all"),
    # conditions
    "conditions as mapping": ("conditions: »{on: left, u: 0}", "conditions", "must be a list, got a mapping"),
    "condition as text": ("conditions: [»left]", "conditions[0]", "must be a mapping such as {on: left, u: 0}"),
    "no place": ("conditions: [»{u: 0}]", "conditions[0]", "needs a place: on, at or periodic"),
    "misspelt place": ("conditions: [»{onn: left, u: 0}]", "conditions[0]", "did you mean 'on'?"),
    "two places": ("conditions: [»{on: left, at: 0, u: 0}]", "conditions[0]", "needs one place, got on and at"),
    "nothing stated": ("conditions: [»{on: left}]", "conditions[0]", "states nothing"),
    "only nulls stated": ("conditions: [»{on: left, v: [null, null]}]", "conditions[0]", "states nothing"),
    "empty on": ("conditions: [{on: »[], u: 0}]", "conditions[0].on", "must not be an empty list"),
    "on true": ("conditions: [{on: »true, u: 0}]", "conditions[0].on", "must be a name, got true"),
    "patch twice": ("conditions: [{on: [left, »left], u: 0}]", "conditions[0].on[1]", "'left' appears twice"),
    "boundary and more": ("conditions: [{on: »[boundary, left], u: 0}]", "conditions[0].on", "'boundary' stands alone"),
    "value true": ("conditions: [{on: left, u: »false}]", "conditions[0].u", "got false"),
    "component mapping": ("conditions: [{on: left, v: [0, »{a: 1}]}]", "conditions[0].v[1]", "got a mapping"),
    "dunder quantity": ("conditions: [{on: left, »__class__: 0}]", "conditions[0].__class__", "is not a name"),
    "free as text": ("conditions: [{on: left, free: »yes}]", "conditions[0].free", "must be true or false, got 'yes'"),
    "periodic and a value": (
        "conditions: [{periodic: [left, right], u: »0}]",
        "conditions[0].u",
        "states nothing else",
    ),
    "one periodic": ("conditions: [{periodic: »[left]}]", "conditions[0].periodic", "two patches"),
    "itself periodic": ("conditions: [{periodic: [left, »left]}]", "conditions[0].periodic[1]", "appears twice"),
    "where at a point": ("conditions: [{at: 0, u: 0, where: »x > 0}]", "conditions[0].where", "goes with 'on'"),
    "equation false": ("conditions: [{on: left, equation: »false}]", "conditions[0].equation", "must be an equation"),
    "condition weight": (
        "conditions: [{on: left, u: 0, weight: »-1}]",
        "conditions[0].weight",
        "greater than 0, got -1",
    ),
    "condition count": (
        "conditions: [{on: left, u: 0, count: »1.5}]",
        "conditions[0].count",
        "a whole number, got 1.5",
    ),
    "point dimension": ("conditions: [{at: [[0], »[0, 1, 2]], u: 0}]", "conditions[0].at[1]", "got 3 numbers"),
    # network, sampling, solver, outputs
    "width as text": ("network: {hidden: [64, »wide]}", "network.hidden[1]", "must be a whole number, got 'wide'"),
    "width true": ("network: {hidden: [»true]}", "network.hidden[0]", "must be a whole number, got true"),
    "width zero": ("network: {hidden: [64, »0]}", "network.hidden[1]", "must be at least 1, got 0"),
    "width in quotes": ("network: {hidden: [»'64']}", "network.hidden[0]", "got '64'; remove the quotes"),
    "no width": ("network: {hidden: »[]}", "network.hidden", "must not be an empty list"),
    "activation": (
        "network: {activation: »gleu}",
        "network.activation",
        "unknown activation 'gleu'; did you mean 'gelu'?",
    ),
    "activation key": ("network: {activation: {»gleu: {}}}", "network.activation.gleu", "did you mean 'gelu'?"),
    "activation list": ("network: {activation: »[gelu]}", "network.activation", "must be the name of one activation"),
    "two activations": ("network: {activation: »{gelu: {}, tanh: {}}}", "network.activation", "must be one activation"),
    "gelu hardness": ("network: {activation: {gelu: »{hardness: 2}}}", "network.activation.gelu", "has no parameters"),
    "soft hardness": (
        "network: {activation: {lambda_gelu: {hardness: »0.5}}}",
        "network.activation.lambda_gelu.hardness",
        "must be at least 1, got 0.5",
    ),
    "learning of what is fixed": (
        "network: {activation: {lambda_gelu: {hardness: 2, »per: neuron}}}",
        "network.activation.lambda_gelu.per",
        "says how the hardness is learned, but it is fixed; add trainable: true",
    ),
    "learning otherwise": (
        "network: {activation: {lambda_gelu: {trainable: true, parameterisation: »naiv}}}",
        "network.activation.lambda_gelu.parameterisation",
        "did you mean 'naive'?",
    ),
    "temperature without softplus": (
        "network: {activation: {lambda_gelu: {trainable: true, parameterisation: naive, temperature: »2}}}",
        "network.activation.lambda_gelu.temperature",
        "belongs to the softplus",
    ),
    "learning rate that nothing takes": (
        "network: {activation: {lambda_gelu: {trainable: true, »learning_rate: 0.1}}}",
        "network.activation.lambda_gelu.learning_rate",
        "is for adam and soap, but the method is auto",
    ),
    "hardness as text": (
        "network: {activation: {lambda_gelu: {hardness: »'2'}}}",
        "network.activation.lambda_gelu.hardness",
        "must be a number, got '2'; remove the quotes",
    ),
    "trainable as text": (
        "network: {activation: {lambda_gelu: {trainable: »on}}}",
        "network.activation.lambda_gelu.trainable",
        "must be true or false, got 'on'",
    ),
    "constraints": ("network: {constraints: »rigid}", "network.constraints", "must be one of soft, hard; got 'rigid'"),
    "periodic as flag": ("network: {periodic: »false}", "network.periodic", "must be one of auto, off; got false"),
    "network as text": ("network: »big", "network", "must be a mapping such as {hidden: [64, 64], activation: gelu}"),
    "no points": ("sampling: {interior: »0}", "sampling.interior", "must be at least 1"),
    "too many points": ("sampling: {boundary: »1e9}", "sampling.boundary", "must be at most 10000000"),
    "sampling method": ("sampling: {method: »sobel}", "sampling.method", "did you mean 'sobol'?"),
    "time limit as text": ("solver: {time_limit: »1 min}", "solver.time_limit", "must be a number, got '1 min'"),
    "time limit negative": ("solver: {time_limit: »-1}", "solver.time_limit", "must be greater than 0, got -1"),
    "tolerance true": ("solver: {tolerance: »true}", "solver.tolerance", "must be a number, got true"),
    "seed negative": ("solver: {seed: »-1}", "solver.seed", "must be at least 0"),
    "precision": (
        "solver: {precision: »float16}",
        "solver.precision",
        "must be one of float64, float32; got 'float16'",
    ),
    "solver nothing": ("»solver:", "solver", "must be a mapping such as {method: auto, time_limit: 60}, got nothing"),
    "method": ("solver: {method: »adm}", "solver.method", "unknown method 'adm'; did you mean 'adam'?"),
    "method of an older name": ("solver: {method: »patches}", "solver.method", "'patches' is called 'cells'"),
    "method of an older name, with options": (
        "solver: {method: {»patches: {passes: 1}}}",
        "solver.method.patches",
        "'patches' is called 'cells'",
    ),
    "method in list": ("solver: {method: [adam, »sgd]}", "solver.method[1]", "unknown method 'sgd'; known:"),
    "no methods": ("solver: {method: »[]}", "solver.method", "must have at least one stage"),
    "auto and another": ("solver: {method: [adam, »auto]}", "solver.method[1]", "auto stands alone"),
    "stage options": ("solver: {method: {adam: »5}}", "solver.method.adam", "must be a mapping such as {iterations"),
    "stage value": (
        "solver: {method: [{adam: {iterations: »many}}]}",
        "solver.method[0].adam.iterations",
        "must be a whole number, got 'many'",
    ),
    "weights": (
        "solver: {method: {adam: {weights: [gradient_norm, »casual]}}}",
        "solver.method.adam.weights[1]",
        "unknown weights 'casual'; did you mean 'causal'?",
    ),
    "weights twice": (
        "solver: {method: {soap: {weights: [causal, »causal]}}}",
        "solver.method.soap.weights[1]",
        "appears twice",
    ),
    "weights' options": (
        "solver: {method: {soap: {weights: {causal: {bins: »1}}}}}",
        "solver.method.soap.weights.causal.bins",
        "must be at least 2, got 1",
    ),
    "update": (
        "solver: {method: {quasi_newton: {update: »dfp}}}",
        "solver.method.quasi_newton.update",
        "must be one of ssbroyden, ssbfgs, bfgs; got 'dfp'",
    ),
    "two stages in one": ("solver: {method: »{adam: {}, lbfgs: {}}}", "solver.method", "list them as [...]"),
    "format": ("outputs: {formats: [vtu, »cvs]}", "outputs.formats[1]", "got 'cvs'; did you mean 'csv'?"),
    "resolution": ("outputs: {resolution: »1}", "outputs.resolution", "must be at least 2, got 1"),
    "times": ("outputs: {times: »0}", "outputs.times", "must be a count or a list of times"),
    "figures": ("outputs: {figures: »1}", "outputs.figures", "must be true or false, got 1"),
}

# whole block left out -> (path, part of the message), at the start of the spec
MISSING = {
    "name": ("name", "is missing; write for example name: my-problem"),
    "coordinates": ("coordinates", "needs a letter for each axis, such as [x, y]; ordinary equations have a time"),
    "domain": ("domain", "is missing; write for example domain: {rectangle:"),
}


def spec_with(text: str) -> str:
    """The right spec with the blocks in `text` in place of its own."""
    replaced = {key for key in RIGHT if re.search(rf"^»?{key}:", text, re.MULTILINE)}
    return "\n".join([*(line for key, line in RIGHT.items() if key not in replaced), text]) + "\n"


@pytest.mark.parametrize("case", NOT_A_SPEC)
def test_block_is_refused(case):
    text, path, fragment = NOT_A_SPEC[case]
    assert_refused(*marked(spec_with(text)), path, fragment)


@pytest.mark.parametrize("block", MISSING)
def test_missing_block_is_refused(block):
    text = "\n".join(line for key, line in RIGHT.items() if key != block)
    assert_refused(text, "1:1", *MISSING[block])


def test_the_right_spec_is_accepted():
    assert load_schema(parse_spec("\n".join(RIGHT.values()))).name == "heat"


def test_nothing_to_solve_for():
    blocks = {key: line for key, line in RIGHT.items() if key not in ("fields", "equations")}
    assert_refused("\n".join(blocks.values()), "1:1", "", "needs 'fields' or 'physics'")


def test_fields_without_equations_or_data():
    text = "\n".join(line.replace("fields: [", "fields: »[") for key, line in RIGHT.items() if key != "equations")
    assert_refused(*marked(text), "fields", "has no equations and no data")
    data = "data: [{file: a.csv, quantities: {u: u}}]\n"
    assert load_schema(parse_spec(data + text.replace("»", ""))).fields == ("u",)


def test_every_refusal_is_reported_in_the_order_of_the_file():
    text = spec_with("solver: {seed: x, tolerence: 1}\nnetwork: {hidden: [0, y]}\nfoo: 1")
    with pytest.raises(SpecErrors) as raised:
        load_schema(parse_spec(text, FILE))
    assert [re.match(rf"{FILE}:\d+:\d+: ([^:]+): ", line)[1] for line in str(raised.value).split("\n")] == [
        "solver.seed",
        "solver.tolerence",
        "network.hidden[0]",
        "network.hidden[1]",
        "foo",
    ]
    assert len(raised.value.errors) == 5
