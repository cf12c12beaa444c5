"""The page on what a spec may contain: python -m benchmarks.language

Joins the models of a spec's blocks (keys, types, defaults) and the registries of functions, shapes, physics and
activations with what docs/language/keys.toml says of each, into docs/language/reference.md.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pinn.geometry.build.shape import COMBINATIONS, SHAPES, ShapeKind, build_shape
from pinn.geometry.shapes.shape import GeometryError
from pinn.network.activations import ACTIVATIONS, INFINITE
from pinn.physics import PHYSICS, build_physics
from pinn.spec.blocks.block import Block, plain
from pinn.spec.blocks.network import LambdaGELUOptions
from pinn.spec.blocks.solver import STAGE_OPTIONS
from pinn.spec.blocks.weights import CausalOptions, GradientNormOptions, Weights
from pinn.spec.language.expressions import Scope
from pinn.spec.language.functions import FUNCTIONS, OPERATORS
from pinn.spec.schema import SchemaOfYAML, Spec
from pinn.spec.yaml.source import parse_spec

ROOT = Path(__file__).resolve().parent.parent
KEYS, PAGE = ROOT / "docs/language/keys.toml", ROOT / "docs/language/reference.md"
HEAD = """# Reference

Every block, key, function, shape, physics and method. The page is written from the program itself and from one line on
each (`python -m benchmarks.language`); a test keeps it current. Units are yours: whatever you write has to agree with
itself. Times of the solver are in seconds.

"""
SUFFIXES = """## Expressions

Python's operators, with `**` for powers; numbers; `pi`, `e`; the coordinates, `t`, constants, parameters, unknowns,
fields, definitions. Comparisons (`<`, `<=`, `>`, `>=`) stand in `where(…)` and in keys called `where`.

| written | is |
|---|---|
| `u_x`, `u_xy`, `u_tt` | partial derivatives of a field or a definition |
| `u_n` | the derivative along the outward normal, on a boundary |
| `nx`, `ny`, `nz` | components of the outward normal, on a boundary, by the letters of the coordinates |
| `exact.NAME` | the value of the exact solution |
"""
SHAPES_HEAD = """
## Shapes

For `domain` and `subdomains`. A shape with a `name` has one patch of that name, else those shown.

"""
ACTIVATIONS_HEAD = """
## Activations

An equation of order m needs m - 1 continuous derivatives and an m-th that is not zero.

"""


def models() -> dict[str, type[Block]]:
    """Every block, by the name of its model, in the order of a spec."""
    found: dict[str, type[Block]] = {"Spec": Spec}
    for info in Spec.model_fields.values():
        found |= {model.__name__: model for model in blocks_in((info.annotation, *info.metadata))}
    found["LambdaGELUOptions"] = LambdaGELUOptions
    found |= {model.__name__: model for model in STAGE_OPTIONS.values()}
    return found | {model.__name__: model for model in (Weights, GradientNormOptions, CausalOptions)}


def blocks_in(annotation: Any) -> Iterator[type[Block]]:
    """The blocks that an annotation names, such as `dict[str, Annotated[ProbeBlock, …]]`."""
    if isinstance(annotation, type) and issubclass(annotation, Block):
        yield annotation
    for part in annotation if isinstance(annotation, tuple) else getattr(annotation, "__args__", ()):
        yield from blocks_in(part)


def known() -> dict[str, dict[str, Any]]:
    return tomllib.loads(KEYS.read_text(encoding="utf-8"))


def page() -> str:
    """The page as Markdown."""
    said = known()
    parts = [HEAD]
    for name, model in models().items():
        if name == "LeastSquaresOptions":
            parts.append("## Methods\n\nFor `solver.method`. `auto` is right for nearly all problems.\n\n")
        parts.append(block_section(model, said[name], 3 if name in methods() else 2))
    parts += [SUFFIXES, functions(said["functions"], said["operators"]), shapes(said["shapes"])]
    parts += [physics(said["physics"]), activations()]
    return "\n".join(part.rstrip() + "\n" for part in parts)


def methods() -> set[str]:
    return {model.__name__ for model in STAGE_OPTIONS.values()}


def block_section(model: type[Block], said: Mapping[str, Any], level: int) -> str:
    """A heading, a sentence, and a table of the keys."""
    properties = schema_of(model)
    rows = []
    for key in properties:
        meaning, example, *unit = said[key]
        rows.append(
            (f"`{key}`", kind(properties[key]), default(model, key), ", ".join([meaning, *unit]), code(example))
        )
    text = f"{'#' * level} {said['heading']}\n\n" + (f"{said['words']}\n\n" if "words" in said else "")
    return text + table(("key", "type", "default", "meaning", "example"), rows)


def schema_of(model: type[Block]) -> dict[str, Any]:
    """Key as the user writes it -> its JSON schema."""
    return model.model_json_schema(by_alias=True, schema_generator=SchemaOfYAML)["properties"]


def default(model: type[Block], key: str) -> str:
    """What a key that is left out stands for; empty where it is left open, bold where it cannot be left out."""
    (info,) = (info for name, info in model.model_fields.items() if (info.alias or name) == key)
    if info.is_required():
        return "**needed**"
    value = plain(info.get_default())
    if value in (None, "", [], {}) or isinstance(value, dict):
        return ""
    if isinstance(value, bool):
        return code(str(value).lower())
    return code(f"[{', '.join(value)}]" if isinstance(value, list) else value)


def kind(schema: Mapping[str, Any]) -> str:
    """A JSON schema in words."""
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    for either in ("anyOf", "oneOf"):
        if either in schema:
            return " or ".join(dict.fromkeys(kind(one) for one in schema[either] if one != {"type": "null"}))
    types = schema.get("type", "object")
    found = dict.fromkeys(words(name, schema) for name in ([types] if isinstance(types, str) else types))
    return " or ".join(word for word in found if word)


def words(name: str, schema: Mapping[str, Any]) -> str:
    """One of JSON's types, with its bounds."""
    if name in ("number", "integer"):
        return bounded({"number": "number", "integer": "whole number"}[name], schema)
    if name == "string":  # beside a number: the text of an expression
        return "expression" if "number" in schema.get("type", "") else "text"
    if name == "array":
        inner = kind(schema["items"]) if "items" in schema else ""
        return f"list of {inner}" if inner in ("text", "mapping") or inner.startswith("whole") else "list"
    return {"boolean": "`true`, `false`", "object": "mapping", "null": ""}[name]


def bounded(word: str, schema: Mapping[str, Any]) -> str:
    if "exclusiveMinimum" in schema:
        return f"{word} > {schema['exclusiveMinimum']:g}"
    return f"{word} ≥ {schema['minimum']:g}" if "minimum" in schema else word


def functions(said: Mapping[str, str], operators: Mapping[str, list[str]]) -> str:
    rows = [(f"`{name}`", said[name]) for name in FUNCTIONS]
    derivatives = [(operators[name][0], operators[name][1], code(operators[name][2])) for name in OPERATORS]
    return table(("function", "is"), rows) + "\n" + table(("derivative", "is", "example"), derivatives)


def shapes(said: Mapping[str, str]) -> str:
    """The registry of shapes, with the patches of each example."""
    rows = [(f"`{name}`", parameters(SHAPES[name]), patches(said[name]), code(said[name])) for name in SHAPES]
    rows += [(f"`{name}`", "list of shapes", patches(said[name]), code(said[name])) for name in COMBINATIONS]
    return SHAPES_HEAD + table(("shape", "keys", "patches", "example"), rows)


def parameters(shape: ShapeKind) -> str:
    return ", ".join(f"`{key}`" for key in shape.parameters if key != "name")


def patches(example: str) -> str:
    """The patches that the shape of an example has; those of a mesh are its groups."""
    tree = parse_spec(f"domain: {example}").data["domain"]
    if "mesh" in tree:
        return "its groups of facets"
    dimension = next(count for count in range(1, 5) if fits(tree, count))
    letters = "xyzw"[:dimension]
    return ", ".join(f"`{patch}`" for patch in build_shape(tree, number, letters).patches)


def fits(tree: Any, dimension: int) -> bool:
    try:
        build_shape(tree, number, "xyzw"[:dimension])
    except GeometryError:
        return False
    return True


def number(value: Any, path: Sequence[str | int]) -> float:
    return Scope(()).number(value, path)


def physics(said: Mapping[str, str]) -> str:
    """Each named physics: its example, and what it declares in two dimensions."""
    parts = ["\n## Physics\n\nFields, definitions and vectors as in two dimensions.\n"]
    for name in PHYSICS:
        ((_, given),) = parse_spec(f"physics: {said[name]}").data["physics"].items()
        built = build_physics(name, given, ("x", "y"))
        shown = [definition for definition in built.definitions if definition not in built.given]
        rows = [
            ("fields", listed(built.fields)),
            ("vectors", "; ".join(f"`{vector}`: {listed(parts)}" for vector, parts in built.vectors.items())),
            ("definitions", listed(shown)),
        ]
        doc = (PHYSICS[name].__doc__ or "").split("\n")[0]
        parts.append(f"### `{name}`\n\n{doc}\n\n```yaml\nphysics: {said[name]}\n```\n\n" + table(("", ""), rows))
    return "\n".join(parts)


def listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def activations() -> str:
    """Each activation: how smooth it is, and which derivatives it has."""
    rows = [(f"`{one.name}`", endless(one.smoothness), endless(one.order)) for one in ACTIVATIONS.values()]
    return ACTIVATIONS_HEAD + table(("activation", "continuous derivatives", "last derivative that is not zero"), rows)


def endless(order: int) -> str:
    return "all" if order >= INFINITE else str(order)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines) + "\n"


def code(value: Any) -> str:
    return f"`{value}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
