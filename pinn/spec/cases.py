"""Load cases: the same problem with other values of constants that stand in its loads, and sums of such cases.

    constants: {lift: 0, brake: 0}
    cases: {lifting: {lift: 1000}, braking: {brake: 500}}
    combinations: {both: {lifting: 1.35, braking: 1.5}}

A combination is a case as well: the constants that its cases name are the sums of theirs times the factors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pinn.errors import did_you_mean
from pinn.spec.blocks.block import Refusal

if TYPE_CHECKING:
    from pinn.spec.schema import Spec


def names_of_cases(spec: Spec) -> tuple[str, ...]:
    """The cases, then the combinations."""
    return (*spec.cases, *spec.combinations)


def constants_of(spec: Spec, name: str) -> Mapping[str, Any]:
    """Constant -> its value or text, of those that differ from what is written under `constants`."""
    if name in spec.cases:
        return spec.cases[name]
    factors = spec.combinations[name]
    named = dict.fromkeys(constant for case in factors for constant in spec.cases[case])
    return {
        constant: " + ".join(
            f"({factor})*({spec.cases[case].get(constant, spec.constants[constant])})"
            for case, factor in factors.items()
        )
        for constant in named
    }


def of_case(spec: Spec, name: str) -> Spec:
    """The spec of one case or combination: a problem like any other."""
    changed = constants_of(spec, name)
    return spec.model_copy(
        update={
            "title": f"{spec.title or spec.name}, {name}",
            "constants": {constant: changed.get(constant, value) for constant, value in spec.constants.items()},
            "cases": {},
            "combinations": {},
        }
    )


def case_refusals(spec: Spec) -> Iterator[Refusal]:
    """What cases and combinations name must be there."""
    for name, values in spec.cases.items():
        for constant in values:
            if constant not in spec.constants:
                hint = did_you_mean(constant, tuple(spec.constants)) or "; write it under 'constants' first"
                yield Refusal(("cases", name, constant), f"must be one of the constants{hint}", at_key=True)
    if spec.combinations and not spec.cases:
        yield Refusal(("combinations",), "needs 'cases' to combine: {lifting: {F: 1000}}", at_key=True)
        return
    for name, factors in spec.combinations.items():
        if name in spec.cases:
            yield Refusal(("combinations", name), f"'{name}' is a case already; choose another name", at_key=True)
        if not factors:
            yield Refusal(("combinations", name), "must name cases with their factors: {lifting: 1.35, braking: 1.5}")
        for case in factors:
            if case not in spec.cases:
                yield Refusal(
                    ("combinations", name, case),
                    f"must be one of the cases{did_you_mean(case, tuple(spec.cases))}",
                    True,
                )
