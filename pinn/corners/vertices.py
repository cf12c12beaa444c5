"""Vertices of a plane domain: where pieces of its boundary and of its interfaces end, and the sectors about them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from pinn.corners.angular import Array
from pinn.geometry.mesh.cell_shape import CellShape
from pinn.geometry.points.breaks import breaks
from pinn.geometry.points.sampling import Where
from pinn.geometry.shapes.pieces import Piece
from pinn.geometry.shapes.shape import Shape

SAME_POINT = 1e-7  # of the domain's size: cuts of curves that touch are that near to each other
SAME_ANGLE = 1e-6  # radians
ROUND, NEARLY = math.pi / 12, 1e-3  # radians: directions of a curve that ends at a right angle, as facets have them
STEP = 1e-6  # of a piece: how far from its end one looks for what holds there


@dataclass(frozen=True, eq=False)
class End:
    """A piece of a subdomain's boundary, as it leaves a vertex.

    direction   its polar angle there
    normal      outward [2]
    opening     whether the subdomain lies anticlockwise from it
    near        a point [2] of it close to the vertex
    """

    subdomain: str
    patch: str
    point: Array
    direction: float
    normal: Array
    opening: bool
    near: Array


@dataclass(frozen=True, eq=False)
class VertexSector:
    """A subdomain between two ends of its boundary, start < end."""

    opening: End
    closing: End
    start: float
    end: float

    @property
    def subdomain(self) -> str:
        return self.opening.subdomain


@dataclass(frozen=True, eq=False)
class Vertex:
    """Sectors that follow each other anticlockwise about a point; `closed` where they go all the way round."""

    point: Array
    sectors: tuple[VertexSector, ...]
    closed: bool


def find_vertices(
    shapes: Mapping[str, Shape], outer: Sequence[str], masks: Mapping[str, Sequence[Where]]
) -> list[Vertex]:
    """All vertices of the subdomains `shapes`, by name.

    outer   names of the patches of the domain itself: what else bounds a subdomain is an interface
    masks   patch -> the parts of it that conditions single out; where one begins is a vertex
    """
    ends = [
        end
        for name, shape in shapes.items()
        for piece in shape.pieces
        for end in ends_of(
            name, piece, [0.0, *breaks(piece, masks.get(piece.patch, ())), 1.0], isinstance(shape, CellShape)
        )
    ]
    size = max(shape.size for shape in shapes.values())
    found = []
    for group in gathered(ends, SAME_POINT * size):
        sectors = [sector for name in shapes for sector in sectors_of([end for end in group if end.subdomain == name])]
        point = np.mean([end.point for end in group], axis=0)
        found += [Vertex(point, tuple(chain), closed) for chain, closed in chained(sectors, outer)]
    return found


def ends_of(subdomain: str, piece: Piece, parameters: Sequence[float], of_mesh: bool) -> list[End]:
    """The piece as it leaves each of these parameters, forward and backward.

    of_mesh   its direction is that of facets, and nearly a round one stands for that
    """
    found = []
    for at in parameters:
        for step in (STEP, -STEP):
            if not 0 <= at + step <= 1:
                continue
            point, near = piece.points(np.array([[at], [at + step]]))
            normal = piece.normals(np.array([[at + 1e-3 * step]]))[0]  # a mesh has two normals at its nodes
            tangent = np.array([-normal[1], normal[0]])
            tangent = tangent * np.sign(tangent @ (near - point))
            opening = bool(-normal @ np.array([-tangent[1], tangent[0]]) > 0)
            direction = math.atan2(tangent[1], tangent[0])
            if of_mesh and abs(turn := ROUND * round(direction / ROUND) - direction) < NEARLY:
                direction, normal = direction + turn, turned(normal, turn)
            found.append(End(subdomain, piece.patch, point, direction, normal, opening, near))
    return found


def turned(vector: Array, angle: float) -> Array:
    return np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]) @ vector


def gathered(ends: Sequence[End], tolerance: float) -> list[list[End]]:
    """Ends that leave the same point."""
    if not ends:
        return []
    near = KDTree(np.array([end.point for end in ends])).query_pairs(tolerance, output_type="ndarray")
    count = len(ends)
    graph = coo_matrix((np.ones(len(near)), (near[:, 0], near[:, 1])), shape=(count, count))
    _, label = connected_components(graph, directed=False)
    groups: dict[int, list[End]] = {}
    for end, number in zip(ends, label.tolist(), strict=True):
        groups.setdefault(number, []).append(end)
    return list(groups.values())


def sectors_of(ends: Sequence[End]) -> list[VertexSector]:
    """The sectors of one subdomain at one point: from each opening end to the next closing one."""
    closing = [end for end in ends if not end.opening]
    found = []
    for end in ends:
        if not end.opening:
            continue
        turns = [(other.direction - end.direction) % (2 * math.pi) for other in closing]
        turns = [2 * math.pi if turn < SAME_ANGLE or turn > 2 * math.pi - SAME_ANGLE else turn for turn in turns]
        if turns:
            turn = min(turns)
            other = closing[turns.index(turn)]
            if abs(turn - math.pi) < SAME_ANGLE:  # a curve that goes on, 1e-8 off where it is looked at: no resonance
                turn = math.pi
                other = replace(other, direction=end.direction + turn, normal=end.normal)
            found.append(VertexSector(end, other, end.direction, end.direction + turn))
    return found


def chained(sectors: Sequence[VertexSector], outer: Sequence[str]) -> list[tuple[list[VertexSector], bool]]:
    """Sectors joined over interfaces, anticlockwise, with angles that go on; and whether they close."""

    def follower(sector: VertexSector) -> VertexSector | None:
        if sector.closing.patch in outer:
            return None
        for other in sectors:
            turn = (other.start - sector.end + math.pi) % (2 * math.pi) - math.pi
            if abs(turn) < SAME_ANGLE and other.opening.patch not in outer and other.subdomain != sector.subdomain:
                return other
        return None

    after = {id(sector): follower(sector) for sector in sectors}
    followed = {id(other) for other in after.values() if other is not None}
    waiting = [sector for sector in sectors if id(sector) not in followed] + list(sectors)
    seen: set[int] = set()
    found = []
    for first in waiting:
        chain, sector = [], first
        while sector is not None and id(sector) not in seen:
            seen.add(id(sector))
            start = chain[-1].end if chain else sector.start
            chain.append(replace(sector, start=start, end=start + sector.end - sector.start))
            sector = after[id(sector)]
        if chain:
            found.append((chain, sector is first))
    return found
