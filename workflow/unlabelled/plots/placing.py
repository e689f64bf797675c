"""Labels in the panels of a figure, placed where they cover nothing."""

import math
from collections.abc import Sequence
from itertools import product

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox

from unlabelled.plots import style

DISTANCES = (4.0, 10.0, 16.0, 23.0, 30.0)  # points from a marker to its label
# from the right, then over the top, degrees
DIRECTIONS = (0, 45, 90, 315, 135, 180, 270, 225)
NEAR = 4.0  # up to which a label needs no line to its marker
ROUNDS = 2000
PUSH, LEAST = 0.25, 0.002  # of two boxes that overlap: by the overlap, and in any case

Floats = npt.NDArray[np.float64]


def place_labels(
    fig: Figure,
    ax: Axes,
    points: Floats,
    texts: Sequence[str],
    *,
    obstacles: Floats,
    radius: float,
    fontsize: float,
) -> list[Annotation]:
    """Label as many points as there is room for, the first ones first.

    The figure must be complete: its layout is settled here.

    Parameters
    ----------
    fig, ax
        Figure and panel.
    points
        (n, 2) what is labelled, in units of the axes.
    texts
        Of the n labels.
    obstacles
        (m, 2) centres of what labels must not cover, markers or points along lines.
    radius
        Of these, in points.
    fontsize
        Of the labels, in points.

    Returns
    -------
    list of Annotation
        Those that were placed.
    """
    fig.draw_without_rendering()
    dot = fig.dpi / 72
    covered = ax.transData.transform(obstacles)
    centres = ax.transData.transform(points)
    taken = [text.get_window_extent() for text in ax.texts]
    room = ax.get_window_extent()
    found = []
    for point, centre, text in zip(points.tolist(), centres, texts, strict=True):
        label = ax.annotate(
            text,
            (point[0], point[1]),
            xytext=(0, 0),
            textcoords="offset points",
            fontsize=fontsize,
            zorder=5,
        )
        label.set_in_layout(False)
        for distance, direction in product(DISTANCES, DIRECTIONS):
            box, leader = _try(label, distance, direction)
            line = centre + dot * leader
            if (
                box.x0 > room.x0
                and box.x1 < room.x1
                and box.y0 > room.y0
                and box.y1 < room.y1
                and not any(box.overlaps(other) for other in taken)
                and not _inside(box, covered, dot * radius).any()
                and not any(_inside(other, line, 0).any() for other in taken)
                and not _meet(line, covered, dot * radius)
            ):
                taken.append(box.padded(dot))
                found.append(label)
                if distance > NEAR:
                    _lead(ax, label)
                    covered = np.concatenate([covered, line])
                break
        else:
            label.remove()
    return found


def _try(label: Annotation, distance: float, direction: float) -> tuple[Bbox, Floats]:
    """Move a label, in points and degrees; return its box, and offsets on the way to it, points."""
    x, y = math.cos(math.radians(direction)), math.sin(math.radians(direction))
    label.set_position((distance * x, distance * y))
    label.set_horizontalalignment("left" if x > 0.1 else "right" if x < -0.1 else "center")
    label.set_verticalalignment("bottom" if y > 0.1 else "top" if y < -0.1 else "center")
    way = np.arange(NEAR, distance, 1.0)
    return label.get_window_extent(), np.column_stack([way * x, way * y])


def _inside(box: Bbox, points: Floats, radius: float) -> npt.NDArray[np.bool_]:
    x, y = points.T
    found: npt.NDArray[np.bool_] = (
        (x > box.x0 - radius)
        & (x < box.x1 + radius)
        & (y > box.y0 - radius)
        & (y < box.y1 + radius)
    )
    return found


def _meet(line: Floats, points: Floats, radius: float) -> bool:
    return bool((np.linalg.norm(line[:, None] - points, axis=-1) < radius).any())


def _lead(ax: Axes, label: Annotation) -> None:
    """Draw a line from the marker to the label."""
    ax.annotate(
        "",
        label.xy,
        xytext=label.get_position(),
        textcoords="offset points",
        arrowprops={
            "arrowstyle": "-",
            "linewidth": 0.4,
            "color": style.MUTED,
            "shrinkA": 0,
            "shrinkB": 2,
        },
        zorder=2.5,
    ).set_in_layout(False)


def apart(centres: Floats, sizes: Floats, low: Floats, high: Floats) -> Floats:
    """Move boxes until none overlaps another, as little as repeated small pushes allow.

    Parameters
    ----------
    centres
        (n, 2).
    sizes
        (n, 2) widths and heights.
    low, high
        (2,) corners of the room.

    Returns
    -------
    numpy.ndarray
        (n, 2) centres. Where there is not room enough, boxes still overlap.
    """
    found = centres.astype(float).copy()
    # equal places part in a direction of their own
    angles = np.arange(len(found)) * math.pi * (3 - math.sqrt(5))
    found += 1e-3 * np.column_stack([np.cos(angles), np.sin(angles)])
    reach = (sizes[:, None] + sizes) / 2
    for _ in range(ROUNDS):
        # in units in which boxes meet at a distance of 1
        away = (found[:, None] - found) / reach
        overlap = 1 - abs(away).max(axis=-1)
        np.fill_diagonal(overlap, 0)
        overlap = np.maximum(overlap, 0)
        if not overlap.any():
            break
        push = np.where(overlap > 0, PUSH * overlap + LEAST, 0)
        length = np.maximum(np.linalg.norm(away, axis=-1), 1e-9)
        step = ((push / length)[..., None] * away * reach).sum(axis=1)
        found = np.clip(found + step, low + sizes / 2, high - sizes / 2)
    return found
