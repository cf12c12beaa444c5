"""Axisymmetric elasticity: bodies of revolution under loads of revolution, small strain, isotropic Hooke's law."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pinn.physics.isotropic import PARAMETERS, isotropic
from pinn.physics.model import ACROSS, Physics, components, radius_of, refuse_unknown
from pinn.physics.small_strain import body_dimensions, invariants
from pinn.spec.blocks.energy import Energy

NAME = "axisymmetric_elasticity"


def axisymmetric_elasticity(parameters: Mapping[str, Any], coordinates: tuple[str, ...]) -> Physics:
    """Static equilibrium of a body of revolution, in its half section: r >= 0 across, z along its axis.

        d stress_rr/dr + d stress_rz/dz + (stress_rr - stress_hoop)/r + body_force_r = 0                  [N/m^3]
        d stress_rz/dr + d stress_zz/dz + stress_rz/r + body_force_z = 0
        strain_rr = d u_r/dr,  strain_zz = d u_z/dz,  strain_rz = (d u_r/dz + d u_z/dr)/2,  strain_hoop = u_r/r
        stress_ij = lame_lambda * delta_ij * elastic_kk + 2 * lame_mu * elastic_ij, the hoop's as the others      [Pa]
        elastic_ij = strain_ij - thermal_expansion * (temperature - reference_temperature) * delta_ij

    The first coordinate is the radius, whatever its letter. On the axis, where u_r/r stands for its limit d u_r/dr, a
    boundary has u_r = 0 and traction_z = 0 by itself. Energies and what balances, the force along the axis, are of the
    whole turn, 2 pi r.
    Parameters: those of linear_elasticity, without `plane`; body_force [N/m^3], radial and axial.
    Source: Timoshenko & Goodier, Theory of Elasticity, 3rd ed., ch. 12, for the thermal strain ch. 13; Zienkiewicz &
    Taylor, The Finite Element Method, vol. 1, 5th ed., ch. 5.
    """
    refuse_unknown(NAME, parameters, (*PARAMETERS, "body_force"))
    r, z = radius_of(NAME, coordinates)
    material = isotropic(NAME, parameters)
    forces = components(NAME, parameters, "body_force", coordinates)
    pairs = [(r, r), (z, z), (r, z)]
    dilatation = f"strain_{r}{r} + strain_{z}{z} + strain_hoop"
    stress = {(i, j): f"stress_{i}{j}" for i, j in pairs} | {(z, r): f"stress_{r}{z}"}
    parts = [f"stress_{r}{r}*strain_{r}{r}", f"stress_{z}{z}*strain_{z}{z}", "stress_hoop*strain_hoop"]
    definitions = {
        **material.definitions,
        **{f"body_force_{i}": force for i, force in zip(coordinates, forces, strict=True)},
        f"strain_{r}{r}": f"u{r}_{r}",
        f"strain_{z}{z}": f"u{z}_{z}",
        # its limit on the axis; squared, as a comparison that is linear is settled by what holds inside
        "strain_hoop": f"where({r}**2 > 0, u{r}/{r}, u{r}_{r})",
        f"strain_{r}{z}": f"(u{r}_{z} + u{z}_{r})/2",
        f"stress_{r}{r}": material.stress(dilatation, f"strain_{r}{r}"),
        f"stress_{z}{z}": material.stress(dilatation, f"strain_{z}{z}"),
        "stress_hoop": material.stress(dilatation, "strain_hoop"),
        f"stress_{r}{z}": f"2*lame_mu*strain_{r}{z}",
        "strain_energy": material.strain_energy(" + ".join([*parts, f"2*stress_{r}{z}*strain_{r}{z}"]), dilatation),
        **{f"traction_{i}": f"{stress[i, r]}*n{r} + {stress[i, z]}*n{z}" for i in coordinates},
        **invariants(coordinates, stress, "stress_hoop"),
        "axial_force": f"2*pi*{r}*traction_{z}",
        "axial_load": f"2*pi*{r}*body_force_{z}",
    }
    loads = f"body_force_{r}*u{r} + body_force_{z}*u{z}"
    return Physics(
        fields=(f"u{r}", f"u{z}"),
        definitions=definitions,
        equations={
            f"equilibrium_{r}": f"d({stress[r, r]}, {r}) + d({stress[r, z]}, {z}) + ({stress[r, r]} - stress_hoop)/{r}"
            f" + body_force_{r} = 0",
            f"equilibrium_{z}": f"d({stress[r, z]}, {r}) + d({stress[z, z]}, {z}) + {stress[r, z]}/{r}"
            f" + body_force_{z} = 0",
        },
        vectors={"displacement": (f"u{r}", f"u{z}"), "traction": (f"traction_{r}", f"traction_{z}")},
        tensors={
            kind: {**{f"{i}{j}": f"{kind}_{i}{j}" for i, j in pairs}, ACROSS: f"{kind}_hoop"}
            for kind in ("stress", "strain")
        },
        given=material.given
        | {f"body_force_{i}": ("body_force", k) for k, i in enumerate(coordinates) if "body_force" in parameters},
        limits=material.limits,
        beyond=material.beyond,
        differences=material.differences,
        energy=Energy(
            density=f"strain_energy - ({loads})",
            natural={f"traction_{i}": f"u{i}" for i in coordinates},
            weight=f"2*pi*{r}",
        ),
        balances={f"equilibrium_{r}": None, f"equilibrium_{z}": ("axial_force", "axial_load")},
        dimensions=body_dimensions(coordinates) | material.dimensions,
        axis={f"u{r}": 0, f"traction_{z}": 0},
    )
