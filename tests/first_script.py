"""What a user writes first: load, solve, evaluate, export, plot. `test_public_face.py` runs it and checks its types."""

import sys

import numpy as np
import torch

import pinn

spec, folder = sys.argv[1:3]
try:
    problem = pinn.load(spec, overrides=["solver.tolerance=1e-4", "solver.seed=1"])
except pinn.SpecError as refusal:
    sys.exit(f"refused: {refusal}")
solution = pinn.solve(problem, device="cpu")
points = np.random.default_rng(0).uniform(*problem.bounds, size=(50, len(problem.axes)))
u = solution(points)["u"]
same = solution(torch.as_tensor(points), ["u"])["u"].detach().numpy()
middle = solution([[0.5, 0.5]])["u"]
file = solution.export(f"{folder}/fields.csv")
picture = solution.plot("u")
print(file.name, u.shape, np.abs(u - same).max(), middle[0], len(picture.axes), solution.metrics["verdict"])
