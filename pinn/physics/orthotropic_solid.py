"""Orthotropic elasticity of a solid: three planes of symmetry of the material, its axes turned in space."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pinn.errors import SpecError
from pinn.physics.model import Physics, refuse_unknown, required, text
from pinn.physics.small_strain import body_at_rest, symmetric_pairs, work
from pinn.spec.yaml.subset import shown

EXAMPLES = {
    "youngs_modulus_1": "140e9",
    "youngs_modulus_2": "10e9",
    "shear_modulus_12": "5e9",
    "poissons_ratio_12": "0.3",
    "poissons_ratio_23": "0.4",
}
# What a material that is the same in all directions across axis 1, such as a bundle of fibres, does not need to say
ACROSS_FIBRES = {
    "youngs_modulus_3": "youngs_modulus_2",
    "shear_modulus_13": "shear_modulus_12",
    "poissons_ratio_13": "poissons_ratio_12",
    "shear_modulus_23": "youngs_modulus_2/(2*(1 + poissons_ratio_23))",
}
AXES = ("1", "2", "3")
PAIRS = (("1", "1"), ("2", "2"), ("3", "3"), ("1", "2"), ("1", "3"), ("2", "3"))

PRODUCTS = {"axis_1_squared": ("1", "1"), "axis_2_squared": ("2", "2"), "axis_1_times_2": ("1", "2")}
SQUARE = 1e-6  # what the lengths of the axes and their product may be off


def orthotropic_solid(physics: str, parameters: Mapping[str, Any], coordinates: tuple[str, ...]) -> Physics:
    """The page of `orthotropic_elasticity` in space; raises SpecError."""
    refuse_unknown(physics, parameters, (*EXAMPLES, *ACROSS_FIBRES, "axes", "body_force"))
    given = [name for name in ACROSS_FIBRES if name in parameters]
    if given and len(given) < len(ACROSS_FIBRES):
        missing = next(name for name in ACROSS_FIBRES if name not in parameters)
        message = f"'{missing}' is missing beside {given[0]}; without all four the material is the same across axis 1"
        raise SpecError(("physics", physics), message)
    material = {name: required(physics, parameters, name, example) for name, example in EXAMPLES.items()}
    material |= {name: text(physics, parameters.get(name, same), name) for name, same in ACROSS_FIBRES.items()}
    material |= {
        "poissons_ratio_21": "poissons_ratio_12*youngs_modulus_2/youngs_modulus_1",
        "poissons_ratio_31": "poissons_ratio_13*youngs_modulus_3/youngs_modulus_1",
        "poissons_ratio_32": "poissons_ratio_23*youngs_modulus_3/youngs_modulus_2",
        "stiffness_divisor_12": "1 - poissons_ratio_12*poissons_ratio_21",
        "stiffness_divisor_13": "1 - poissons_ratio_13*poissons_ratio_31",
        "stiffness_divisor_23": "1 - poissons_ratio_23*poissons_ratio_32",
        "stiffness_divisor": "stiffness_divisor_12 - poissons_ratio_23*poissons_ratio_32"
        " - poissons_ratio_13*poissons_ratio_31 - 2*poissons_ratio_21*poissons_ratio_32*poissons_ratio_13",
        "stiffness_11": "youngs_modulus_1*stiffness_divisor_23/stiffness_divisor",
        "stiffness_22": "youngs_modulus_2*stiffness_divisor_13/stiffness_divisor",
        "stiffness_33": "youngs_modulus_3*stiffness_divisor_12/stiffness_divisor",
        "stiffness_12": "youngs_modulus_1*(poissons_ratio_21 + poissons_ratio_31*poissons_ratio_23)/stiffness_divisor",
        "stiffness_13": "youngs_modulus_1*(poissons_ratio_31 + poissons_ratio_21*poissons_ratio_32)/stiffness_divisor",
        "stiffness_23": "youngs_modulus_2*(poissons_ratio_32 + poissons_ratio_12*poissons_ratio_31)/stiffness_divisor",
        **axes_of(physics, parameters, coordinates),
    }
    pairs = symmetric_pairs(coordinates)
    in_space = {(i, j): f"{i}{j}" for i, j in pairs} | {(j, i): f"{i}{j}" for i, j in pairs}
    in_material = {(a, b): f"{a}{b}" for a, b in PAIRS} | {(b, a): f"{a}{b}" for a, b in PAIRS}
    stress = {
        f"strain_{a}{b}": " + ".join(
            f"axis_{a}_{i}*axis_{b}_{j}*strain_{in_space[i, j]}" for i in coordinates for j in coordinates
        )
        for a, b in PAIRS
    }
    for a in AXES:
        stress[f"stress_{a}{a}"] = " + ".join(f"stiffness_{in_material[a, b]}*strain_{b}{b}" for b in AXES)
    for a, b in PAIRS[3:]:
        stress[f"stress_{a}{b}"] = f"2*shear_modulus_{a}{b}*strain_{a}{b}"
    for i, j in pairs:
        stress[f"stress_{i}{j}"] = " + ".join(
            f"axis_{a}_{i}*axis_{b}_{j}*stress_{in_material[a, b]}" for a in AXES for b in AXES
        )
    stress["strain_energy"] = f"({work(pairs)})/2"
    positive = (0.0, math.inf)
    moduli = [name for name in (*EXAMPLES, *ACROSS_FIBRES) if "modulus" in name]
    divisors = ("stiffness_divisor_12", "stiffness_divisor_13", "stiffness_divisor_23", "stiffness_divisor")
    return body_at_rest(
        physics,
        parameters,
        coordinates,
        material,
        stress,
        given={name: (name,) for name in (*EXAMPLES, *ACROSS_FIBRES) if name in parameters}
        | dict.fromkeys(divisors, ("poissons_ratio_12",))
        | {name: ("axes",) for name in PRODUCTS if "axes" in parameters},
        dimensions=dict.fromkeys(moduli, "pressure")
        | {name: "number" for name in (*EXAMPLES, *ACROSS_FIBRES) if "ratio" in name}
        | {f"axis_{number}_{i}": "number" for number in "12" for i in coordinates},
        limits=dict.fromkeys((*moduli, *divisors), positive)
        | {name: (float(a == b) - SQUARE, float(a == b) + SQUARE) for name, (a, b) in PRODUCTS.items()},
    )


def axes_of(physics: str, parameters: Mapping[str, Any], coordinates: tuple[str, ...]) -> dict[str, str]:
    """axis_1_x and so on: the directions 1, 2 and 3 = 1 x 2 of the material in space. Raises SpecError."""
    x, y, z = coordinates
    rows = parameters.get("axes", [[1, 0, 0], [0, 1, 0]])
    path = ("physics", physics, "axes")
    shape = [len(row) for row in rows if isinstance(row, (list, tuple))] if isinstance(rows, (list, tuple)) else []
    if shape != [3, 3] or len(rows) != 2:
        raise SpecError(path, f"must be the directions of the axes 1 and 2, [[1, 0, 0], [0, 1, 0]], got {shown(rows)}")
    found: dict[str, str] = {}
    for number, row in enumerate(rows):
        for place, (axis, one) in enumerate(zip(coordinates, row, strict=True)):
            found[f"axis_{number + 1}_{axis}"] = text(physics, one, "axes", number, place)
    for axis, (i, j) in {x: (y, z), y: (z, x), z: (x, y)}.items():
        found[f"axis_3_{axis}"] = f"axis_1_{i}*axis_2_{j} - axis_1_{j}*axis_2_{i}"
    for name, (a, b) in PRODUCTS.items():
        found[name] = " + ".join(f"axis_{a}_{i}*axis_{b}_{i}" for i in coordinates)
    return found
