"""Verdicts, from intervals and not from point values."""

import math
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student

from unlabelled.claims.claim import Claim


class Verdict(StrEnum):
    """What is said of a claim."""

    REPRODUCED = "reproduced"
    SAME_DIRECTION = "same direction"
    UNDECIDED = "undecided"
    CONTRADICTED = "contradicted"
    NOT_TESTABLE = "not testable here"


class Interval(NamedTuple):
    """A measured value with its 95 % interval; ends are NaN if there is none."""

    value: float
    low: float
    high: float


def of_repetitions(values: npt.ArrayLike) -> Interval:
    """Return the mean of independent repetitions (n,) with Student's interval; none below two."""
    found = np.asarray(values, dtype=float)
    mean = float(found.mean())
    if len(found) < 2:
        return Interval(mean, math.nan, math.nan)
    half = student.ppf(0.975, len(found) - 1) * found.std(ddof=1) / math.sqrt(len(found))
    return Interval(mean, mean - half, mean + half)


def decide(claim: Claim, measured: Interval) -> tuple[Verdict, str]:
    """Return the verdict on a claim, and why.

    Parameters
    ----------
    claim
        What is claimed.
    measured
        What was found.

    Returns
    -------
    tuple
        ``reproduced`` if the interval lies on the claimed side of the reference and holds the
        published value (or, of a fault, if it shows at all); ``same direction`` if only the side
        is right, or no value was published; ``contradicted`` if it lies on the other side;
        ``undecided`` if the interval holds the reference, or there is none.
    """
    if not math.isfinite(measured.low + measured.high):
        return Verdict.UNDECIDED, "one value, without an interval"
    published = claim.published
    agrees = published is not None and (
        measured.low - claim.tolerance <= published <= measured.high + claim.tolerance
    )
    if claim.direction == "equal":
        if agrees:
            return Verdict.REPRODUCED, "the interval holds the published value"
        return Verdict.CONTRADICTED, "the interval does not hold the published value"
    below, above = measured.high < claim.reference, measured.low > claim.reference
    if not below and not above:
        return Verdict.UNDECIDED, f"the interval holds {claim.reference:g}, no effect"
    if above != (claim.direction == "above"):
        side = "above" if above else "below"
        return Verdict.CONTRADICTED, f"the interval lies {side} {claim.reference:g}"
    if agrees:
        return Verdict.REPRODUCED, "the interval holds the published value"
    why = f"the interval lies {claim.direction} {claim.reference:g}"
    if published is None:
        return Verdict.REPRODUCED if claim.kind == "fault" else Verdict.SAME_DIRECTION, why
    return Verdict.SAME_DIRECTION, f"{why}, but does not hold the published value"
