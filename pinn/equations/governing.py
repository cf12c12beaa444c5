"""Governing equations: what holds everywhere inside a subdomain, as statements."""

from __future__ import annotations

import sympy

from pinn.domain.places import Interior
from pinn.equations.statements import Statement
from pinn.equations.subdomains import Subdomain
from pinn.errors import SpecError
from pinn.physics.model import Physics
from pinn.spec.language.expressions import Scope
from pinn.spec.schema import Spec


def equation_statements(spec: Spec, subdomain: Subdomain, physics: Physics) -> list[Statement]:
    """The equations in a subdomain; its definitions are compiled too, for their errors."""
    scope = subdomain.scope
    for name in scope.definitions:
        path = ("definitions", name) if name in spec.definitions else spec.physics_path
        subdomain.compile(_located(scope, name, path), path)
    statements = []
    for name, text in {**physics.equations, **spec.equations}.items():
        path = ("equations", name) if name in spec.equations else spec.physics_path
        compiled = subdomain.compile(scope.equation(text, path), path)
        if not compiled.derivatives:
            raise SpecError(path, "contains no field")
        if normals := sorted(compiled.inputs & {f"n{axis}" for axis in scope.space}):
            raise SpecError(path, f"uses the normal {normals[0]}, which is known on the boundary only")
        statements.append(Statement(name, compiled, Interior(subdomain.name), path=path))
    return statements


def _located(scope: Scope, name: str, path: tuple) -> sympy.Expr:
    try:
        return scope.resolve(name)
    except SpecError as error:
        raise error.at(path) from None
