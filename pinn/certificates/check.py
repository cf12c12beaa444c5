# ruff: noqa: B905
# pyright: reportArgumentType=false, reportOperatorIssue=false, reportCallIssue=false, reportAttributeAccessIssue=false
# pyright: reportReturnType=false, reportOptionalMemberAccess=false, reportIndexIssue=false
"""An independent checker of certificate.json, in the ball arithmetic of Arb (python-flint).

It shares no code with what made the certificate, nor with the solver: it reads the weights and the claims, and encloses
every expression on every box of every region again. Balls hold their own rounding, so that nothing is assumed of the
machine but that Arb is right. Derivatives are taken with nilpotent variables: of u(x + e) the coefficient of e^a is
D^a u/a!, and s(z + e) = sum_m s_m(z)/m! e^m.
    python -m pinn.certificates.check RUN
Source: Johansson, Arb: efficient arbitrary-precision midpoint-radius interval arithmetic, IEEE Trans. Comput. 66 (2017)
"""

from __future__ import annotations

import hashlib
import json
import math
import struct
import sys
from functools import cache, reduce
from itertools import product
from pathlib import Path

from flint import arb, arb_mat, arb_series, ctx, fmpq

FORMAT = "pinn certificate 1"
BITS = 106
MORE = 10  # terms of a series beyond those of the polynomial, before a closed bound of all the rest
DEEPER = 6  # cuts of a box on which a claim does not follow at once


def ball(x):
    """Everything from -|x| to |x|."""
    return arb(0, 1) * x


def prod(factors, start=arb(1)):
    return reduce(lambda a, b: a * b, factors, start)


def mono(variables, degree):
    found = [e for e in product(range(degree + 1), repeat=variables) if sum(e) <= degree]
    return sorted(found, key=lambda e: (sum(e), e))


@cache
def table(variables, degree):
    """Exponents; for each pair of monomials the number of their product, -1 beyond the degree."""
    exponents = mono(variables, degree)
    index = {e: k for k, e in enumerate(exponents)}
    return exponents, [[index.get(tuple(a + b for a, b in zip(e, f)), -1) for f in exponents] for e in exponents]


class Poly:
    """sum_k c_k t^k for t in [-1, 1]^m; what is left out is in the ball c_0."""

    def __init__(self, shape, c):
        self.shape, self.c = shape, c

    @classmethod
    def number(cls, shape, value):
        return cls(shape, [arb(value)] + [arb(0)] * (len(table(*shape)[0]) - 1))

    def __add__(self, other):
        return Poly(self.shape, [a + b for a, b in zip(self.c, other.c)])

    def __neg__(self):
        return Poly(self.shape, [-a for a in self.c])

    def __sub__(self, other):
        return self + (-other)

    def __mul__(self, other):
        if not isinstance(other, Poly):
            return Poly(self.shape, [a * other for a in self.c])
        targets = table(*self.shape)[1]
        c, beyond = [arb(0)] * len(self.c), arb(0)
        others = [(k, b) for k, b in enumerate(other.c) if not b.is_zero()]
        for row, a in zip(targets, self.c):
            if a.is_zero():
                continue
            for k, b in others:
                if row[k] < 0:
                    beyond += (a * b).abs_upper()
                else:
                    c[row[k]] += a * b
        c[0] += ball(beyond)
        return Poly(self.shape, c)

    def range(self):
        """A ball that holds all values."""
        total = self.c[0]
        for exponents, c in list(zip(table(*self.shape)[0], self.c))[1:]:
            total += c * arb(0.5, 0.5) if all(e % 2 == 0 for e in exponents) else ball(c)
        return total

    def split(self):
        """(middle, what is left, how large that is)."""
        middle = self.c[0].mid()
        rest = Poly(self.shape, [self.c[0] - middle, *self.c[1:]])
        return middle, rest, sum((abs(c) for c in rest.c), arb(0)).abs_upper()

    def mean_square(self):
        return sum((self.c[k] * self.c[l] * share for k, l, share in moments(*self.shape)), arb(0))


@cache
def moments(variables, degree):
    """(k, l, mean of t^k t^l over the cube), each pair once, zeros left out."""
    exponents, found = table(variables, degree)[0], []
    for (k, e), (l, f) in product(enumerate(exponents), repeat=2):
        both = [i + j for i, j in zip(e, f)]
        if k <= l and all(n % 2 == 0 for n in both):
            found.append((k, l, arb(1 + (k < l)) / math.prod(n + 1 for n in both)))
    return found


def taylor(q, coefficients, rest):
    """sum_k a_k q^k + rest, by Horner's rule."""
    found = Poly.number(q.shape, coefficients[-1])
    for a in reversed(coefficients[:-1]):
        found = found * q
        found.c[0] += a
    found.c[0] += rest
    return found


# ---- activations ----


def everywhere(name, k):
    """At least sup |s_k|, k >= 2: Cramer's inequality, Cauchy's on discs of radius 2."""
    faculty = arb(math.factorial(k))
    logistic = arb("1.1") * faculty / arb(2) ** k
    if name in ("gelu", "lambda_gelu"):
        first, second = arb(math.factorial(k - 2)).sqrt(), arb(math.factorial(k - 1)).sqrt()
        return arb("1.09") / (2 * arb.pi()).sqrt() * (k * first + arb("0.86") * second)
    if name == "tanh":
        return logistic * arb(2) ** (k + 1)
    if name == "softplus":
        return logistic * 2 / k
    if name == "silu":
        return logistic * arb(1).exp() + logistic * 2
    return arb(1)  # sin


def expansion(name, z, count):
    """[s_k(z)/k!] for k < count."""
    x = arb_series([z, 1], prec=count)
    if name in ("gelu", "lambda_gelu"):
        s = x * (1 + (x / arb(2).sqrt()).erf()) / 2
    elif name == "tanh":
        s = 1 - 2 / ((2 * x).exp() + 1)
    elif name == "silu":
        s = x / (1 + (-x).exp())
    elif name == "softplus":
        s = (1 + x.exp()).log()
    elif name == "sin":
        s = x.sin()
    else:
        raise ValueError(f"unknown activation {name}")
    found = list(s.coeffs())
    return found + [arb(0)] * (count - len(found))


def remainder(terms, last, m, degree, reach):
    """Of s_m(z + q) beyond q^degree, |q| <= reach: all further terms, and a bound of the last for those that follow."""
    count = len(terms)
    total = last * math.perm(count, m) * reach ** (count - m)
    for k in range(degree + 1, count - m):
        total += abs(terms[m + k]) * math.perm(m + k, m) * reach**k
    return total.abs_upper()


def derivatives(name, f, highest):
    """[s_m(f)/m!] for m <= highest, as polynomials."""
    middle, q, reach = f.split()
    degree, found = f.shape[1], []
    count = degree + highest + 1 + MORE
    terms = expansion(name, middle, count)
    last = everywhere(name, count) / math.factorial(count)
    for m in range(highest + 1):
        rest = ball(remainder(terms, last, m, degree, reach) / math.factorial(m))
        found.append(taylor(q, [terms[m + k] * math.comb(m + k, m) for k in range(degree + 1)], rest))
    return found


# ---- networks ----


class Network:
    """Jets of the fields: at(places) -> {(orders, laplacians): [fields]}, polynomials."""

    def __init__(self, data, tensors, jets, space):
        def read(name):
            return [[arb(x) for x in row] if isinstance(row, list) else arb(row) for row in tensors[name]]

        if data["normalised"] is not None:
            raise ValueError("normalised layers are not checked")
        self.space, self.name, self.waves = space, data["activation"], data["waves_from"]
        self.features = read(data["features"]["weight"]), read(data["features"]["bias"])
        self.layers = [(read(w), read(b)) for w, b in data["layers"]]
        self.scale, self.jets = read(data["field_scale"]), sorted(jets)
        hard = [[arb(x) for x in row] for row in data["hardness"]]
        self.hard = [row * len(b) if len(row) == 1 else row for row, (_, b) in zip(hard, self.layers)]
        self.dimension = len(self.features[0][0])
        wanted = {orders for jet in self.jets for orders, _ in self.partials(jet)} | {(0,) * self.dimension}
        lower = {low for o in wanted for low in product(*(range(n + 1) for n in o))}
        self.formal = sorted(lower, key=lambda o: (sum(o), o))
        self.order = sum(self.formal[-1])
        self.ridge = len(self.layers) == 2 and self.waves == len(self.features[1]) and self.one_layer_of()

    def partials(self, jet):
        """A jet as a sum of partial derivatives: [(orders, times)]."""
        found = {tuple(jet[0]): 1}
        for _ in range(jet[1]):
            more = {}
            for orders, times in found.items():
                for axis in range(self.space):
                    up = tuple(n + 2 * (i == axis) for i, n in enumerate(orders))
                    more[up] = more.get(up, 0) + times
            found = more
        return list(found.items())

    # one hidden layer: u(x + e) = sum_g e^g sum_j C_j v_j^g s_|g|(z_j)/g!, whatever of e is t and what is nilpotent

    def one_layer_of(self):
        (first, bias), (last, shift) = self.layers
        inner, offset = self.features
        units = list(zip(first, bias, self.hard[0]))
        self.v = [[h * sum((w * i[d] for w, i in zip(row, inner)), arb(0)) for d in range(self.dimension)]
                  for row, _, h in units]  # fmt: skip
        self.b = [h * (b + sum((w * o for w, o in zip(row, offset)), arb(0))) for row, b, h in units]
        self.out = [[s * c / h for c, h in zip(row, self.hard[0])] for row, s in zip(last, self.scale)]
        self.shift = [s * c for s, c in zip(self.scale, shift)]
        self.matrices = {}
        return True

    def matrix(self, field, n):
        """[units, monomials of degree n]: C_j v_j^g n!/g!."""
        if (field, n) not in self.matrices:
            some = [e for e in mono(self.dimension, n) if sum(e) == n]
            rows = [[c * prod(x**k for x, k in zip(v, e)) * math.factorial(n) / prod(map(math.factorial, e))
                     for e in some] for c, v in zip(self.out[field], self.v)]  # fmt: skip
            self.matrices[field, n] = some, arb_mat(rows)
        return self.matrices[field, n]

    def one_layer(self, places):
        shape = places[0].shape
        exponents, degree = table(*shape)[0], shape[1]
        steps = [next((c for c in x.c[1:] if not c.is_zero()), arb(0)) for x in places]
        count = degree + self.order + 1 + MORE
        last = everywhere(self.name, count) / math.factorial(count)
        series, reach = [], []
        for v, b in zip(self.v, self.b):
            series.append(expansion(self.name, b + sum((a * x.c[0] for a, x in zip(v, places)), arb(0)), count))
            reach.append(sum((abs(a * r) for a, r in zip(v, steps)), arb(0)).abs_upper())
        powers = {e: prod(r**k for r, k in zip(steps, e)) for e in exponents}
        rests = [[remainder(terms, last, m, degree, r) for terms, r in zip(series, reach)]
                 for m in range(self.order + 1)]  # fmt: skip
        found = {jet: [] for jet in self.jets}
        for field, out in enumerate(self.out):
            known = {(0,) * self.dimension: arb(0)}
            for n in range(degree + self.order + 1):
                some, matrix = self.matrix(field, n)
                row = arb_mat([[terms[n] for terms in series]]) * matrix
                known |= {e: row[0, k] for k, e in enumerate(some)}
            known[(0,) * self.dimension] += self.shift[field]
            for jet in self.jets:
                c = [arb(0)] * len(exponents)
                for orders, times in self.partials(jet):
                    for k, e in enumerate(exponents):
                        both = tuple(i + j for i, j in zip(orders, e))
                        c[k] += known[both] * powers[e] * (times * prod(map(math.perm, both, orders)))
                    rest = rests[sum(orders)]
                    size = [abs(a * prod(x**n for x, n in zip(v, orders))) for a, v in zip(out, self.v)]
                    c[0] += ball(times * sum((a * r for a, r in zip(size, rest)), arb(0)))
                found[jet].append(Poly(shape, c))
        return found

    # any perceptron: units as sums over nilpotent monomials of polynomials

    def at(self, places):
        if self.ridge and all(sum(not c.is_zero() for c in x.c[1:]) <= 1 for x in places):
            return self.one_layer(places)
        one, zero = Poly.number(places[0].shape, 1), (0,) * len(places)
        h = [{zero: x} for x in places]
        for axis, unit in enumerate(h):
            up = tuple(int(i == axis) for i in range(len(places)))
            if up in self.formal:
                unit[up] = one
        z = self.affine(h, *self.features)
        h = z[: self.waves] + [self.activated("sin", unit, arb(1)) for unit in z[self.waves :]]
        for (weight, bias), hard in zip(self.layers[:-1], self.hard):
            h = [self.activated(self.name, u, k) for u, k in zip(self.affine(h, weight, bias), hard)]
        fields, found = self.affine(h, *self.layers[-1]), {}
        for jet in self.jets:
            parts = [(orders, times * prod(map(math.factorial, orders))) for orders, times in self.partials(jet)]
            found[jet] = [
                sum((u[o] * (s * n) for o, n in parts if o in u), one * 0) for u, s in zip(fields, self.scale)
            ]
        return found

    def affine(self, h, weight, bias):
        """W h + b by one matrix product over all monomials."""
        names = [a for a in self.formal if any(a in unit for unit in h)]
        shape = h[0][names[0]].shape
        size = len(table(*shape)[0])
        empty = [arb(0)] * size
        out = arb_mat(weight) * arb_mat([[c for a in names for c in (u[a].c if a in u else empty)] for u in h])
        found = []
        for row, b in enumerate(bias):
            unit = {a: Poly(shape, [out[row, n * size + k] for k in range(size)]) for n, a in enumerate(names)}
            unit[names[0]].c[0] += b
            found.append(unit)
        return found

    def times(self, u, v):
        found = {}
        for (a, p), (b, q) in product(u.items(), v.items()):
            both = tuple(i + j for i, j in zip(a, b))
            if both in self.formal:
                found[both] = found[both] + p * q if both in found else p * q
        return found

    def activated(self, name, unit, hard):
        """s(k z)/k = sum_m s_m(k z_0)/m! (k e)^m / k, e what is nilpotent."""
        zero = self.formal[0]
        small = {a: p * hard for a, p in unit.items() if a != zero}
        parts = derivatives(name, unit[zero] * hard, self.order)
        total, power = {zero: parts[0]}, {zero: Poly.number(parts[0].shape, 1)}
        for part in parts[1:]:
            power = self.times(power, small)
            for a, p in power.items():
                total[a] = total[a] + p * part if a in total else p * part
        return {a: p * (1 / hard) for a, p in total.items()}


# ---- expressions ----


def elementary(name, f, exponent=None):
    """A function by its series around the middle; the rest by its series around all values."""
    middle, q, reach = f.split()
    degree = f.shape[1]

    def series(z, count):
        x = arb_series([z, 1], prec=count)
        if name == "**":
            return x**exponent if exponent.denominator == 1 or z > 0 else arb_series([arb.nan()] * count, prec=count)
        return getattr(x, name)()

    near, far = (series(z, degree + 2).coeffs() for z in (middle, middle + ball(reach)))
    pad = [arb(0)] * (degree + 2)
    near, far = ([*c, *pad][: degree + 2] for c in (near, far))
    return taylor(q, near[:-1], ball(far[-1].abs_upper() * reach ** (degree + 1)))


def value(tree, places, normals, jets):
    """The polynomial of an expression."""
    word, *rest = tree
    shape = places[0].shape
    match word:
        case "number":
            text = rest[0]
            return Poly.number(
                shape, arb(float.fromhex(text)) if "0x" in text else arb(fmpq(*map(int, text.split("/"))))
            )
        case "pi":
            return Poly.number(shape, arb.pi())
        case "axis":
            return places[rest[0]]
        case "normal":
            return normals[rest[0]]
        case "jet":
            return jets[tuple(rest[1]), rest[2]][rest[0]]
        case "zero":
            return Poly.number(shape, 0)
        case "**" if rest[1][0] == "number":
            text = rest[1][1]
            e = fmpq(*float.fromhex(text).as_integer_ratio()) if "0x" in text else fmpq(*map(int, text.split("/")))
            f = value(rest[0], places, normals, jets)
            if e.denominator == 1 and 0 <= e.numerator <= 64:
                return prod([f] * int(e.numerator), Poly.number(shape, 1))
            found = elementary("**", f, e)
            if e > 0 and not found.c[0].is_finite():  # a root where its argument may vanish
                high = arb(f.range().upper())
                return Poly.number(shape, high**e * arb(0.5, 0.5)) if high >= 0 else found
            return found
    parts = [value(part, places, normals, jets) for part in rest]
    match word:
        case "+":
            return sum(parts[1:], parts[0])
        case "*":
            return prod(parts[1:], parts[0])
        case "**":
            return elementary("exp", elementary("log", parts[0]) * parts[1])
        case "tanh":
            return derivatives("tanh", parts[0], 0)[0]
        case "sinh" | "cosh":
            up, down = elementary("exp", parts[0]), elementary("exp", -parts[0])
            return (up + down if word == "cosh" else up - down) * arb(0.5)
        case "atan2":
            return Poly.number(shape, arb.atan2(parts[0].range(), parts[1].range()))
        case "abs":
            sign = parts[0].range()
            return parts[0] if sign >= 0 else -parts[0] if sign <= 0 else Poly.number(shape, abs(sign))
        case "sign" | "less":
            r = parts[0].range() if word == "sign" else (parts[1] - parts[0]).range()
            low = -1 if word == "sign" else 0
            return Poly.number(shape, 1 if r > 0 else low if r < 0 else arb((1 + low) / 2, (1 - low) / 2))
        case "select":
            r = parts[0].range()
            return (
                parts[1]
                if r > 0.5
                else parts[2]
                if r < 0.5
                else Poly.number(shape, parts[1].range().union(parts[2].range()))
            )
    return elementary(word, parts[0])


# ---- regions and claims ----


def leaves(tree, lower, upper):
    """(lower, upper, fate) of the ends of a tree of boxes, which together are the whole box."""
    waiting = [(lower, upper)]
    for fate in tree:
        low, high = waiting.pop()
        if not fate.isdigit():
            yield low, high, fate
            continue
        axis, first, second = int(fate), list(high), list(low)
        first[axis] = second[axis] = (low[axis] + high[axis]) / 2
        waiting += [(second, high), (low, first)]
    if waiting:
        raise ValueError("a tree of boxes is not complete")


def away(ground, low, high, inside=False):
    """Whether the box certainly has no point of the shape, or lies inside it."""
    ((word, data),) = ground.items()
    if word == "box":
        pairs = list(zip(low, high, *data))
        return all(a > c and b < d for a, b, c, d in pairs) if inside else any(b < c or a > d for a, b, c, d in pairs)
    if word == "ball":
        gaps = [(arb(a) - m, arb(m) - b) for a, b, m in zip(low, high, data[0])]
        if inside:
            return sum((max(x * x, y * y) for x, y in gaps), arb(0)) < arb(data[1]) ** 2
        return sum((max(x, y, arb(0)) ** 2 for x, y in gaps), arb(0)) > arb(data[1]) ** 2
    if word == "difference":
        first, *others = data
        parts = [away(first, low, high, inside), *(away(part, low, high, not inside) for part in others)]
        return all(parts) if inside else any(parts)
    if word in ("union", "intersection"):
        every = all if (word == "union") != inside else any
        return every(away(part, low, high, inside) for part in data)
    return False


def placed(region, low, high, degree):
    """(places, normals) on a box of parameters."""
    size = len(low)
    shape, p = (size, degree), []
    for k in range(size):
        middle = (arb(low[k]) + arb(high[k])) / 2
        f = Poly.number(shape, middle)
        up = tuple(int(i == k) for i in range(size))
        f.c[table(*shape)[0].index(up)] = (arb(high[k]) - arb(low[k])) / 2
        p.append(f)
    kind, data, normal = region["kind"], region["data"], region["normal"]
    if kind == "arc":
        turn = [elementary("cos", p[0]), elementary("sin", p[0])]
        places = [f * arb(data["radius"][0]) + Poly.number(shape, m) for f, m in zip(turn, data["center"])]
        return places + p[1:], [f * arb(normal[0]) for f in turn]
    if kind == "segment":
        p = [p[0] * arb(s) + Poly.number(shape, o) for s, o in zip(data["span"], data["origin"])] + p[1:]
    return p, [Poly.number(shape, n) for n in normal or ()]


def jets_of(tree):
    if tree[0] == "jet":
        return {(tuple(tree[2]), tree[3])}
    return set().union(*(jets_of(part) for part in tree[1:] if isinstance(part, list)))


def check_part(part, data, tensors, say):
    """Names of the claims that do not follow."""
    region, claims, failed = part["region"], part["claims"], []
    jets = set().union(*(jets_of(claim["expression"]) for claim in claims))
    network = Network(data["network"], tensors, jets, data["space"])
    squares = {claim["name"]: arb(0) for claim in claims}

    def enclosed(low, high, some, depth):
        """Claims that hold on the box, by cutting it where they do not follow at once; their squares are added up."""
        places, normals = placed(region, low, high, part["degree"])
        found = network.at(places) if network.jets else {}
        volume = prod((arb(b) - arb(a) for a, b in zip(low, high) if b > a), arb(1))
        again = []
        for claim in some:
            f = value(claim["expression"], places, normals, found)
            r = f.range()
            fits = claim["lower"] is None or r >= claim["lower"]
            fits = fits and (claim["upper"] is None or r <= claim["upper"])
            if fits or depth == 0:
                squares[claim["name"]] += volume * f.mean_square()
            if not fits:
                again.append(claim)
        if again and depth == 0:
            failed.extend(claim["name"] for claim in again)
        elif again:
            axis = max(range(len(low)), key=lambda k: high[k] - low[k])
            first, second = list(high), list(low)
            first[axis] = second[axis] = (low[axis] + high[axis]) / 2
            enclosed(low, first, again, depth - 1)
            enclosed(second, high, again, depth - 1)

    for number, (low, high, fate) in enumerate(leaves(part["tree"], region["lower"], region["upper"])):
        if fate == "x":
            if region["ground"] is None or not away(region["ground"], low, high):
                failed.append(f"a box of {region['name']} is left out that is not outside")
            continue
        enclosed(low, high, claims, DEEPER)
        if number % 50 == 0:
            say(f"{region['name']}: box {number}")
    stretch = arb(1)
    if region["kind"] != "box":
        stretch = sum((arb(s) ** 2 for s in region["data"].get("radius", region["data"].get("span"))), arb(0)).sqrt()
    failed += [f"L2 norm of {c['name']}" for c in claims
               if c["l2"] is not None and not squares[c["name"]] * stretch <= arb(c["l2"]) ** 2]  # fmt: skip
    return [f"{name} on {region['name']}" for name in dict.fromkeys(failed)]


def check_error(data):
    """What of the error bound does not follow from the claims, by the maximum principle and Friedrichs' inequality."""
    error, claims = data["error"], {}
    if not error["proved"]:
        return []
    for part in data["parts"]:
        for claim in part["claims"]:
            low, high, square = claims.get(claim["name"], (claim["lower"], claim["upper"], arb(0)))
            claims[claim["name"]] = min(low, claim["lower"]), max(high, claim["upper"]), square + arb(claim["l2"]) ** 2
    u, axes, space = error["field"], data["axes"], data["space"]
    inside = next(part["region"] for part in data["parts"])
    widths = [arb(b) - arb(a) for a, b in zip(inside["lower"], inside["upper"])]

    def coefficient(of):
        low, high, _ = claims.get(f"coefficient of {u}{of}", (0.0, 0.0, 0))
        return (arb(low), arb(high)) if second_sign > 0 else (-arb(high), -arb(low))

    second_sign = 1 if claims[f"coefficient of {u}_{axes[0] * 2}"][0] > 0 else -1
    second = [coefficient(f"_{axis * 2}")[0] for axis in axes[:space]]
    drift = [max(map(abs, coefficient(f"_{axis}"))) / a for axis, a in zip(axes, second)]
    tau, growth, barrier, wrong = -coefficient("_t")[1], arb(1), error["barrier"], []
    zeroth = coefficient("")[1]
    if space < len(axes):
        growth = (max(zeroth, arb(0)) / tau * widths[-1]).exp()
        wrong += [] if tau > 0 else ["the sign of the derivative in time"]
    elif not zeroth <= 0:
        wrong.append("the sign of the term without derivatives")
    match barrier["kind"]:
        case "slab" if drift[barrier["axis"]] == 0:
            size = widths[barrier["axis"]] ** 2 / (8 * second[barrier["axis"]])
        case "drift":
            k, least, a = arb(barrier["rate"]), drift[barrier["axis"]], second[barrier["axis"]]
            size = (k * widths[barrier["axis"]]).expm1() / (k * a * (k - least)) if k > least else arb.pos_inf()
        case "ball" if all(b == 0 for b in drift):
            size = sum((w * w for w in widths[:space]), arb(0)) / (8 * sum(second, arb(0)))
        case "duration":
            size = widths[-1] / tau
        case _:
            size = arb.pos_inf()
    largest = {name: max(abs(arb(low)), abs(arb(high))) for name, (low, high, _) in claims.items()}
    edge = max(largest[name] / abs(arb(factor)) for name, factor in error["conditions"].items())
    bound = growth * (edge + size * largest[error["equation"]])
    wrong += [] if all(a > 0 for a in second) else ["the sign of the second derivatives"]
    wrong += [] if bound <= arb(error["maximum"]) else ["the bound of the largest error"]
    if error["energy"] is not None:
        friedrichs = 1 / (arb.pi() * sum((1 / w**2 for w in widths[:space]), arb(0)).sqrt())
        energy = friedrichs * claims[error["equation"]][2].sqrt() / min(second).sqrt()
        wrong += [] if energy <= arb(error["energy"]) else ["the bound of the error in energy"]
    return wrong


def read_tensors(file):
    """Name -> numbers, nested by rows, of a safetensors file."""
    content = file.read_bytes()
    (size,) = struct.unpack("<Q", content[:8])
    header, found = json.loads(content[8 : 8 + size]), {}
    for name, entry in header.items():
        if name == "__metadata__" or entry["dtype"] not in ("F64", "F32"):
            continue
        start, end = (8 + size + offset for offset in entry["data_offsets"])
        letter, width = ("d", 8) if entry["dtype"] == "F64" else ("f", 4)
        numbers = list(struct.unpack(f"<{(end - start) // width}{letter}", content[start:end]))
        row = entry["shape"][-1] if len(entry["shape"]) == 2 else 0
        found[name] = [numbers[k : k + row] for k in range(0, len(numbers), row)] if row else numbers
    return found


def check(run, say=lambda text: None):
    """What of RUN/certificate.json does not follow, in words; nothing where all of it holds."""
    ctx.prec = BITS
    data = json.loads((run / "certificate.json").read_text(encoding="utf-8"))
    weights = run / data["weights"]["file"]
    if data["format"] != FORMAT:
        return [f"its format is not {FORMAT}"]
    if hashlib.sha256(weights.read_bytes()).hexdigest() != data["weights"]["sha256"]:
        return ["the weights are not those that were certified"]
    tensors = read_tensors(weights)
    failed = [name for part in data["parts"] for name in check_part(part, data, tensors, say)]
    return failed + check_error(data)


if __name__ == "__main__":
    problems = check(Path(sys.argv[1]))
    print("\n".join(problems) or "every claim holds")
    sys.exit(bool(problems))
