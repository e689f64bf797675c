"""Compiled loops over pairs for CPUs: what PyTorch would do in many passes over memory, in one.

Arrays in, arrays out, float32 or float64; :mod:`unlabelled.site_net.fused` makes operations with
gradients of them. A row is a site, or class of sites, that looks at its environment; its pairs are
``start[r]`` to ``start[r + 1]``. Throughout, *normalised* means without mean and at unit variance,
as in a layer norm before its gain and bias, which are left to the caller: they are linear, so they
can be folded into what follows.
"""

import math
from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload

WIDTH = 64  # of the vectors that a pair has in attention and value
_EPSILON = 1e-5  # PyTorch's layer norm

if llvm.get_host_cpu_features().get("avx512f"):
    # left to itself LLVM prefers registers of half the width: these loops are a quarter slower
    features = llvm.get_host_cpu_features().flatten() + ",-prefer-256-bit"
    numba.config.CPU_NAME = llvm.get_host_cpu_name()  # type: ignore[attr-defined]
    numba.config.CPU_FEATURES = features  # type: ignore[attr-defined]

# "numpy": no check for division by zero, which would keep loops from being vectorised
OPTIONS: dict[str, Any] = {"fastmath": True, "error_model": "numpy", "cache": True, "nogil": True}


@intrinsic
def _float_from_bits(typing_context: Any, bits: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.FloatType())

    return types.float32(types.int32), generate


def exponential(x: Any) -> Any:
    """e^x; in compiled loops, of float32 by a polynomial that is vectorised, to 3e-7."""
    return math.exp(x)


@overload(exponential, jit_options={"fastmath": True}, inline="always")
def _exponential(x: Any) -> Callable[[Any], Any]:
    def of_float64(x: Any) -> Any:
        return math.exp(x)

    def of_float32(x: Any) -> Any:
        # Cephes' expf: e^x = 2^k e^r, |r| <= ln(2) / 2
        x = min(max(x, np.float32(-87.0)), np.float32(88.0))
        k = np.floor(x * np.float32(1.44269504088896341) + np.float32(0.5))
        r = x - k * np.float32(0.693359375) + k * np.float32(2.12194440e-4)
        p = np.float32(1.9875691500e-4)
        p = p * r + np.float32(1.3981999507e-3)
        p = p * r + np.float32(8.3334519073e-3)
        p = p * r + np.float32(4.1665795894e-2)
        p = p * r + np.float32(1.6666665459e-1)
        p = p * r + np.float32(5.0000001201e-1)
        y = p * r * r + r + np.float32(1.0)
        bits = (np.int32(k) + np.int32(127)) << np.int32(23)
        return y * _float_from_bits(bits)  # type: ignore[call-arg]

    return of_float32 if x == types.float32 else of_float64


def same_type(value: float, x: Any) -> Any:
    """Value, in compiled loops as a number of the type of x: float32 stays float32."""
    return value


@overload(same_type, inline="always")
def _same_type(value: Any, x: Any) -> Callable[[Any, Any], Any]:
    def float32(value: Any, x: Any) -> Any:
        return np.float32(value)

    def float64(value: Any, x: Any) -> Any:
        return np.float64(value)

    return float32 if x == types.float32 else float64


@numba.njit(inline="always", **OPTIONS)
def activate(x: Any, relu: bool) -> Any:
    """ReLU, or mish: with n = e^x (e^x + 2), tanh(softplus x) = n / (n + 2)."""
    if relu:
        return max(x, same_type(0, x))
    two = same_type(2, x)
    e = exponential(min(x, same_type(20, x)))  # beyond, mish is x in either precision
    n = e * (e + two)
    return x * n / (n + two)


@numba.njit(inline="always", **OPTIONS)
def activate_and_slope(x: Any, relu: bool) -> Any:
    """Return :func:`activate` and its derivative."""
    zero, one, two = same_type(0, x), same_type(1, x), same_type(2, x)
    if relu:
        return max(x, zero), one if x > zero else zero
    e = exponential(min(x, same_type(20, x)))
    n = e * (e + two)
    inverse = one / (n + two)
    share = n * inverse
    return x * share, share + two * two * x * e * (e + one) * inverse * inverse


@numba.njit(inline="always", **OPTIONS)
def _scale(total: Any, squares: Any, share: Any) -> Any:
    """Mean, and inverse standard deviation, of 1 / share numbers from their sums.

    The numbers are counted from the first of them, `base` in what follows: far from zero, the
    difference of the two terms would otherwise have no digits left.
    """
    mean = total * share
    variance = max(squares * share - mean * mean, same_type(0, total))
    return mean, same_type(1, total) / np.sqrt(variance + same_type(_EPSILON, total))


@numba.njit(**OPTIONS)
def mish_forward(x: Any, out: Any) -> None:
    """Activate every number of x (n,)."""
    for k in range(x.shape[0]):
        out[k] = activate(x[k], False)


@numba.njit(**OPTIONS)
def mish_backward(x: Any, gradient: Any, out: Any) -> None:
    """Gradient with respect to x, from that of the outcome (both (n,))."""
    for k in range(x.shape[0]):
        out[k] = gradient[k] * activate_and_slope(x[k], False)[1]


@numba.njit(**OPTIONS)
def normalised_forward(z: Any, relu: bool, out: Any) -> None:
    """Normalise the activations of every row of z (n, width)."""
    zero = same_type(0, z[0, 0])
    share = same_type(1 / z.shape[1], zero)
    for r in range(z.shape[0]):
        total, squares, base = zero, zero, activate(z[r, 0], relu)
        for c in range(z.shape[1]):
            m = activate(z[r, c], relu) - base
            out[r, c] = m
            total += m
            squares += m * m
        mean, scale = _scale(total, squares, share)
        for c in range(z.shape[1]):
            out[r, c] = (out[r, c] - mean) * scale


@numba.njit(**OPTIONS)
def normalised_backward(z: Any, relu: bool, gradient: Any, out: Any) -> None:
    """Gradient with respect to z, from that of the outcome (both (n, width))."""
    zero = same_type(0, z[0, 0])
    share = same_type(1 / z.shape[1], zero)
    activated, slope = np.empty(z.shape[1], z.dtype), np.empty(z.shape[1], z.dtype)
    for r in range(z.shape[0]):
        total, squares, sum_g, sum_gm = zero, zero, zero, zero
        base = activate(z[r, 0], relu)
        for c in range(z.shape[1]):
            m, s = activate_and_slope(z[r, c], relu)
            m -= base
            g = gradient[r, c]
            activated[c], slope[c] = m, s
            total += m
            squares += m * m
            sum_g += g
            sum_gm += g * m
        mean, scale = _scale(total, squares, share)
        mean_g = sum_g * share
        mean_gx = (sum_gm - mean * sum_g) * scale * share
        for c in range(z.shape[1]):
            x = (activated[c] - mean) * scale
            out[r, c] = (gradient[r, c] - mean_g - x * mean_gx) * scale * slope[c]


@numba.njit(**OPTIONS)
def pairs_forward(
    looking: Any,
    seen: Any,
    between: Any,
    start: Any,
    species: Any,
    level: Any,
    weight: Any,
    relu: bool,
    logits: Any,
    values: Any,
) -> None:
    """First layers of attention and value, from their parts.

    The first WIDTH columns of ``looking[r] + seen[species[p]] + between[level[p]]`` are activated
    and normalised into one logit, their product with `weight`; the others into ``values[p]``.
    """
    zero = same_type(0, looking[0, 0])
    share = same_type(1 / WIDTH, zero)
    weights = zero
    for c in range(WIDTH):
        weights += weight[c]
    for r in range(start.shape[0] - 1):
        for p in range(start[r], start[r + 1]):
            j, u = species[p], level[p]
            total, squares, product = zero, zero, zero
            base = activate(looking[r, 0] + seen[j, 0] + between[u, 0], relu)
            for c in range(WIDTH):
                m = activate(looking[r, c] + seen[j, c] + between[u, c], relu) - base
                total += m
                squares += m * m
                product += m * weight[c]
            mean, scale = _scale(total, squares, share)
            logits[p] = (product - mean * weights) * scale
            total, squares = zero, zero
            base = activate(looking[r, WIDTH] + seen[j, WIDTH] + between[u, WIDTH], relu)
            for c in range(WIDTH):
                k = WIDTH + c
                m = activate(looking[r, k] + seen[j, k] + between[u, k], relu) - base
                values[p, c] = m
                total += m
                squares += m * m
            mean, scale = _scale(total, squares, share)
            for c in range(WIDTH):
                values[p, c] = (values[p, c] - mean) * scale


@numba.njit(**OPTIONS)
def pairs_backward(
    looking: Any,
    seen: Any,
    between: Any,
    start: Any,
    species: Any,
    level: Any,
    weight: Any,
    relu: bool,
    g_logits: Any,
    g_values: Any,
    values: Any,
    g_looking: Any,
    g_seen: Any,
    g_between: Any,
    g_weight: Any,
) -> None:
    """Add the gradients of :func:`pairs_forward`, and compute `values` again."""
    zero = same_type(0, looking[0, 0])
    share = same_type(1 / WIDTH, zero)
    activated, slope = np.empty(WIDTH, looking.dtype), np.empty(WIDTH, looking.dtype)
    g, d = np.empty(WIDTH, looking.dtype), np.empty(WIDTH, looking.dtype)
    for r in range(start.shape[0] - 1):
        for p in range(start[r], start[r + 1]):
            j, u = species[p], level[p]
            factor = g_logits[p]
            for half in range(2):
                first = half * WIDTH
                for c in range(WIDTH):
                    g[c] = g_values[p, c] if half else weight[c] * factor
                total, squares, sum_g, sum_gm = zero, zero, zero, zero
                base = activate(looking[r, first] + seen[j, first] + between[u, first], relu)
                for c in range(WIDTH):
                    k = first + c
                    m, s = activate_and_slope(looking[r, k] + seen[j, k] + between[u, k], relu)
                    m -= base
                    activated[c], slope[c] = m, s
                    total += m
                    squares += m * m
                    sum_g += g[c]
                    sum_gm += g[c] * m
                mean, scale = _scale(total, squares, share)
                mean_g = sum_g * share
                mean_gx = (sum_gm - mean * sum_g) * scale * share
                for c in range(WIDTH):
                    x = (activated[c] - mean) * scale
                    activated[c] = x
                    d[c] = (g[c] - mean_g - x * mean_gx) * scale * slope[c]
                # one array a loop, lest the compiler suspect that they overlap
                for c in range(WIDTH):
                    g_looking[r, first + c] += d[c]
                for c in range(WIDTH):
                    g_seen[j, first + c] += d[c]
                for c in range(WIDTH):
                    g_between[u, first + c] += d[c]
                if half:
                    for c in range(WIDTH):
                        values[p, c] = activated[c]
                else:
                    for c in range(WIDTH):
                        g_weight[c] += activated[c] * factor


@numba.njit(**OPTIONS)
def pooled_forward(
    z: Any, logits: Any, multiplicity: Any, start: Any, relu: bool, shares: Any, out: Any
) -> None:
    """Sum the normalised activations of z (pairs, WIDTH) over each row, by softmax shares.

    Shares are in proportion to multiplicity times the exponential of the logit. Rows without pairs
    are 0.
    """
    zero = same_type(0, z[0, 0])
    share = same_type(1 / WIDTH, zero)
    activated = np.empty(WIDTH, z.dtype)
    for r in range(start.shape[0] - 1):
        for c in range(WIDTH):
            out[r, c] = zero
        if start[r] == start[r + 1]:  # padding
            continue
        largest = logits[start[r]]
        for p in range(start[r], start[r + 1]):
            largest = max(largest, logits[p])
        whole = zero
        for p in range(start[r], start[r + 1]):
            shares[p] = multiplicity[p] * exponential(logits[p] - largest)
            whole += shares[p]
        for p in range(start[r], start[r + 1]):
            shares[p] /= whole
            total, squares, base = zero, zero, activate(z[p, 0], relu)
            for c in range(WIDTH):
                m = activate(z[p, c], relu) - base
                activated[c] = m
                total += m
                squares += m * m
            mean, scale = _scale(total, squares, share)
            scale *= shares[p]
            for c in range(WIDTH):
                out[r, c] += (activated[c] - mean) * scale


@numba.njit(**OPTIONS)
def pooled_backward(
    z: Any, shares: Any, start: Any, relu: bool, gradient: Any, g_z: Any, g_logits: Any
) -> None:
    """Gradients of :func:`pooled_forward` with respect to z and the logits."""
    zero = same_type(0, z[0, 0])
    share = same_type(1 / WIDTH, zero)
    activated, slope = np.empty(WIDTH, z.dtype), np.empty(WIDTH, z.dtype)
    for r in range(start.shape[0] - 1):
        sum_g = zero
        for c in range(WIDTH):
            sum_g += gradient[r, c]
        mean_g = sum_g * share
        mean_product = zero
        for p in range(start[r], start[r + 1]):
            total, squares, sum_gm = zero, zero, zero
            base = activate(z[p, 0], relu)
            for c in range(WIDTH):
                m, s = activate_and_slope(z[p, c], relu)
                m -= base
                activated[c], slope[c] = m, s
                total += m
                squares += m * m
                sum_gm += gradient[r, c] * m
            mean, scale = _scale(total, squares, share)
            product = (sum_gm - mean * sum_g) * scale
            g_logits[p] = product
            mean_product += shares[p] * product
            mean_gx = product * share
            factor = shares[p] * scale
            for c in range(WIDTH):
                x = (activated[c] - mean) * scale
                g_z[p, c] = (gradient[r, c] - mean_g - x * mean_gx) * factor * slope[c]
        for p in range(start[r], start[r + 1]):
            g_logits[p] = shares[p] * (g_logits[p] - mean_product)


@numba.njit(**OPTIONS)
def scores_forward(
    anchor: Any,
    constant: Any,
    table: Any,
    direction: Any,
    distance: Any,
    weight: Any,
    start: Any,
    species: Any,
    level: Any,
    multiplicity: Any,
    relu: bool,
    sign: int,
    scores: Any,
    out: Any,
) -> None:
    """Weighted mean over the pairs of every row of softplus(sign · score).

    The score of a pair is ``anchor[r] · φ(table[species] + distance · direction) + constant[r]``,
    its weight ``multiplicity · weight[level]``.
    """
    zero = same_type(0, anchor[0, 0])
    one = same_type(1, zero)
    for r in range(start.shape[0] - 1):
        loss, weights = zero, zero
        for p in range(start[r], start[r + 1]):
            j, d = species[p], distance[level[p]]
            score = zero
            for c in range(WIDTH):
                score += anchor[r, c] * activate(table[j, c] + d * direction[c], relu)
            score += constant[r]
            scores[p] = score
            w = multiplicity[p] * weight[level[p]]
            x = same_type(sign, zero) * score
            loss += w * (max(x, zero) + np.log(one + exponential(-abs(x))))
            weights += w
        out[r] = loss / weights


@numba.njit(**OPTIONS)
def scores_backward(
    anchor: Any,
    table: Any,
    direction: Any,
    distance: Any,
    weight: Any,
    start: Any,
    species: Any,
    level: Any,
    multiplicity: Any,
    relu: bool,
    sign: int,
    scores: Any,
    gradient: Any,
    g_anchor: Any,
    g_constant: Any,
    g_table: Any,
    g_direction: Any,
) -> None:
    """Add the gradients of :func:`scores_forward`, recomputing what it did not keep."""
    zero = same_type(0, anchor[0, 0])
    one = same_type(1, zero)
    toward = same_type(sign, zero)
    activated, of_input = np.empty(WIDTH, anchor.dtype), np.empty(WIDTH, anchor.dtype)
    for r in range(start.shape[0] - 1):
        weights = zero
        for p in range(start[r], start[r + 1]):
            weights += multiplicity[p] * weight[level[p]]
        factor = toward * gradient[r] / weights
        for p in range(start[r], start[r + 1]):
            j, d = species[p], distance[level[p]]
            w = multiplicity[p] * weight[level[p]]
            g = factor * w / (one + exponential(-toward * scores[p]))
            g_constant[r] += g
            for c in range(WIDTH):
                m, s = activate_and_slope(table[j, c] + d * direction[c], relu)
                activated[c], of_input[c] = m, g * anchor[r, c] * s
            for c in range(WIDTH):
                g_anchor[r, c] += g * activated[c]
            for c in range(WIDTH):
                g_table[j, c] += of_input[c]
            for c in range(WIDTH):
                g_direction[c] += d * of_input[c]
