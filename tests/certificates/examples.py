"""Small problems whose solutions are certified."""

STRING = """
name: string
coordinates: [x]
fields: [u]
domain: {interval: {from: 0, to: 1}}
equations: {pull: -u_xx = pi**2*sin(pi*x)}
conditions: [{on: boundary, u: 0}]
definitions: {force: u_x}
exact: {u: sin(pi*x)}
network: {hidden: [9]}
sampling: {interior: 48}
solver: {method: least_squares, time_limit: 3600}
"""
DRIFT = STRING.replace("-u_xx =", "-(1 + x)*u_xx + 3*u_x + u =").replace("exact: {u: sin(pi*x)}\n", "")
HELD = STRING.replace("hidden: [9]", "hidden: [9], constraints: hard")
DEEP = STRING.replace("hidden: [9]", "hidden: [6, 5], activation: tanh").replace("definitions: {force: u_x}\n", "")
RING = """
name: ring
coordinates: [x, y]
fields: [u]
domain: {difference: [{rectangle: {from: [0, 0], to: [2, 2]}}, {disk: {center: [0, 0], radius: 0.5, name: hole}}]}
equations: {membrane: laplacian(u) = 1}
conditions: [{on: [left, right, bottom, top], u: 0}, {on: hole, u_n: 0}]
network: {hidden: [8], corners: none}
sampling: {interior: 30, boundary: 30}
solver: {method: least_squares, time_limit: 3600}
"""
