"""A body of small strain at rest: all that does not depend on the material, as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pinn.errors import SpecError, did_you_mean
from pinn.physics.model import ACROSS, Physics, components
from pinn.spec.blocks.energy import Energy


def body_at_rest(
    physics: str,
    parameters: Mapping[str, Any],
    coordinates: tuple[str, ...],
    material: Mapping[str, str],
    stress: Mapping[str, str],
    out_of_plane: str | None = None,
    **more: Any,
) -> Physics:
    """Static equilibrium of a body whose stress follows from the strain, in two and three dimensions.

        d stress_ij/d x_j + body_force_i = 0                                                              [N/m^3]
        strain_ij = (d u_i/d x_j + d u_j/d x_i) / 2                                                           [-]
        traction_i = stress_ij n_j                                                                           [Pa]

    material       definitions of the constants
    stress         "stress_xx" and so on -> text over strain_xx and so on, the symmetric half, with what it needs;
                   with "strain_energy", whose derivatives by the strains are these stresses, also the energy is known
    out_of_plane   text of stress_zz in plane strain; None where there is none
    more           what else `Physics` takes
    """
    forces = components(physics, parameters, "body_force", coordinates)
    definitions = dict(material)
    definitions |= {f"body_force_{i}": force for i, force in zip(coordinates, forces, strict=True)}
    pairs = symmetric_pairs(coordinates)
    for i, j in pairs:
        definitions[f"strain_{i}{j}"] = f"u{i}_{i}" if i == j else f"(u{i}_{j} + u{j}_{i})/2"
    definitions |= stress
    if out_of_plane:
        definitions["stress_out_of_plane"] = out_of_plane
    component = {
        (i, j): f"stress_{min(i, j, key=coordinates.index)}{max(i, j, key=coordinates.index)}"
        for i in coordinates
        for j in coordinates
    }
    for i in coordinates:
        definitions[f"traction_{i}"] = " + ".join(f"{component[i, j]}*n{j}" for j in coordinates)
    definitions |= invariants(coordinates, component, "stress_out_of_plane" if out_of_plane else "0")

    tensors = {kind: {f"{i}{j}": f"{kind}_{i}{j}" for i, j in pairs} for kind in ("stress", "strain")}
    if out_of_plane:
        tensors["stress"][ACROSS] = "stress_out_of_plane"
    given = {f"body_force_{i}": ("body_force", k) for k, i in enumerate(coordinates) if "body_force" in parameters}
    displacement = tuple(f"u{i}" for i in coordinates)
    energy = None
    if "strain_energy" in definitions:
        loads = " + ".join(f"body_force_{i}*u{i}" for i in coordinates)
        energy = Energy(density=f"strain_energy - ({loads})", natural={f"traction_{i}": f"u{i}" for i in coordinates})
    return Physics(
        fields=displacement + more.pop("fields", ()),
        definitions=definitions,
        equations={
            f"equilibrium_{i}": " + ".join(f"d({component[i, j]}, {j})" for j in coordinates) + f" + body_force_{i} = 0"
            for i in coordinates
        }
        | more.pop("equations", {}),
        vectors={"displacement": displacement, "traction": tuple(f"traction_{i}" for i in coordinates)},
        tensors=tensors,
        given=given | more.pop("given", {}),
        energy=energy,
        dimensions=body_dimensions(coordinates) | more.pop("dimensions", {}),
        **more,
    )


def body_dimensions(coordinates: Sequence[str]) -> dict[str, str]:
    """Of the displacement and the body force."""
    return {f"u{i}": "length" for i in coordinates} | {f"body_force_{i}": "body_force" for i in coordinates}


def symmetric_pairs(coordinates: Sequence[str]) -> list[tuple[str, str]]:
    """xx, xy, yy, …: the components of a symmetric tensor."""
    return [(i, j) for k, i in enumerate(coordinates) for j in coordinates[k:]]


def work(pairs: Sequence[tuple[str, str]]) -> str:
    """stress : strain, of the symmetric half."""
    return " + ".join(f"{'' if i == j else '2*'}stress_{i}{j}*strain_{i}{j}" for i, j in pairs)


def require_dimensions(physics: str, coordinates: Sequence[str], allowed: Sequence[int] = (2, 3)) -> None:
    """Raises SpecError where the physics is not defined in as many dimensions."""
    if len(coordinates) not in allowed:
        words = " or ".join(map(str, allowed))
        raise SpecError(
            ("physics", physics), f"is defined in {words} dimensions, but there are {len(coordinates)} coordinates"
        )


def plane_assumption(physics: str, parameters: Mapping[str, Any], dimension: int) -> str | None:
    """stress or strain in two dimensions; None in three."""
    plane = parameters.get("plane")
    if dimension == 3:
        if plane is not None:
            raise SpecError(("physics", physics, "plane"), "belongs to two dimensions; remove it")
        return None
    if plane is None:
        raise SpecError(("physics", physics), "'plane' is missing; write plane: stress (a thin sheet) or plane: strain")
    if plane not in ("stress", "strain"):
        hint = did_you_mean(str(plane), ("stress", "strain"))
        raise SpecError(("physics", physics, "plane"), f"must be stress or strain, got {plane!r}{hint}")
    return plane


def invariants(coordinates: tuple[str, ...], stress: Mapping[tuple[str, str], str], out: str) -> dict[str, str]:
    """Von Mises and principal stresses (Timoshenko & Goodier, §§ 9, 77); in three dimensions by the angle of Lode.

    `out` is the stress out of plane, for two dimensions.
    """
    named = list(zip("xyz"[: len(coordinates)], coordinates, strict=True))
    s = {f"{a}{b}": stress[i, j] for a, i in named for b, j in named}
    if len(coordinates) == 2:
        centre, radius = f"({s['xx']} + {s['yy']})/2", f"sqrt(({s['xx']} - {s['yy']})**2/4 + {s['xy']}**2)"
        return {
            "von_mises": f"sqrt((({s['xx']} - {s['yy']})**2 + ({s['yy']} - {out})**2 + ({out} - {s['xx']})**2)/2"
            f" + 3*{s['xy']}**2)",
            "principal_stress_1": f"{centre} + {radius}",
            "principal_stress_2": f"{centre} - {radius}",
        }
    shear = f"{s['xy']}**2 + {s['yz']}**2 + {s['xz']}**2"
    normal = f"(({s['xx']} - {s['yy']})**2 + ({s['yy']} - {s['zz']})**2 + ({s['zz']} - {s['xx']})**2)"
    a, b, c = (f"({s[k]} - mean_stress)" for k in ("xx", "yy", "zz"))
    third = f"{a}*{b}*{c} + 2*{s['xy']}*{s['yz']}*{s['xz']} - {a}*{s['yz']}**2 - {b}*{s['xz']}**2 - {c}*{s['xy']}**2"
    lode = "acos(max(-1, min(1, 13.5*stress_deviator_3/max(von_mises**3, 1e-300))))/3"
    return {
        "mean_stress": f"({s['xx']} + {s['yy']} + {s['zz']})/3",
        "von_mises": f"sqrt({normal}/2 + 3*({shear}))",
        "stress_deviator_3": third,
        "principal_stress_1": f"mean_stress + 2*von_mises/3*cos({lode})",
        "principal_stress_2": f"mean_stress + 2*von_mises/3*cos({lode} - 2*pi/3)",
        "principal_stress_3": f"mean_stress + 2*von_mises/3*cos({lode} + 2*pi/3)",
    }
