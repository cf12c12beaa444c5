"""How a picture writes a quantity: stress_xy is a shear stress, tau with two indices, in a picture."""

from __future__ import annotations

from pinn.problem.problem import Problem

NORMAL = {"stress": r"\sigma", "strain": r"\varepsilon", "moment": "M"}
SHEAR = {"stress": r"\tau", "strain": r"\varepsilon", "moment": "M"}
SCALARS = {
    "von_mises": r"von Mises $\sigma_\mathrm{v}$",
    **{f"principal_stress_{number}": rf"$\sigma_{number}$" for number in (1, 2, 3)},
}


def written(problem: Problem, name: str) -> str:
    """A component of a displacement, a stress or a strain by its letter, in matplotlib's TeX; else its own name."""
    for tensor, parts in problem.tensors.items():
        for indices, part in parts.items():
            if part == name and tensor in NORMAL and len(indices) == 2:
                letter = (NORMAL if indices[0] == indices[1] else SHEAR)[tensor]
                return f"${letter}_{{{indices}}}$"
    moved = problem.vectors.get("displacement", ())
    if name in moved and name.startswith("u"):
        return f"$u_{{{name[1:]}}}$"
    return SCALARS.get(name, name) if "stress" in problem.tensors else name


def with_unit(problem: Problem, name: str) -> str:
    """The same with its unit behind it, where it has one."""
    unit = problem.unit_labels.of(name)
    return f"{written(problem, name)} [{unit}]" if unit else written(problem, name)
