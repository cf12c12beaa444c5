"""Specs that are well formed but state something impossible: refused in one line when the problem is built.

In the texts below » marks the place that the refusal must name.
"""

from __future__ import annotations

import re
import time
from pathlib import Path

import numpy as np
import pytest

from pinn.cli.main import run
from pinn.errors import SpecError
from pinn.problem.loading import build
from pinn.spec.yaml.source import parse_spec
from tests.spec.test_refusals import marked

FILE = "problems/wrong.yaml"
LONGEST_SECONDS = 5  # what a user would wait for a refusal; the slowest case takes a tenth of a second

HEAT = {
    "name": "name: heat",
    "coordinates": "coordinates: [x]",
    "time": "time: {from: 0, to: 1}",
    "fields": "fields: [u]",
    "domain": "domain: {interval: {from: 0, to: 1}}",
    "equations": "equations: {heat: u_t - u_xx = 0}",
    "conditions": "conditions: [{on: initial, u: sin(pi*x)}, {on: boundary, u: 0}]",
}
POISSON = {
    "name": "name: poisson",
    "coordinates": "coordinates: [x, y]",
    "fields": "fields: [u]",
    "domain": "domain: {rectangle: {from: [0, 0], to: [1, 1]}}",
    "equations": "equations: {poisson: laplacian(u) = 1}",
    "conditions": "conditions: [{on: boundary, u: 0}]",
}
PLATE = {
    "name": "name: plate",
    "coordinates": "coordinates: [x, y]",
    "constants": "constants: {L: 2, a: 0.5, S: 1}",
    "physics": "physics:\n  linear_elasticity: {youngs_modulus: 1, poissons_ratio: 0.3, plane: stress}",
    "domain": "domain:\n  difference:\n  - rectangle: {from: [0, 0], to: [L, L]}\n"
    "  - disk: {center: [0, 0], radius: a, name: hole}",
    "conditions": "conditions:\n"
    "- {on: left, ux: 0, traction_y: 0}\n"
    "- {on: bottom, uy: 0, traction_x: 0}\n"
    "- {on: hole, traction: [0, 0]}\n"
    "- {on: right, traction: [S, 0]}\n"
    "- {on: top, traction: [0, 0]}",
}
BAR = {
    "name": "name: bar",
    "coordinates": "coordinates: [x]",
    "fields": "fields: [u]",
    "domain": "domain: {interval: {from: 0, to: 1}}",
    "equations": "equations: {bar: u_xx = 1}",
    "conditions": "conditions: [{on: boundary, u: 0}]",
}
SOLID = {
    "name": "name: solid",
    "coordinates": "coordinates: [x, y, z]",
    "fields": "fields: [u]",
    "domain": "domain: {sphere: {center: [0, 0, 0], radius: 1}}",
    "equations": "equations: {poisson: laplacian(u) = 1}",
    "conditions": "conditions: [{on: boundary, u: 0}]",
}


LONG_SUM = "+".join(["u"] * 6000)


def conditions(*lines: str) -> str:
    return "conditions:\n" + "\n".join(f"- {line}" for line in lines)


def silent(*lines: str) -> str:
    """Conditions that leave something out: the refused place is their list."""
    return conditions(*lines).replace("\n- ", "\n»- ", 1)


def cut(*shapes: str) -> str:
    return "domain:\n  difference:\n" + "\n".join(f"  - {shape}" for shape in shapes)


LEFT, BOTTOM, HOLE, RIGHT, TOP = PLATE["conditions"].removeprefix("conditions:\n- ").split("\n- ")
ELASTIC = "physics:\n  linear_elasticity: {youngs_modulus: 1, poissons_ratio: 0.3, plane: stress}"

# case -> (the right spec, blocks that are added or replaced, path in the spec, part of the message)
NAMES = {
    "unknown symbol in an equation": (
        POISSON,
        "equations: {poisson: »laplacian(u) = ff}",
        "equations.poisson",
        "unknown name 'ff'",
    ),
    "misspelt field": (
        HEAT,
        "constants: {alpha: 1}\nequations: {heat: »u_t - alhpa*u_xx = 0}",
        "equations.heat",
        "did you mean 'alpha'?",
    ),
    "misspelt field in a derivative": (
        HEAT,
        "equations: {heat: »v_t - u_xx = 0}",
        "equations.heat",
        "unknown name 'v_t'",
    ),
    "derivative along no coordinate": (
        HEAT,
        "equations: {heat: »u_t - u_yy = 0}",
        "equations.heat",
        "a derivative of u has letters of x, t or n",
    ),
    "misspelt definition": (
        POISSON,
        "definitions: {flux: u_x}\nprobes: {p: {quantity: »flx, at: [0, 0]}}",
        "probes.p.quantity",
        "unknown quantity 'flx'; did you mean 'flux'?",
    ),
    "misspelt function": (
        POISSON,
        "equations: {poisson: »laplacian(u) = sinn(x)}",
        "equations.poisson",
        "unknown function 'sinn'; did you mean 'sin'?",
    ),
    "function without parentheses": (
        POISSON,
        "equations: {poisson: »laplacian(u) = sin}",
        "equations.poisson",
        "'sin' is a function: write sin(…)",
    ),
    "field called as a function": (
        POISSON,
        "equations: {poisson: »laplacian(u) = u(x)}",
        "equations.poisson",
        "'u' is no function; write u",
    ),
    "number of arguments": (
        POISSON,
        "equations: {poisson: »laplacian(u) = atan2(x)}",
        "equations.poisson",
        "atan2() takes 2 arguments, got 1",
    ),
    "unknown symbol in a definition": (
        POISSON,
        "definitions:\n  flux: »kappa*u_x",
        "definitions.flux",
        "unknown name 'kappa'",
    ),
    "unknown symbol in a used definition": (
        POISSON,
        "definitions:\n  flux: »kappa*u_x\nequations: ['d(flux, x) = 1']",
        "definitions.flux",
        "unknown name 'kappa'",
    ),
    "unknown symbol in a value": (
        POISSON,
        conditions("{on: boundary, u: »ambient}"),
        "conditions[0].u",
        "unknown name 'ambient'",
    ),
    "unknown symbol in a component": (
        PLATE,
        conditions(LEFT, BOTTOM, HOLE, "{on: right, traction: [»s, 0]}", TOP),
        "conditions[3].traction[0]",
        "unknown name 's'",
    ),
    "unknown symbol in a condition's equation": (
        POISSON,
        conditions("{on: boundary, equation: »u_n + h*u = 0}"),
        "conditions[0].equation",
        "unknown name 'h'",
    ),
    "unknown symbol in the second equation": (
        POISSON,
        conditions("{on: boundary, equation: [u = 0, »u_n = h]}"),
        "conditions[0].equation[1]",
        "unknown name 'h'",
    ),
    "unknown symbol in exact": (POISSON, "exact:\n  u: »sin(z)", "exact.u", "unknown name 'z'"),
    "misspelt quantity": (
        PLATE,
        conditions(LEFT, BOTTOM, HOLE, RIGHT, "{on: top, tractoin_y: »0}"),
        "conditions[4].tractoin_y",
        "unknown quantity 'tractoin_y'; did you mean 'traction_y'?",
    ),
    "misspelt vector": (
        PLATE,
        conditions(LEFT, BOTTOM, HOLE, RIGHT, "{on: top, tracton: »[0, 0]}"),
        "conditions[4].tracton",
        "did you mean 'traction'?",
    ),
    "misspelt derivative": (
        POISSON,
        conditions("{on: boundary, u_z: »0}"),
        "conditions[0].u_z",
        "a derivative of u has letters of x, y or n",
    ),
    "quantity of another physics": (
        PLATE,
        conditions(LEFT, BOTTOM, HOLE, RIGHT, "{on: top, temperature: »0}"),
        "conditions[4].temperature",
        "unknown quantity 'temperature'",
    ),
    "constant as a quantity": (
        POISSON,
        "constants: {a: 1}\n" + conditions("{on: boundary, a: »0}"),
        "conditions[0].a",
        "states nothing about a field",
    ),
    "coordinate as a quantity": (
        POISSON,
        conditions("{on: boundary, x: »0}"),
        "conditions[0].x",
        "states nothing about a field",
    ),
    "unknown patch": (
        POISSON,
        conditions("{on: »lft, u: 0}", "{on: boundary, u: 1}"),
        "conditions[0].on",
        "unknown patch 'lft'; did you mean 'left'?",
    ),
    "unknown patch in a list": (
        POISSON,
        conditions("{on: [left, »rihgt], u: 0}", "{on: boundary, u: 1}"),
        "conditions[0].on[1]",
        "unknown patch 'rihgt'; did you mean 'right'?",
    ),
    "unknown patch of a boundary": (
        POISSON,
        "boundaries:\n  clamp: {on: »lft, where: y > 0.5}\n" + conditions("{on: clamp, u: 0}", "{on: boundary, u: 0}"),
        "boundaries.clamp.on",
        "unknown patch 'lft'",
    ),
    "unknown patch of a boundary that no condition uses": (
        POISSON,
        "boundaries:\n  clamp: {on: »lft, where: y > 0.5}",
        "boundaries.clamp.on",
        "unknown patch 'lft'",
    ),
    "unknown symbol in a boundary that no condition uses": (
        POISSON,
        "boundaries:\n  clamp: {on: left, where: »z > 0.5}",
        "boundaries.clamp.where",
        "unknown name 'z'",
    ),
    "boundary with a patch's name": (
        POISSON,
        "boundaries:\n  left: »{on: right, where: y > 0.5}",
        "boundaries.left",
        "is a patch of the domain",
    ),
    "unknown periodic patch": (
        POISSON,
        conditions("{periodic: [left, »rigth]}", "{on: boundary, u: 0}"),
        "conditions[0].periodic[1]",
        "did you mean 'right'?",
    ),
    "patch cut away": (
        POISSON,
        cut("rectangle: {from: [0, 0], to: [1, 1]}", "rectangle: {from: [-1, -1], to: [0.5, 2], name: cutter}")
        + "\n"
        + conditions("{on: »left, u: 0}", "{on: boundary, u: 1}"),
        "conditions[0].on",
        "nothing of patch 'left' is left",
    ),
    "unknown physics": (
        PLATE,
        "physics:\n  linear_elastisity: »{youngs_modulus: 1, poissons_ratio: 0.3, plane: stress}",
        "physics.linear_elastisity",
        "did you mean 'linear_elasticity'?",
    ),
    "unknown parameter": (
        PLATE,
        "physics:\n  linear_elasticity: {youngs_moduls: »1, poissons_ratio: 0.3, plane: stress}",
        "physics.linear_elasticity.youngs_moduls",
        "did you mean 'youngs_modulus'?",
    ),
    "constant in terms of a later one": (
        POISSON,
        "constants: {a: »2*b, b: 1}",
        "constants.a",
        "unknown name 'b'; a constant may use earlier constants only",
    ),
    "constant in terms of itself": (POISSON, "constants: {a: »2*a}", "constants.a", "unknown name 'a'"),
    "constant in terms of a coordinate": (
        POISSON,
        "constants: {a: »2*x}",
        "constants.a",
        "must be a number or an expression of constants, but depends on x",
    ),
    "constant in terms of a field": (POISSON, "constants: {a: »2*u}", "constants.a", "but depends on u"),
    "cycle": (POISSON, "definitions:\n  p: »q + u\n  q: p", "definitions.p", "defined through itself: p -> q -> p"),
    "definition of itself": (POISSON, "definitions:\n  p: »p + u", "definitions.p", "defined through itself: p -> p"),
    "cycle through a derivative": (
        POISSON,
        "definitions:\n  p: »d(p_x, x) + u",
        "definitions.p",
        "defined through itself",
    ),
    "exact cycle": (POISSON, "exact:\n  u: »exact.u", "exact.u", "defined through itself"),
    "definition that could be a derivative": (
        POISSON,
        "definitions: {u_x: »2*u}",
        "definitions.u_x",
        "'u_x' could also be read as a derivative of 'u'",
    ),
    "field that could be a derivative": (
        POISSON,
        "fields: [u, »u_x]",
        "fields[1]",
        "could also be read as a derivative of 'u'",
    ),
    "constant that could be a derivative": (
        POISSON,
        "constants: {u_n: »2}",
        "constants.u_n",
        "could also be read as a derivative of 'u'",
    ),
    "unknown that could be a derivative": (
        POISSON,
        "unknowns: {u_xx: »{initial: 2}}",
        "unknowns.u_xx",
        "could also be read as a derivative of 'u'",
    ),
    "constant of the physics": (
        PLATE,
        "constants: {L: 2, a: 0.5, S: 1, lame_mu: »3}",
        "constants.lame_mu",
        "is a name of the physics",
    ),
    "definition of the physics": (
        PLATE,
        "definitions: {strain_xx: »ux_x}",
        "definitions.strain_xx",
        "is a name of the physics",
    ),
    "exact of nothing": (POISSON, "exact:\n  v: »sin(x)", "exact.v", "unknown quantity 'v'"),
    "exact that is not given": (
        PLATE,
        "exact: {stress_xx: S}\n"
        + conditions(LEFT, BOTTOM, HOLE, "{on: right, traction: [exact.stress_xx, »exact.stress_xy]}", TOP),
        "conditions[3].traction[1]",
        "exact.stress_xy is not given",
    ),
    "exact without a block": (
        POISSON,
        conditions("{on: boundary, u: »exact.u}"),
        "conditions[0].u",
        "the spec has no block 'exact'",
    ),
    "output": (POISSON, "outputs: {quantities: [u, »v]}", "outputs.quantities[1]", "unknown quantity 'v'"),
    "output of a normal": (
        PLATE,
        "outputs: {quantities: [»traction_x]}",
        "outputs.quantities[0]",
        "'traction_x' uses the normal",
    ),
    "output of a constant": (
        POISSON,
        "constants: {k: 1}\noutputs: {quantities: [»k]}",
        "outputs.quantities[0]",
        "'k' does not depend on a field",
    ),
    "probe of a coordinate": (
        POISSON,
        "probes: {p: {quantity: »x, at: [0, 0]}}",
        "probes.p.quantity",
        "'x' does not depend on a field",
    ),
}
PARAMETERS = {
    "plane is missing": (
        PLATE,
        "physics:\n  linear_elasticity: »{youngs_modulus: 1, poissons_ratio: 0.3}",
        "physics.linear_elasticity",
        "'plane' is missing; write plane: stress",
    ),
    "plane is misspelt": (
        PLATE,
        ELASTIC.replace("stress", "»stres"),
        "physics.linear_elasticity.plane",
        "did you mean 'stress'?",
    ),
    "no modulus": (
        PLATE,
        "physics:\n  linear_elasticity: »{poissons_ratio: 0.3, plane: stress}",
        "physics.linear_elasticity",
        "'youngs_modulus' is missing",
    ),
    "no parameters": (PLATE, "physics: »linear_elasticity", "physics.linear_elasticity", "is missing"),
    "ratio as text": (
        PLATE,
        ELASTIC.replace("0.3", "»steel"),
        "physics.linear_elasticity.poissons_ratio",
        "unknown name 'steel'",
    ),
    "ratio true": (
        PLATE,
        ELASTIC.replace("0.3", "»true"),
        "physics.linear_elasticity.poissons_ratio",
        "must be a number or an expression, got true",
    ),
    "ratio as a list": (
        PLATE,
        ELASTIC.replace("0.3", "»[0.3, 0.3]"),
        "physics.linear_elasticity.poissons_ratio",
        "got a list",
    ),
    "ratio nothing": (
        PLATE,
        ELASTIC.replace("0.3", "»null"),
        "physics.linear_elasticity.poissons_ratio",
        "got nothing",
    ),
    "ratio of one half": (
        PLATE,
        ELASTIC.replace("0.3", "»0.5").replace("plane: stress", "plane: strain"),
        "physics.linear_elasticity.poissons_ratio",
        "must lie between -1 and 0.5",
    ),
    "ratio of two": (
        PLATE,
        ELASTIC.replace("0.3", "»2"),
        "physics.linear_elasticity.poissons_ratio",
        "must lie between -1 and 0.5",
    ),
    "ratio of a constant": (
        PLATE,
        "constants: {L: 2, a: 0.5, S: 1, v: 0.7}\n" + ELASTIC.replace("0.3", "»v"),
        "physics.linear_elasticity.poissons_ratio",
        "must lie between -1 and 0.5",
    ),
    "negative modulus": (
        PLATE,
        ELASTIC.replace("modulus: 1", "modulus: »-1"),
        "physics.linear_elasticity.youngs_modulus",
        "must be positive, got -1",
    ),
    "modulus in terms of a field": (
        PLATE,
        ELASTIC.replace("modulus: 1", "modulus: »1 + q"),
        "physics.linear_elasticity.youngs_modulus",
        "unknown name 'q'",
    ),
    "modulus zero": (
        PLATE,
        ELASTIC.replace("modulus: 1", "modulus: »0"),
        "physics.linear_elasticity.youngs_modulus",
        "must be positive, got 0",
    ),
    "body force as a number": (
        PLATE,
        ELASTIC.replace("stress}", "stress, body_force: »-9.81}"),
        "physics.linear_elasticity.body_force",
        "needs 2 components, got -9.81",
    ),
    "body force of three": (
        PLATE,
        ELASTIC.replace("stress}", "stress, body_force: »[0, 0, 1]}"),
        "physics.linear_elasticity.body_force",
        "needs 2 components",
    ),
    "body force component": (
        PLATE,
        ELASTIC.replace("stress}", "stress, body_force: [0, »null]}"),
        "physics.linear_elasticity.body_force[1]",
        "must be a number or an expression",
    ),
    "body force of an unknown name": (
        PLATE,
        ELASTIC.replace("stress}", "stress, body_force: [0, »-rho*g]}"),
        "physics.linear_elasticity.body_force[1]",
        "unknown name 'rho'",
    ),
    "elasticity in one dimension": (
        BAR,
        "physics:\n  linear_elasticity: »{youngs_modulus: 1, poissons_ratio: 0.3}",
        "physics.linear_elasticity",
        "is defined in 2 or 3 dimensions",
    ),
    "plane in three dimensions": (
        SOLID,
        ELASTIC.replace("plane: ", "plane: »"),
        "physics.linear_elasticity.plane",
        "belongs to two dimensions; remove it",
    ),
    "unknown outside its bounds": (
        POISSON,
        "constants: {top: 2}\nunknowns: {k: {initial: »3, max: top}}",
        "unknowns.k.initial",
        "must lie between min and max, got 3",
    ),
    "unknown in terms of a coordinate": (POISSON, "unknowns: {k: {initial: »x}}", "unknowns.k.initial", "depends on x"),
    "time backwards": (
        HEAT,
        "constants: {end: -1}\ntime: {from: 0, to: »end}",
        "time.to",
        "must be later than from = 0, got -1",
    ),
    "time of nothing": (
        HEAT,
        "constants: {end: 0}\ntime: {from: 0, to: »end}",
        "time.to",
        "must be later than from = 0, got 0",
    ),
    "time in terms of a coordinate": (HEAT, "time: {from: 0, to: »x}", "time.to", "depends on x"),
    "time as text": (HEAT, "time: {from: 0, to: »later}", "time.to", "unknown name 'later'"),
}
EXPRESSIONS = {
    "no equals sign": (
        POISSON,
        "equations: {poisson: »laplacian(u) - 1}",
        "equations.poisson",
        "an equation has the form 'left = right'",
    ),
    "two equals signs": (POISSON, "equations: {poisson: »laplacian(u) = 1 = x}", "equations.poisson", "with one '='"),
    "comparison for an equation": (
        POISSON,
        "equations: {poisson: »laplacian(u) == 1}",
        "equations.poisson",
        "with one '='",
    ),
    "inequality": (POISSON, "equations: {poisson: »laplacian(u) <= 1}", "equations.poisson", "with one '='"),
    "nothing on the right": (
        POISSON,
        "equations: {poisson: »laplacian(u) =}",
        "equations.poisson",
        "nothing stands right of '='",
    ),
    "nothing on the left": (
        POISSON,
        "equations: {poisson: »= laplacian(u)}",
        "equations.poisson",
        "nothing stands left of '='",
    ),
    "equation without a field": (
        POISSON,
        "equations: {poisson: u_xx + u_yy = 1, more: »x = 1}",
        "equations.more",
        "contains no field",
    ),
    "equation that is always true": (
        POISSON,
        "equations: {poisson: u_xx + u_yy = 1, more: »u_x = u_x}",
        "equations.more",
        "contains no field",
    ),
    "normal in an equation": (
        POISSON,
        "equations: {poisson: »laplacian(u) = nx}",
        "equations.poisson",
        "uses the normal nx, which is known on the boundary only",
    ),
    "normal derivative in an equation": (
        POISSON,
        "equations: {poisson: »laplacian(u) = u_n}",
        "equations.poisson",
        "uses the normal",
    ),
    "normal derivative differentiated": (
        POISSON,
        "equations: {poisson: »'d(u_n, x) = 1'}",
        "equations.poisson",
        "cannot be differentiated",
    ),
    "traction in an equation": (PLATE, "equations: {more: »traction_x = 0}", "equations.more", "uses the normal"),
    "fifth order": (
        BAR,
        "equations: {bar: »u_xxxxx = 1}",
        "equations.bar",
        "needs a derivative of order 5; orders up to 4 are available",
    ),
    "fifth order of a definition": (
        BAR,
        "definitions: {m: u_xxx}\nequations: {bar: »'d(m, x, x) = 1'}",
        "equations.bar",
        "order 5",
    ),
    "fifth order of a condition": (BAR, conditions("{on: boundary, u_xxxxx: »0}"), "conditions[0].u_xxxxx", "order 5"),
    "caret": (POISSON, "equations: {poisson: »laplacian(u) = x^2}", "equations.poisson", "powers are written **"),
    "caret in a constant": (POISSON, "constants: {a: »2^3}", "constants.a", "powers are written **"),
    "missing operator": (
        POISSON,
        "equations: {poisson: »laplacian(u) = 2 x}",
        "equations.poisson",
        "cannot read '2 x'",
    ),
    "missing multiplication sign": (
        POISSON,
        "equations: {poisson: »laplacian(u) = 2x}",
        "equations.poisson",
        "cannot read '2x'",
    ),
    "open parenthesis": (
        POISSON,
        "equations: {poisson: »laplacian(u = 1}",
        "equations.poisson",
        "cannot read 'laplacian(u'",
    ),
    "decimal comma": (POISSON, "constants: {a: »'0,5'}", "constants.a", "is a vector"),
    "unit": (PLATE, "constants: {L: 2, a: 0.5, S: »210 GPa}", "constants.S", "cannot read '210 GPa'"),
    "vector in an equation": (POISSON, "equations: {poisson: »grad(u) = 0}", "equations.poisson", "is a vector"),
    "comparison as a value": (POISSON, conditions("{on: boundary, u: »x > 1}"), "conditions[0].u", "is a comparison"),
    "comparison as a factor": (
        POISSON,
        conditions("{on: boundary, u: »2*(x > 1)}"),
        "conditions[0].u",
        "is not a single value",
    ),
    "divergence of a scalar": (
        POISSON,
        "equations: {poisson: »div(u) = 1}",
        "equations.poisson",
        "div() takes a vector of 2 components",
    ),
    "derivative of nothing": (
        POISSON,
        "equations: {poisson: »d(u) = 1}",
        "equations.poisson",
        "d(expression, coordinate, …)",
    ),
    "derivative in a field": (
        POISSON,
        "equations: {poisson: »'d(u, u) = 1'}",
        "equations.poisson",
        "takes coordinates of x, y",
    ),
    "large power": (POISSON, "constants: {a: »9**9**9}", "constants.a", "number too large"),
    "large power in an equation": (
        POISSON,
        "equations: {poisson: »laplacian(u) = 9**9**9}",
        "equations.poisson",
        "number too large",
    ),
    "large power of a field": (
        POISSON,
        "equations: {poisson: »laplacian(u) = u**99999}",
        "equations.poisson",
        "exponents beyond 1000",
    ),
    "large power of a sum": (POISSON, "constants: {a: »(2**0.5 + 1)**99999}", "constants.a", "too large"),
    "large number": (POISSON, "constants: {a: »'1e400'}", "constants.a", "number too large"),
    "many digits": (POISSON, "constants: {a: »'" + "9" * 5000 + "'}", "constants.a", "too large"),
    "large exponential": (POISSON, "constants: {a: »exp(exp(exp(10)))}", "constants.a", "too large"),
    "import": (
        POISSON,
        "equations: {poisson: »laplacian(u) = __import__('os').getpid()}",
        "equations.poisson",
        "is not part of the expression language",
    ),
    "import as a constant": (
        POISSON,
        "constants: {a: »__import__('os')}",
        "constants.a",
        "unknown function '__import__'",
    ),
    "attribute": (
        POISSON,
        "equations: {poisson: »laplacian(u) = u.__class__}",
        "equations.poisson",
        "a dot (only exact.NAME has one)",
    ),
    "attribute of exact": (
        POISSON,
        "exact: {u: x}\n" + conditions("{on: boundary, u: »exact.u.real}"),
        "conditions[0].u",
        "a dot (only exact.NAME has one)",
    ),
    "index": (
        POISSON,
        "equations: {poisson: »'laplacian(u) = x[0]'}",
        "equations.poisson",
        "is not part of the expression language",
    ),
    "text": (POISSON, "constants: {a: »\"'abc'\"}", "constants.a", "is not part of the expression language"),
    "lambda": (POISSON, "constants: {a: »'(lambda: 1)()'}", "constants.a", "is not part of the expression language"),
    "comprehension": (
        POISSON,
        "constants: {a: »'[i for i in x]'}",
        "constants.a",
        "is not part of the expression language",
    ),
    "assignment": (POISSON, "constants: {a: »'(b := 2)'}", "constants.a", "is not part of the expression language"),
    "if else": (
        POISSON,
        conditions("{on: boundary, u: »1 if x > 0 else 0}"),
        "conditions[0].u",
        "write where(condition, a, b)",
    ),
    "imaginary": (POISSON, "constants: {a: »2j}", "constants.a", "is not part of the expression language"),
    "keyword argument": (
        POISSON,
        "equations: {poisson: »laplacian(u) = sin(x=1)}",
        "equations.poisson",
        "with one '='",
    ),
    "true": (POISSON, "constants: {a: »'True'}", "constants.a", "is not part of the expression language"),
    "modulo": (POISSON, "constants: {a: »5 % 2}", "constants.a", "operator"),
    "ampersand": (
        POISSON,
        conditions("{on: boundary, u: 0, where: »'(x > 0) & (y > 0)'}"),
        "conditions[0].where",
        "write and",
    ),
    "deep parentheses": (
        POISSON,
        "equations: {poisson: »laplacian(u) = " + "(" * 200 + "u" + ")" * 200 + "}",
        "equations.poisson",
        "nested deeper than 100",
    ),
    "deep signs": (
        POISSON,
        "equations: {poisson: »laplacian(u) = " + "-" * 500 + "u}",
        "equations.poisson",
        "nested deeper than",
    ),
    "deep functions": (
        POISSON,
        "equations: {poisson: »laplacian(u) = " + "sin(" * 101 + "u" + ")" * 101 + "}",
        "equations.poisson",
        "nested deeper than 100",
    ),
    "long sum": (
        POISSON,
        "equations: {poisson: »laplacian(u) = " + LONG_SUM + "}",
        "equations.poisson",
        "at most 10000 are read",
    ),
    "division by zero": (POISSON, "constants: {a: »1/0}", "constants.a", "division by zero"),
    "division by a zero constant": (POISSON, "constants: {a: 0, b: »1/a}", "constants.b", "division by zero"),
    "division by a difference": (POISSON, "constants: {a: 2, b: »1/(a - 2)}", "constants.b", "division by zero"),
    "logarithm of a negative": (
        POISSON,
        "constants: {a: »log(-1)}",
        "constants.a",
        "log() of a number outside its range",
    ),
    "logarithm of zero": (POISSON, "constants: {a: »log(0)}", "constants.a", "log() of a number outside its range"),
    "root of a negative": (POISSON, "constants: {a: »sqrt(-2)}", "constants.a", "sqrt() of a number outside its range"),
    "power of a negative": (POISSON, "constants: {a: »(-2)**0.5}", "constants.a", "needs a whole exponent"),
    "arcsine of two": (POISSON, "constants: {a: »asin(2)}", "constants.a", "asin() of a number outside its range"),
    "negative power of zero": (POISSON, "constants: {a: »0**-1}", "constants.a", "division by zero"),
    "singular source": (
        POISSON,
        "equations: {poisson: »laplacian(u) = log(x - 2)}",
        "equations.poisson",
        "is not a finite number at x =",
    ),
    "singular value": (
        POISSON,
        conditions("{on: [left, right], u: »1/x}", "{on: boundary, u: 0}"),
        "conditions[0].u",
        "is not a finite number at x = 0",
    ),
    "exact that is not finite": (POISSON, "exact:\n  u: »log(x - 2)", "exact.u", "is not a finite number"),
}
CONDITIONS = {
    "list for a scalar": (
        POISSON,
        conditions("{on: boundary, u: »[0, 0]}"),
        "conditions[0].u",
        "u is a single quantity, got a list of 2",
    ),
    "number for a vector": (
        PLATE,
        conditions(LEFT, BOTTOM, "{on: hole, traction: »0}", RIGHT, TOP),
        "conditions[2].traction",
        "traction has 2 components: write [traction_x, traction_y]",
    ),
    "three components": (
        PLATE,
        conditions(LEFT, BOTTOM, "{on: hole, traction: »[0, 0, 0]}", RIGHT, TOP),
        "conditions[2].traction",
        "traction has 2 components: write [traction_x, traction_y], got a list of 3",
    ),
    "no condition on a patch": (
        PLATE,
        silent(LEFT, BOTTOM, HOLE, RIGHT),
        "conditions",
        "nothing is said about the boundary patch 'top'",
    ),
    "no condition on several patches": (
        POISSON,
        silent("{on: left, u: 0}"),
        "conditions",
        "nothing is said about the boundary patches 'right', 'bottom', 'top'",
    ),
    "no conditions": (POISSON, "conditions: »[]", "conditions", "nothing is said about the boundary patch"),
    "no condition on the hole": (PLATE, silent(LEFT, BOTTOM, RIGHT, TOP), "conditions", "the boundary patch 'hole'"),
    "initial conditions only": (
        HEAT,
        silent("{on: initial, u: 0}"),
        "conditions",
        "nothing is said about the boundary patch",
    ),
    "no initial condition": (
        HEAT,
        silent("{on: boundary, u: 0}"),
        "conditions",
        "u has 1 time derivative but 0 initial conditions; add {on: initial, u: …}",
    ),
    "no initial velocity": (
        HEAT,
        "equations: {wave: u_tt - u_xx = 0}\n" + silent("{on: initial, u: 0}", "{on: boundary, u: 0}"),
        "conditions",
        "add {on: initial, u_t: …}",
    ),
    "no initial displacement": (
        HEAT,
        "equations: {wave: u_tt - u_xx = 0}\n" + silent("{on: initial, u_t: 0}", "{on: boundary, u: 0}"),
        "conditions",
        "add {on: initial, u: …}",
    ),
    "no initial condition of the second field": (
        HEAT,
        "fields: [u, v]\nequations: {heat: u_t - u_xx = 0, other: v_t - v_xx = 0}\n"
        + silent("{on: initial, u: 0}", "{on: boundary, u: 0, v: 0}"),
        "conditions",
        "add {on: initial, v: …}",
    ),
    "initial condition twice": (
        HEAT,
        conditions("{on: initial, u: 0}", "{on: initial, u: »1}", "{on: boundary, u: 0}"),
        "conditions[1].u",
        "already stated by conditions[0]",
    ),
    "quantity twice": (
        POISSON,
        conditions("{on: left, u: 0}", "{on: left, u: »1}", "{on: boundary, u: 0}"),
        "conditions[1].u",
        "u on 'left' is already stated by conditions[0]",
    ),
    "component twice": (
        PLATE,
        conditions(LEFT, BOTTOM, HOLE, RIGHT, TOP, "{on: top, traction_y: »1}"),
        "conditions[5].traction_y",
        "is already stated by conditions[4]",
    ),
    "component after a vector": (
        PLATE,
        conditions("{on: left, displacement: [0, 0]}", "{on: left, ux: »1}", BOTTOM, HOLE, RIGHT, TOP),
        "conditions[1].ux",
        "ux on 'left' is already stated by conditions[0]",
    ),
    "patch and a boundary made of it": (
        POISSON,
        "boundaries: {wall: {on: [left, right]}}\n"
        + conditions("{on: wall, u: 0}", "{on: left, u: »1}", "{on: boundary, u: 0}"),
        "conditions[1].u",
        "already stated by conditions[0]",
    ),
    "boundary twice": (
        POISSON,
        conditions("{on: boundary, u: 0}", "{on: »boundary, u: 1}"),
        "conditions[1].on",
        "nothing of the boundary is left",
    ),
    "nothing left for boundary": (
        BAR,
        conditions("{on: left, u: 0}", "{on: right, u: 0}", "{on: »boundary, u: 1}"),
        "conditions[2].on",
        "every patch has its own 'u'",
    ),
    "value on a free patch": (
        POISSON,
        conditions("{on: left, free: true}", "{on: left, u: »0}", "{on: [right, top, bottom], u: 0}"),
        "conditions[1].u",
        "free",
    ),
    "contradiction at a corner": (
        POISSON,
        conditions("{on: left, u: 0}", "{on: top, u: »1}", "{on: boundary, u: 0}"),
        "conditions[1].u",
        "contradicts conditions[0] at the corner (0, 1): u = 1 on 'top' but 0 on 'left'",
    ),
    "contradiction of expressions at a corner": (
        POISSON,
        conditions("{on: left, u: y}", "{on: top, u: »x}", "{on: [right, bottom], free: true}"),
        "conditions[1].u",
        "at the corner (0, 1)",
    ),
    "where of nothing": (
        POISSON,
        conditions("{on: left, u: 1, where: »y > 2}", "{on: boundary, u: 0}"),
        "conditions[0].where",
        "nothing",
    ),
    "where of nothing at the start": (
        HEAT,
        conditions("{on: initial, u: 1, where: »x > 2}", "{on: boundary, u: 0}"),
        "conditions[0].where",
        "nothing",
    ),
    "where never": (
        POISSON,
        conditions("{on: left, u: 1, where: »1 > 2}", "{on: boundary, u: 0}"),
        "conditions[0].where",
        "nothing",
    ),
    "where of a field": (
        POISSON,
        conditions("{on: left, u: 1, where: »u > 0}", "{on: boundary, u: 0}"),
        "conditions[0].where",
        "may only depend on coordinates, but uses u",
    ),
    "where of a normal": (
        POISSON,
        conditions("{on: left, u: 1, where: »nx > 0}", "{on: boundary, u: 0}"),
        "conditions[0].where",
        "may only depend on coordinates, but uses nx",
    ),
    "where of a time": (
        HEAT,
        conditions("{on: left, u: 1, where: »t > 0.5}", "{on: boundary, u: 0}", "{on: initial, u: 0}"),
        "conditions[0].where",
        "may depend on space only",
    ),
    "where without comparison": (
        POISSON,
        conditions("{on: left, u: 1, where: »y}", "{on: boundary, u: 0}"),
        "conditions[0].where",
        "must be a comparison such as",
    ),
    "where with one equals sign": (
        POISSON,
        conditions("{on: left, u: 1, where: »y = 0}", "{on: boundary, u: 0}"),
        "conditions[0].where",
        "comparisons are <, <=, >, >=, but 'y = 0' has '='",
    ),
    "where with two equals signs": (
        POISSON,
        conditions("{on: left, u: 1, where: »y == 0}", "{on: boundary, u: 0}"),
        "conditions[0].where",
        "comparisons are <, <=, >, >=",
    ),
    "where of a misspelt name": (
        POISSON,
        "constants: {height: 1}\n" + conditions("{on: left, u: 1, where: »y > hieght}", "{on: boundary, u: 0}"),
        "conditions[0].where",
        "did you mean 'height'?",
    ),
    "boundary where of nothing": (
        POISSON,
        "boundaries:\n  clamp: y > 3\n" + conditions("{on: »clamp, u: 1}", "{on: boundary, u: 0}"),
        "conditions[0].on",
        "gets no points",
    ),
    "boundary of a field": (
        POISSON,
        "boundaries:\n  clamp: {where: »u > 3}\n" + conditions("{on: clamp, u: 1}", "{on: boundary, u: 0}"),
        "boundaries.clamp.where",
        "may only depend on coordinates",
    ),
    "normal at the start": (
        HEAT,
        conditions("{on: initial, u_n: »0}", "{on: boundary, u: 0}"),
        "conditions[0].u_n",
        "uses the normal",
    ),
    "normal at a point": (
        POISSON,
        conditions("{at: [0, 0], u_n: »0}", "{on: boundary, u: 0}"),
        "conditions[0].u_n",
        "uses the normal",
    ),
    "normal in an initial value": (
        HEAT,
        conditions("{on: initial, u: »nx}", "{on: boundary, u: 0}"),
        "conditions[0].u",
        "uses the normal",
    ),
    "value that cancels": (
        POISSON,
        conditions("{on: boundary, u: »u}"),
        "conditions[0].u",
        "states nothing about a field",
    ),
    "equation of coordinates": (
        POISSON,
        conditions("{on: boundary, equation: »x = 0}"),
        "conditions[0].equation",
        "states nothing about a field",
    ),
    "equation without equals sign": (
        POISSON,
        conditions("{on: boundary, equation: »u_n + u}"),
        "conditions[0].equation",
        "an equation has the form",
    ),
    "time in a problem without": (
        POISSON,
        conditions("{on: boundary, u: »sin(t)}"),
        "conditions[0].u",
        "unknown name 't'; t is time, which the block time: {from: 0, to: 1} adds",
    ),
    "time derivative without a time": (POISSON, "equations: {heat: »u_t = laplacian(u)}", "equations.heat", "time"),
    "point outside": (
        POISSON,
        conditions("{at: »[2, 0], u: 0}", "{on: boundary, u: 0}"),
        "conditions[0].at",
        "the point (2, 0) lies outside the domain",
    ),
    "second point outside": (
        POISSON,
        conditions("{at: [[0, 0], »[2, 0]], u: 0}", "{on: boundary, u: 0}"),
        "conditions[0].at[1]",
        "the point (2, 0) lies outside the domain",
    ),
    "point in the hole": (
        PLATE,
        conditions(LEFT, BOTTOM, HOLE, RIGHT, TOP, "{at: »[0.1, 0.1], ux: 0}"),
        "conditions[5].at",
        "outside the domain",
    ),
    "point outside the time": (
        HEAT,
        conditions("{at: »[0.5, 3], u: 0}", "{on: initial, u: 0}", "{on: boundary, u: 0}"),
        "conditions[0].at",
        "t = 3 lies outside the time, which is 0 to 1",
    ),
    "point in terms of a coordinate": (
        POISSON,
        conditions("{at: [»x, 0], u: 0}", "{on: boundary, u: 0}"),
        "conditions[0].at[0]",
        "depends on x",
    ),
    "periodic on neighbours": (
        POISSON,
        conditions("{periodic: »[left, top]}", "{on: boundary, u: 0}"),
        "conditions[0].periodic",
        "are not opposite faces",
    ),
    "periodic on one face of two": (
        POISSON,
        cut("rectangle: {from: [0, 0], to: [2, 1]}", "rectangle: {from: [1, 0.5], to: [3, 2], name: notch}")
        + "\n"
        + conditions("{periodic: »[top, bottom]}", "{on: boundary, u: 0}"),
        "conditions[0].periodic",
        "'top' and 'bottom'",
    ),
    "periodic on a hole": (
        PLATE,
        conditions("{periodic: »[left, hole]}", BOTTOM, RIGHT, TOP),
        "conditions[0].periodic",
        "are not opposite faces",
    ),
    "periodic and a value": (
        POISSON,
        conditions("{periodic: [left, right]}", "{on: left, u: »0}", "{on: boundary, u: 0}"),
        "conditions[1].u",
        "periodic",
    ),
    "periodic in time": (
        HEAT,
        conditions("{periodic: [left, »initial]}", "{on: boundary, u: 0}"),
        "conditions[0].periodic[1]",
        "unknown patch 'initial'",
    ),
}
GEOMETRY = {
    "unknown shape": (
        POISSON,
        "domain: {rectangel: »{from: [0, 0], to: [1, 1]}}",
        "domain.rectangel",
        "did you mean 'rectangle'?",
    ),
    "unknown parameter of a shape": (
        POISSON,
        "domain: {disk: {center: [0, 0], raduis: »1}}",
        "domain.disk.raduis",
        "did you mean 'radius'?",
    ),
    "centre": (POISSON, "domain: {disk: {centre: »[0, 0], radius: 1}}", "domain.disk.centre", "did you mean 'center'?"),
    "missing radius": (
        POISSON,
        "domain: {disk: »{center: [0, 0]}}",
        "domain.disk",
        "disk needs the parameter 'radius'",
    ),
    "negative radius": (
        PLATE,
        "constants: {L: 2, a: -0.5, S: 1}\n" + PLATE["domain"].replace("radius: a", "radius: »a"),
        "domain.difference[1].disk.radius",
        "must be positive, got -0.5",
    ),
    "radius in terms of a coordinate": (
        POISSON,
        "domain: {disk: {center: [0, 0], radius: »x}}",
        "domain.disk.radius",
        "depends on x",
    ),
    "radius of an unknown name": (
        POISSON,
        "domain: {disk: {center: [0, 0], radius: »R}}",
        "domain.disk.radius",
        "unknown name 'R'",
    ),
    "swallowed": (
        PLATE,
        "domain:\n  difference:\n  »- rectangle: {from: [0, 0], to: [L, L]}\n  - disk: {center: [0, 0], radius: 9}",
        "domain.difference",
        "the subtracted shapes leave nothing",
    ),
    "corners the wrong way": (
        POISSON,
        "domain: {rectangle: {from: [1, 0], to: [»0, 1]}}",
        "domain.rectangle.to[0]",
        "must be greater than 1",
    ),
    "interval backwards": (BAR, "domain: {interval: {from: 1, to: »0}}", "domain.interval.to", "must be"),
    "polygon that crosses itself": (
        POISSON,
        "domain: {polygon: {vertices: »[[0, 0], [1, 1], [1, 0], [0, 1]]}}",
        "domain.polygon.vertices",
        "cross",
    ),
    "polygon of two points": (
        POISSON,
        "domain: {polygon: {vertices: »[[0, 0], [1, 1]]}}",
        "domain.polygon.vertices",
        "needs at least 3 vertices, got 2",
    ),
    "polygon on a line": (
        POISSON,
        "domain: {polygon: {vertices: »[[0, 0], [1, 1], [2, 2]]}}",
        "domain.polygon.vertices",
        "must not cross or touch itself",
    ),
    "too many numbers": (
        POISSON,
        "domain: {disk: {center: »[0, 0, 0], radius: 1}}",
        "domain.disk.center",
        "needs 2 numbers for coordinates x, y, got 3",
    ),
    "plane shape in space": (
        SOLID,
        "domain: {disk: »{center: [0, 0, 0], radius: 1}}",
        "domain.disk",
        "disk is two-dimensional, but the coordinates are x, y, z",
    ),
    "solid shape in the plane": (
        POISSON,
        "domain: {sphere: »{center: [0, 0, 0], radius: 1}}",
        "domain.sphere",
        "sphere is three-dimensional, but the coordinates are x, y",
    ),
    "cut that misses": (
        POISSON,
        cut("rectangle: {from: [0, 0], to: [1, 1]}", "»disk: {center: [5, 5], radius: 1}"),
        "domain.difference[1]",
        "does not cut the domain",
    ),
    "difference of one": (
        POISSON,
        "domain: {difference: »[disk: {center: [5, 5], radius: 1}]}",
        "domain.difference",
        "needs a list of at least two shapes",
    ),
    "nothing in common": (
        POISSON,
        "domain: {intersection: »[{disk: {center: [5, 5], radius: 1}}, {disk: {center: [0, 0], radius: 1}}]}",
        "domain.intersection",
        "no common part",
    ),
    "annulus inside out": (
        POISSON,
        "domain: {annulus: {center: [0, 0], inner_radius: 2, outer_radius: »1}}",
        "domain.annulus.outer_radius",
        "must be greater than inner_radius (2), got 1",
    ),
    "sector of nothing": (
        POISSON,
        "domain: {sector: {center: [0, 0], outer_radius: 1, from_angle: 1, to_angle: »1}}",
        "domain.sector.to_angle",
        "must be greater than from_angle (1), got 1",
    ),
    "sector in degrees": (
        POISSON,
        "domain: {sector: {center: [0, 0], outer_radius: 1, from_angle: 0, to_angle: »90}}",
        "domain.sector.to_angle",
        "must stay short of a full turn (2*pi)",
    ),
    "patch called boundary": (
        POISSON,
        "domain: {disk: {center: [0, 0], radius: 1, name: »boundary}}",
        "domain.disk.name",
        "names a place in every problem",
    ),
    "rectangle of a list": (
        POISSON,
        "domain: {rectangle: »[0, 0, 1, 1]}",
        "domain.rectangle",
        "needs parameters from, to, name, got a list of 4",
    ),
    "causal weights without time": (
        POISSON,
        "solver: {method: [adam, {soap: {weights: »causal}}]}",
        "solver.method[1].soap.weights",
        "this problem has no time; write gradient_norm",
    ),
    "causal weights that stay": (
        HEAT,
        "solver: {method: {lbfgs: {weights: »[gradient_norm, causal]}}}",
        "solver.method.lbfgs.weights",
        "write for example resample: 200",
    ),
    "mesh": (POISSON, "domain: {mesh: {file: »part.msh}}", "domain.mesh.file", "part.msh: there is no such file"),
    "no area": (
        POISSON,
        "domain: {rectangle: {from: [0, 0], to: [1, »0]}}",
        "domain.rectangle.to[1]",
        "must be greater than 0",
    ),
    "box in the wrong dimension": (
        POISSON,
        "domain: {box: {from: »[0, 0, 0], to: [1, 1, 1]}}",
        "domain.box.from",
        "needs 2 numbers",
    ),
}
PROBES = {
    "probe outside": (
        POISSON,
        "probes: {p: {quantity: u, at: »[2, 0]}}",
        "probes.p.at",
        "the point (2, 0) lies outside the domain",
    ),
    "probe in the hole": (PLATE, "probes: {p: {quantity: ux, at: »[0, 0]}}", "probes.p.at", "lies outside the domain"),
    "probe without a time": (
        HEAT,
        "probes: {p: {quantity: u, at: »[0.5]}}",
        "probes.p.at",
        "a probe needs the coordinates x, t",
    ),
    "probe after the end": (
        HEAT,
        "probes: {p: {quantity: u, at: »[0.5, 2]}}",
        "probes.p.at",
        "t = 2 lies outside the time, which is 0 to 1",
    ),
    "probe of a normal": (
        PLATE,
        "probes: {p: {quantity: »traction_x, at: [2, 0]}}",
        "probes.p.quantity",
        "'traction_x' uses the normal",
    ),
    "probe of a vector": (
        PLATE,
        "probes: {p: {quantity: »displacement, at: [2, 0]}}",
        "probes.p.quantity",
        "'displacement' is a vector; take ux or uy",
    ),
    "probe of a derivative": (
        POISSON,
        "probes: {p: {quantity: »u_z, at: [0, 0]}}",
        "probes.p.quantity",
        "unknown quantity 'u_z'",
    ),
    "probe expecting text": (
        POISSON,
        "probes: {p: {quantity: u, at: [0, 0], expected: »three}}",
        "probes.p.expected",
        "unknown name 'three'",
    ),
    "probe expecting a field": (
        POISSON,
        "probes: {p: {quantity: u, at: [0, 0], expected: »u}}",
        "probes.p.expected",
        "depends on u",
    ),
}


CASES = {
    f"{table}: {case}": wrong
    for table, cases in {
        "names": NAMES,
        "parameters": PARAMETERS,
        "expressions": EXPRESSIONS,
        "conditions": CONDITIONS,
        "geometry": GEOMETRY,
        "probes": PROBES,
    }.items()
    for case, wrong in cases.items()
}

CSV = "x,t,T\n0.2,0.5,1.5\n0.4,0.5,2.5\n"
# case -> (name of the file, its content, the block, path in the spec, part of the message)
DATA = "data: [{file: »m.csv, quantities: {u: T}}]"
REFERENCE = "reference: {file: »m.csv}"
FILES = {
    "data missing": ("", "", DATA, "data[0].file", "no such file"),
    "reference missing": ("", "", REFERENCE, "reference.file", "no such file"),
    "data of a column that is not there": (
        "m.csv",
        CSV.replace("T", "temp"),
        DATA.replace("»m.csv", "m.csv").replace("T}", "»tmp}"),
        "data[0].quantities.u",
        "has no column 'tmp'; did you mean 'temp'?",
    ),
    "data without a coordinate": ("m.csv", CSV.replace("x,", "y,"), DATA, "data[0].file", "has no column 'x'"),
    "data of an unknown quantity": (
        "m.csv",
        CSV,
        "data: [{file: m.csv, quantities: {v: »T}}]",
        "data[0].quantities.v",
        "unknown name 'v'",
    ),
    "data of a coordinate": (
        "m.csv",
        CSV,
        "data: [{file: m.csv, quantities: {x: »T}}]",
        "data[0].quantities.x",
        "does not depend on a field",
    ),
    "data with text": (
        "m.csv",
        CSV.replace("2.5", "warm"),
        DATA,
        "data[0].file",
        "line 3: could not convert string to float: 'warm'",
    ),
    "data with a gap": ("m.csv", CSV.replace("2.5", ""), DATA, "data[0].file", "line 3"),
    "data with NaN": ("m.csv", CSV.replace("2.5", "nan"), DATA, "data[0].file", "column 'T' has nan in row 2"),
    "data with infinity": ("m.csv", CSV.replace("2.5", "inf"), DATA, "data[0].file", "column 'T' has inf in row 2"),
    "ragged data": ("m.csv", CSV.replace(",2.5", ""), DATA, "data[0].file", "line 3 has 2 values, the header 3 names"),
    "data with semicolons": ("m.csv", CSV.replace(",", ";"), DATA, "data[0].file", "the separator must be a comma"),
    "data with decimal commas": (
        "m.csv",
        CSV.replace(",", ";").replace(".", ","),
        DATA,
        "data[0].file",
        "the separator must be a comma",
    ),
    "data with a column twice": (
        "m.csv",
        CSV.replace("x,t,T", "x,T,T"),
        DATA,
        "data[0].file",
        "column 'T' appears twice",
    ),
    "data without names": (
        "m.csv",
        CSV.split("\n", 1)[1],
        DATA,
        "data[0].file",
        "the first line must name the columns",
    ),
    "data of names only": ("m.csv", "x,t,T\n", DATA, "data[0].file", "at least one line of numbers"),
    "empty data": ("m.csv", "", DATA, "data[0].file", "needs a line of column names"),
    "data in binary": ("m.csv", "\udcff\udcfe\0", DATA, "data[0].file", "m.csv"),
    "data outside the domain": (
        "m.csv",
        CSV.replace("0.4", "40"),
        DATA,
        "data[0].file",
        "a point lies outside the domain, first (40, 0.5) in row 2",
    ),
    "data after the end": (
        "m.csv",
        CSV.replace("0.4,0.5", "0.4,50"),
        DATA,
        "data[0].file",
        "a point lies outside the domain, first (0.4, 50) in row 2",
    ),
    "spreadsheet": ("m.xlsx", "PK", DATA.replace("csv", "xlsx"), "data[0].file", "cannot read '.xlsx' files"),
    "folder": ("m.csv/inner", "", DATA, "data[0].file", "no such file"),
    "reference of other quantities": (
        "m.csv",
        CSV,
        REFERENCE,
        "reference.file",
        "holds none of the problem's quantities: u",
    ),
    "reference without a coordinate": (
        "m.csv",
        CSV.replace("t,T", "s,u"),
        REFERENCE,
        "reference.file",
        "has no column 't'",
    ),
    "reference that is no archive": ("m.npz", "PK", REFERENCE.replace("csv", "npz"), "reference.file", "m.npz"),
    "reference that is no mesh": ("m.vtu", "<VTKFile>", REFERENCE.replace("csv", "vtu"), "reference.file", "m.vtu"),
}


def spec_with(right: dict[str, str], text: str) -> str:
    """The right spec with the blocks in `text` in place of its own."""
    replaced = {key for key in right if re.search(rf"^»?{key}:", text, re.MULTILINE)}
    return "\n".join([*(block for key, block in right.items() if key not in replaced), text]) + "\n"


def assert_refused(text: str, place: str, path: str, fragment: str, folder: Path = Path()) -> None:
    started = time.perf_counter()
    with pytest.raises(SpecError) as raised:
        build(parse_spec(text, FILE), folder)
    assert time.perf_counter() - started < LONGEST_SECONDS
    message = str(raised.value)
    assert len(message.split("\n")) == 1
    assert len(message) < 400
    prefix = f"{FILE}:{place}: {path}: "
    assert message.startswith(prefix)
    assert fragment in message.removeprefix(prefix)
    assert raised.value.exit_code == 2


@pytest.mark.parametrize("right", [HEAT, POISSON, PLATE, BAR, SOLID], ids=lambda right: right["name"])
def test_the_right_specs_are_accepted(right):
    assert build(parse_spec(spec_with(right, ""), FILE)).statements


@pytest.mark.parametrize("case", CASES)
def test_problem_is_refused(case):
    right, text, path, fragment = CASES[case]
    assert_refused(*marked(spec_with(right, text)), path, fragment)


@pytest.mark.parametrize("case", FILES)
def test_file_is_refused(case, tmp_path):
    file, content, text, path, fragment = FILES[case]
    if file:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(content, encoding="utf-8", errors="surrogateescape")
    spec, place = marked(spec_with(HEAT, text))
    assert_refused(spec, place, path, fragment, tmp_path)


def test_the_right_data_are_accepted(tmp_path):
    (tmp_path / "m.csv").write_text(CSV)
    problem = build(parse_spec(spec_with(HEAT, DATA.replace("»", "")), FILE), tmp_path)
    assert [statement.values.tolist() for statement in problem.statements if statement.values is not None] == [
        [1.5, 2.5]
    ]


def test_archive_without_a_coordinate(tmp_path):
    np.savez(tmp_path / "m.npz", x=np.zeros(3), u=np.zeros(3))
    spec, place = marked(spec_with(HEAT, REFERENCE.replace("csv", "npz")))
    assert_refused(spec, place, "reference.file", "has no array 't'", tmp_path)


def test_archive_of_objects(tmp_path):
    np.savez(tmp_path / "m.npz", x=np.array([{}], dtype=object))
    spec, place = marked(spec_with(HEAT, REFERENCE.replace("csv", "npz")))
    assert_refused(spec, place, "reference.file", "m.npz", tmp_path)


@pytest.mark.parametrize("command", ["validate", "solve"])
def test_the_command_line_says_it_in_one_line(command, tmp_path, monkeypatch, capsys):
    right, text, path, fragment = CASES["names: misspelt quantity"]
    spec, place = marked(spec_with(right, text))
    monkeypatch.chdir(tmp_path)
    Path("wrong.yaml").write_text(spec)
    assert run([command, "wrong.yaml"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert f"wrong.yaml:{place}: {path}: " in err
    assert fragment in err
    assert [entry.name for entry in Path().iterdir()] == ["wrong.yaml"]  # nothing is left behind


def test_what_is_free_or_periodic_is_not_part_of_the_rest_of_the_boundary():
    for first in ("{on: [left, right], free: true}", "{periodic: [left, right]}"):
        problem = build(parse_spec(spec_with(POISSON, conditions("{on: boundary, u: 0}", first)), FILE))
        patches = {name for s in problem.statements if s.place.kind == "boundary" for name in s.place.patches}
        assert patches == {"bottom", "top"}


def test_parts_of_a_patch_that_only_touch_do_not_contradict():
    lines = (
        "{on: left, u: 0, where: y <= 0.5}",
        "{on: left, u_n: 1, where: y > 0.5}",
        "{on: [right, top, bottom], u: 0}",
    )
    assert build(parse_spec(spec_with(POISSON, conditions(*lines)), FILE)).statements
