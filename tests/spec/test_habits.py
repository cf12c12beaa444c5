"""What users write by habit is refused with the words that mean it here."""

from __future__ import annotations

import pytest

import pinn
from pinn.errors import SpecError
from pinn.spec.language import habits
from pinn.spec.language.names import FUNCTIONS

SCALAR = {
    "name": "habit",
    "coordinates": "[x, y]",
    "fields": "[T]",
    "domain": "{rectangle: {from: [0, 0], to: [1, 1]}}",
    "equations": "{heat: -laplacian(T) = 1}",
    "conditions": "[{on: boundary, T: 0}]",
}
BODY = {
    "name": "habit",
    "coordinates": "[x, y]",
    "domain": "{rectangle: {from: [0, 0], to: [1, 1]}}",
    "physics": "{linear_elasticity: {youngs_modulus: 1, poissons_ratio: 0.3, plane: strain}}",
    "conditions": "[{on: left, displacement: [0, 0]}, {on: right, traction: [1, 0]}]",
}
ROBIN = '"u_n + h*(u - u0) = 0"'
QUOTES = "put an expression with a comma in quotes"
CASES = {
    "circle": (
        SCALAR,
        {"domain": "{circle: {center: [0, 0], radius: 1}}"},
        "unknown shape 'circle'; here it is a disk",
    ),
    "robin": (SCALAR, {"conditions": "[{on: boundary, robin: {h: 1}}]"}, ROBIN),
    "robin as a number": (SCALAR, {"conditions": "[{on: boundary, robin: 3}]"}, ROBIN),
    "symmetry": (
        SCALAR,
        {"conditions": "[{on: left, symmetry: true}, {on: right, T: 0}]"},
        "that is even write u_n: 0",
    ),
    "guide of a body": (BODY, {"conditions": "[{on: left, guide: true}]"}, "write symmetry: true, or roller: true"),
    "clamped": (BODY, {"conditions": "[{on: left, clamped: true}]"}, "write fixed: true"),
    "fixed field": (SCALAR, {"conditions": "[{on: left, fixed: true}]"}, "of a field write u: 0"),
    "pressure of a field": (SCALAR, {"conditions": "[{on: left, pressure: 5}]"}, "unknown quantity 'pressure'"),
    "start": (SCALAR, {"conditions": "[{on: start, T: 0}]"}, "unknown patch 'start'; did you mean 'initial'?"),
    "no sign": (SCALAR, {"equations": "{heat: -laplacian(T) = sin(2 pi*x)}"}, "a product has its sign: 2*pi"),
    "nothing between": (SCALAR, {"equations": "{heat: -laplacian(T) = sin(2pi*x)}"}, "a product has its sign: 2*pi"),
    "module": (SCALAR, {"equations": "{heat: -laplacian(T) = np.sin(x)}"}, "write sin(…) without 'np.'"),
    "number of a module": (SCALAR, {"equations": "{heat: -laplacian(T) = math.pi}"}, "write pi without 'math.'"),
    "Leibniz": (SCALAR, {"equations": "{heat: d2T/dx2 = 1}"}, "unknown name 'd2T'; a derivative is written T_xx"),
    "Leibniz, first": (SCALAR, {"equations": "{heat: dT/dx = 1}"}, "unknown name 'dT'; a derivative is written T_x"),
    "round d": (SCALAR, {"equations": '{heat: "∂T/∂x = 1"}'}, "derivatives are written u_x, u_xx"),
    "diff": (SCALAR, {"equations": '{heat: "diff(T, x, 2) = 1"}'}, "a derivative is written d(u, x) or u_x"),
    "u": (BODY, {"conditions": "[{on: left, u: 0}]"}, "the displacement is ux, uy: write displacement: [0, 0]"),
    "0.5": (
        BODY,
        {"physics": "{linear_elasticity: {youngs_modulus: 1, poissons_ratio: 0.5, plane: strain}}"},
        "must lie between -1 and 0.5, got 0.5; take physics: incompressible_elasticity",
    ),
    "quotient": (SCALAR, {"conditions": "[{on: left, dT/dn: 0}]"}, "a derivative is written T_n"),
    "type": (SCALAR, {"conditions": "[{on: left, type: neumann, T: 0}]"}, "write what holds by its name: u: 0"),
    "method diff": (SCALAR, {"equations": '{heat: "T.diff(x, 2) = 1"}'}, "a derivative is written d(u, x) or u_x"),
    "primes": (SCALAR, {"equations": """{heat: "T'' = 1"}"""}, "a derivative is written T_xx"),
    "double prime": (SCALAR, {"equations": """{heat: 'T" = 1'}"""}, "a derivative is written T_xx"),
    "braces": (SCALAR, {"equations": '{heat: "T_{xx} + T_yy = 1"}'}, "a derivative is written T_xx"),
    "bars": (SCALAR, {"equations": '{heat: "-laplacian(T) = |x - 1|"}'}, "the absolute value is abs(x - 1)"),
    "Piecewise": (
        SCALAR,
        {"equations": '{heat: "-laplacian(T) = Piecewise((1, x < 0.5), (2, True))"}'},
        "write where(",
    ),
    "dirac": (SCALAR, {"equations": '{heat: "-laplacian(T) = dirac(x - 0.5)"}'}, "acts at a point has no size there"),
    "delta": (SCALAR, {"equations": '{heat: "-laplacian(T) = delta(x - 0.5)"}'}, "acts at a point has no size there"),
    "insulated": (SCALAR, {"conditions": "[{on: left, insulated: true}]"}, "write u_n: 0"),
    "adiabatic": (SCALAR, {"conditions": "[{on: left, adiabatic}]"}, "write u_n: 0"),
    "fixed temperature": (
        SCALAR,
        {"conditions": "[{on: left, fixed temperature: 300}]"},
        "name the field: write T: 300",
    ),
    "temperature": (SCALAR, {"conditions": "[{on: left, temperature: 300}]"}, "name the field: write T: 300"),
    "lambda": (SCALAR, {"equations": "{heat: lambda*T = 1}"}, "'lambda' is a word of Python's grammar"),
    "variables": (SCALAR, {"variables": "[T]"}, "unknown key 'variables'; here it is fields"),
    "bcs": (SCALAR, {"bcs": "[]"}, "unknown key 'bcs'; here it is conditions"),
    "E": (
        BODY,
        {"physics": "{linear_elasticity: {E: 1, poissons_ratio: 0.3, plane: strain}}"},
        "unknown parameter 'E'; here it is youngs_modulus",
    ),
    "sigma": (BODY, {"conditions": "[{on: left, sigma_xx: 5}]"}, "did you mean 'stress_xx'?"),
    "sigma in an expression": (BODY, {"definitions": "{k: 2*sigma_xx}"}, "did you mean 'stress_xx'?"),
    "capitals": (SCALAR, {"network": "{activation: GELU}"}, "did you mean 'gelu'?"),
    "layers": (SCALAR, {"network": "{layers: [64, 64]}"}, "unknown key 'layers'; here it is hidden"),
    "epochs": (SCALAR, {"solver": "{epochs: 1000}"}, "a method has them, such as method: {adam: {iterations: 1000}}"),
    "learning rate": (SCALAR, {"solver": "{method: {adam: {lr: 1e-3}}}"}, "here it is learning_rate"),
    "middle": (SCALAR, {"domain": "{disk: {middle: [0, 0], radius: 1}}"}, "here it is center"),
    "comma in a condition": (SCALAR, {"conditions": "[{on: boundary, T: max(x - 1, 0)}]"}, QUOTES),
    "comma in a definition": (SCALAR, {"definitions": "{k: where(x < 0.5, 1, 2)}"}, QUOTES),
    "comma in an equation": (SCALAR, {"equations": "{heat: -laplacian(T) = max(x, y)}"}, QUOTES),
    "comma in a list": (BODY, {"conditions": "[{on: left, traction: [max(x, y), 0]}]"}, QUOTES),
}


@pytest.mark.parametrize("name", CASES)
def test_a_habit_is_answered_with_the_word_that_means_it(name, tmp_path):
    blocks, other, said = CASES[name]
    file = tmp_path / "habit.yaml"
    file.write_text("".join(f"{key}: {value}\n" for key, value in {**blocks, **other}.items()), encoding="utf-8")
    with pytest.raises(SpecError) as refusal:
        pinn.load(file)
    assert said in str(refusal.value)
    assert "habit.yaml:" in str(refusal.value)  # at its place


@pytest.mark.parametrize("text", ["2*pi", "x and y", "1e3", "1 - x", "sin(x)", "not x", "2.5e-3*x", "(x) < 1 or y"])
def test_what_is_no_product_without_a_sign(text):
    assert habits.of_product(text) == ""


def test_words_for_calls_are_none_of_the_language_s_own():
    assert not set(habits.CALLS) & FUNCTIONS
    assert habits.of_module("np", "einsum") == ""
    assert habits.of_module("exact", "sin") == ""


def test_a_comma_after_a_closed_bracket_is_a_comma(tmp_path):
    file = tmp_path / "right.yaml"
    blocks = {
        **SCALAR,
        "conditions": "\n  - {on: left, T: (x + 1)*(y + 1)}\n  - {on: [right, top, bottom], T_n: 'max(y, 0)'}",
    }
    file.write_text("".join(f"{key}: {value}\n" for key, value in blocks.items()) + "title: smile (, or not\n")
    assert pinn.load(file).title == "smile (, or not"
