"""Labels in the panels of a figure, placed where they cover nothing."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Bbox

DISTANCES = (4.0, 9.0, 15.0, 22.0, 30.0, 40.0)  # points from a marker to its label
# from the right, then over the top, degrees
DIRECTIONS = (0, 45, 90, 315, 135, 180, 270, 225)
NEAR = 4.0  # up to which a label needs no line to its marker
ROUNDS = 2000

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
    colour: str,
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
        (m, 2) centres of markers that labels must not cover.
    radius
        Of these markers, in points.
    fontsize, colour
        Of the labels.

    Returns
    -------
    list of Annotation
        Those that were placed.
    """
    fig.draw_without_rendering()
    dot = fig.dpi / 72
    markers = ax.transData.transform(obstacles)
    taken: list[Bbox] = [Text.get_window_extent(text) for text in ax.texts]
    room = ax.get_window_extent()
    found = []
    for point, text in zip(points.tolist(), texts, strict=True):
        label = ax.annotate(
            text,
            (point[0], point[1]),
            xytext=(0, 0),
            textcoords="offset points",
            fontsize=fontsize,
            color=colour,
            zorder=5,
        )
        label.set_in_layout(False)
        for distance, direction in (
            (distance, direction) for distance in DISTANCES for direction in DIRECTIONS
        ):
            x, y = math.cos(math.radians(direction)), math.sin(math.radians(direction))
            label.set_position((distance * x, distance * y))
            label.set_ha("left" if x > 0.1 else "right" if x < -0.1 else "center")
            label.set_va("bottom" if y > 0.1 else "top" if y < -0.1 else "center")
            box = Text.get_window_extent(label)
            if _free(box, room, taken, markers, dot * radius):
                taken.append(box.padded(dot))
                found.append(label)
                if distance > NEAR:
                    _leader(label, colour)
                break
        else:
            label.remove()
    return found


def _leader(label: Annotation, colour: str) -> None:
    """Lead a line from the label to its marker."""
    assert label.axes is not None
    label.axes.annotate(
        "",
        label.xy,
        xytext=label.get_position(),
        textcoords="offset points",
        arrowprops={"arrowstyle": "-", "linewidth": 0.4, "color": colour, "shrinkA": 0},
        zorder=4,
    ).set_in_layout(False)


def _free(box: Bbox, room: Bbox, taken: Sequence[Bbox], markers: Floats, radius: float) -> bool:
    if box.x0 < room.x0 or box.x1 > room.x1 or box.y0 < room.y0 or box.y1 > room.y1:
        return False
    if any(box.overlaps(other) for other in taken):
        return False
    covered = (
        (markers[:, 0] > box.x0 - radius)
        & (markers[:, 0] < box.x1 + radius)
        & (markers[:, 1] > box.y0 - radius)
        & (markers[:, 1] < box.y1 + radius)
    )
    return not covered.any()


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
        away = found[:, None] - found
        overlap = reach - abs(away)
        both = (overlap > 0).all(axis=-1)
        np.fill_diagonal(both, False)
        if not both.any():
            break
        # along the axis where the way out is shorter
        along = np.argmin(overlap, axis=-1)
        push = np.zeros_like(away)
        first, second = np.nonzero(both)
        axis = along[first, second]
        push[first, second, axis] = 0.26 * (
            np.sign(away[first, second, axis]) * (overlap[first, second, axis] + 0.02)
        )
        found = np.clip(found + push.sum(axis=1), low + sizes / 2, high - sizes / 2)
    return found
