"""What was understood of a problem, in words: the text of `pinn validate`."""

from __future__ import annotations

from pinn.domain.places import Interface
from pinn.equations.compiler.compile import Derivative
from pinn.equations.eigenproblem import Eigenproblem
from pinn.geometry.mesh.shape import MeshShape
from pinn.geometry.shapes.shape import Shape
from pinn.problem.corners import corner_lines
from pinn.problem.counts import statement_counts
from pinn.problem.problem import Problem
from pinn.problem.warnings import warnings
from pinn.spec.blocks.block import plain

EXAMPLE_INTERIOR, EXAMPLE_BOUNDARY = 2000, 800  # points that the counts are shown for, where the spec leaves them open


def describe(problem: Problem) -> str:
    """Fields, equations with the derivatives they need, conditions with their points, what is known of the solution."""
    lower, upper = problem.bounds
    lines = [f"{problem.name}: {problem.title}" if problem.title else problem.name, ""]
    units = problem.unit_labels
    if units.known is not None:
        lines.append(f"units        {', '.join(units.chosen)}")
    box = " x ".join(
        units.with_unit(f"{a} in [{lo:g}, {hi:g}]", a) for a, lo, hi in zip(problem.axes, lower, upper, strict=True)
    )
    measure = f"{problem.geometry.measure:.6g}{units.measure(problem.space)}"
    lines.append(f"domain       {box}; measure {measure}; patches {', '.join(problem.geometry.patches)}")
    lines += measure_lines(problem.geometry, units.measure(problem.space - 1))
    lines += mesh_lines(problem.geometry)
    split = len(problem.subdomains) > 1
    if split:
        lines.append(
            "subdomains   " + ", ".join(f"{s.name} (measure {s.shape.measure:.6g})" for s in problem.subdomains)
        )
    lines += problem.cuts
    if problem.domain.family is not None:
        names = [*problem.parameters]
        moved = ", ".join(names[index] for index in problem.domain.family.moving)
        lines.append(
            f"parameters   {', '.join(names)}; the domain {f'moves with {moved}' if moved else 'is the same for all'}"
        )
    lines.append(f"fields       {', '.join(map(units.named, problem.fields))}")
    derived = problem.quantities[len(problem.fields) :]
    if derived:
        lines.append(f"derived      {', '.join(map(units.named, derived))}")
    if problem.scope.unknowns:
        guesses = {name: problem.unknowns[name][0] for name in problem.scope.unknowns}
        lines.append("unknowns     " + ", ".join(f"{name} (first guess {value:g})" for name, value in guesses.items()))
    for name, functions in problem.spec.network.enrichment.items():
        lines.append(f"enrichment   {name}: {', '.join(map(str, plain(functions)))}")
    if problem.eigen is not None:
        lines.append(modes_line(problem.eigen))
    kind = "linear" if problem.is_linear else "nonlinear"
    lines.append(f"the problem is {kind}; solver: {method(problem)}")
    counts = statement_counts(problem, EXAMPLE_INTERIOR, EXAMPLE_BOUNDARY)
    lines += ["", "equations"]
    for statement in problem.statements:
        if statement.is_equation:
            expression = statement.expression
            needs = ", ".join(spell(d, problem.axes) for d in expression.derivatives)
            linear = "linear" if expression.is_linear else "nonlinear"
            within = f" in {statement.place.subdomain}" if statement.place.subdomain else ""
            lines.append(f"  {statement.name}{within}: order {expression.order}, {linear}, needs {needs}")
    lines += ["", "conditions"]
    for statement, count in zip(problem.statements, counts, strict=True):
        if not statement.is_equation:
            found = len(problem.domain.sample(statement.place, count, 0))
            within = f" in {statement.place.subdomain}" if split and not isinstance(statement.place, Interface) else ""
            lines.append(f"  {statement.name}{within}: {found} point{'s' if found != 1 else ''}")
    lines += [f"  {name}: exact by construction" for name in problem.constructed]
    lines += [f"  {load.label}: its part of the fields is known" for load in problem.loads]
    for axis, period in problem.periods.items():
        lines.append(f"  periodic in {problem.axes[axis]} with period {period:g}: by construction of the network")
    lines += corner_lines(problem)
    if problem.exact_quantities:
        lines += ["", "exact        " + ", ".join(problem.exact_quantities)]
    return "\n".join([*lines, *(f"warning: {text}" for text in warnings(problem))])


def measure_lines(shape: Shape, unit: str) -> list[str]:
    """The length or area of each patch, and the names that stand for several; of end points there is nothing to say."""
    if shape.dimension < 2:
        return []
    measures = ", ".join(f"{patch} {shape.patch_measure(patch):.6g}{unit}" for patch in shape.patches)
    word = {2: "lengths", 3: "areas"}.get(shape.dimension, "measures")
    groups = shape.patch_groups if not isinstance(shape, MeshShape) else {}
    return [f"  {word}    {measures}", *(f"  {name} is {' and '.join(own)}" for name, own in groups.items())]


def mesh_lines(domain: Shape) -> list[str]:
    """The cells of a mesh, and its groups with their measures."""
    if not isinstance(domain, MeshShape):
        return []
    nodes, counts = len(domain.points), [f"{len(cells)} {kind}" for kind, cells in domain.cells.items()]
    lines = [f"mesh         {domain.file}: {', '.join([f'{nodes} nodes', *counts])}"]
    for what, measures in (("cells", domain.cell_group_measures), ("facets", domain.facet_group_measures)):
        listed = ", ".join(f"{name} (measure {measure:.6g})" for name, measure in measures.items())
        lines.append(f"  groups of {what}: {listed or 'none'}")
    lines += [f"  the group '{group}' of the file is called {name} here" for group, name in domain.renamed.items()]
    lines += [f"  {group} shares facets: it is {' and '.join(own)}" for group, own in domain.patch_groups.items()]
    return lines


def modes_line(eigen: Eigenproblem) -> str:
    """How many are sought, of what, and where the eigenvalue stands."""
    named = ", ".join(eigen.statements[index].name for index in eigen.masses)
    near = "lowest" if not eigen.shift else f"nearest to {eigen.shift:g}"
    what = f"the eigenvalue {eigen.name}" if not eigen.inertia else "the square of the circular frequency"
    return f"modes        {eigen.count}, {near}, of {what} in {named}"


def method(problem: Problem) -> str:
    if problem.eigen is not None:
        return "inverse iteration on sampled features"
    return ", then ".join(stage.name for stage in problem.spec.solver.stages)


def spell(derivative: Derivative, axes: tuple[str, ...]) -> str:
    """u_xy, Δu, Δ²u, …"""
    partial = derivative.partial
    letters = "".join(axis * n for axis, n in zip(axes, partial.orders, strict=True))
    field, _, _ = derivative.field.partition(" in ")  # of the subdomain that the equation belongs to
    return ("", "Δ", "Δ²")[partial.laplacians] + field + (f"_{letters}" if letters else "")
