"""Eigenvalue problems with closed forms, as texts."""

BEAM = """
name: beam
coordinates: [x]
fields: [w]
domain: {interval: {from: 0, to: 1}}
equations: {bending: w_xxxx = 0}
conditions:
  - {on: left, w: 0, w_x: 0}
  - {on: right, w_xx: 0, w_xxx: 0}
modes: {count: 6, mass: 1}
"""
BEAM_ROOTS = (1.8751040687119612, 4.694091132974175, 7.854757438237613, 10.995540734875467, 14.137168391046471,
              17.278759532088237)  # of cos z cosh z = -1  # fmt: skip

FREE_BEAM = """
name: free-beam
coordinates: [x]
fields: [w]
domain: {interval: {from: 0, to: 1}}
equations: {bending: w_xxxx = 0}
conditions: [{on: [left, right], w_xx: 0, w_xxx: 0}]
modes: {count: 5, mass: 1}
"""
FREE_ROOTS = (4.730040744862704, 7.853204624095838, 10.995607838001671)  # of cos z cosh z = 1

# A rod, fixed at one end, with a mass m at the other: k tan k = 1/m.
ROD = """
name: rod
coordinates: [x]
fields: [u]
constants: {m: 2}
domain: {interval: {from: 0, to: 1}}
equations: {rod: u_xx + s*u = 0}
conditions:
  - {on: left, u: 0}
  - {on: right, equation: u_x = s*m*u}
modes: {count: 4, eigenvalue: s}
"""

SQUARE = """
name: square
coordinates: [x, y]
fields: [u]
domain: {rectangle: {from: [0, 0], to: [1, 1]}}
equations: {wave: laplacian(u) = 0}
conditions: [{on: boundary, u: 0}]
modes: {count: 4, mass: 1}
"""

# Stiffness 1 and 4, density 1: with k = sqrt(lambda), 2 sin k cos(k/2) + cos k sin(k/2) = 0
TWO_RODS = """
name: two-rods
coordinates: [x]
fields: [u]
definitions: {flux: k*u_n, k: {a: 1, b: 4}}
domain: {interval: {from: 0, to: 2}}
subdomains: {a: {interval: {from: 0, to: 1}}, b: rest}
equations: {rod: "d(k*u_x, x) = 0"}
conditions: [{on: [left, right], u: 0}]
interfaces: [{between: [a, b], continuous: [u, flux]}]
modes: {count: 4, mass: 1}
"""

# -u'' + b u' = lambda u is not self-adjoint, and has lambda = (n pi)^2 + b^2/4.
DRIFT = """
name: drift
coordinates: [x]
fields: [u]
constants: {b: 10}
domain: {interval: {from: 0, to: 1}}
equations: {drift: -u_xx + b*u_x = s*u}
conditions: [{on: [left, right], u: 0}]
modes: {count: 4, eigenvalue: s}
"""

# u'' and v'' coupled by a turn: lambda = (n pi)^2 +- 3 i
TURNING = """
name: turning
coordinates: [x]
fields: [u, v]
domain: {interval: {from: 0, to: 1}}
equations: {first: -u_xx + 3*v = s*u, second: -v_xx - 3*u = s*v}
conditions: [{on: [left, right], u: 0, v: 0}]
modes: {count: 2, eigenvalue: s}
solver: {time_limit: 0.01}
"""
