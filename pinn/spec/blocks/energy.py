"""The `energy` block: a functional whose stationary point is the solution."""

from __future__ import annotations

from typing import ClassVar

from pinn.spec.blocks.block import Block
from pinn.spec.blocks.values import Expression


class Energy(Block):
    """E(u) = integral of density - integral over the patches with natural conditions of value * field.

    density   per length, area or volume of the domain, loads inside it included
    natural   quantity -> the field that it does work on: a condition `traction_x: 5` adds -5*ux to the integrand there
    boundary  patch -> a further density per length or area of it, such as an elastic foundation's k*uy**2/2
    weight    what all of them are multiplied by: 2*pi*r of a half section, where they are per volume and area
    """

    example: ClassVar[str] = '{density: "(u_x**2 + u_y**2)/2 - f*u", natural: {u_n: u}}'

    density: Expression
    natural: dict[str, str] = {}
    boundary: dict[str, Expression] = {}
    weight: Expression = 1
