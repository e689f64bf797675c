"""Shape of the spaces that encoders make, trained beside untrained."""

import math
from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.figure import Figure

from unlabelled.plots import style

COLUMNS = 3


@style.styled
def encoder_isotropy(
    table: pd.DataFrame,
    *,
    measures: Sequence[str],
    groups: Mapping[str, str],
    kernel: str,
    k: int,
) -> Figure:
    """Draw measures of the clusters of embeddings, one dot per encoder.

    Parameters
    ----------
    table
        Columns of :data:`unlabelled.isotropy.grid.ISOTROPY`, of one collection.
    measures
        Measures of isotropy, corrected; one panel each, and one each for silhouette and stability.
    groups
        What every representation is called: embeddings of encoders of one variant share a name.
    kernel, k
        Kernel and number of clusters shown.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, for :func:`unlabelled.plots.style.save`.

    Raises
    ------
    ValueError
        If the table has no such rows.
    """
    rows = table[(table["kernel"] == kernel) & (table["k"] == k)]
    rows = rows[rows["implementation"] == "corrected"]
    if rows.empty:
        raise ValueError(f"nothing to draw: {k} clusters under {kernel!r} were not measured")
    names = style.appearing(groups.values())
    looks = style.looks(names)
    panels = [(measure, "value", measure) for measure in measures]
    panels += [(measures[0], column, column) for column in ("silhouette", "stability_k_means")]
    columns = min(COLUMNS, len(panels))
    lines = math.ceil(len(panels) / columns)
    fig = style.figure(style.PAGE, lines * (0.7 + 0.24 * len(names)))
    grid = fig.subplots(lines, columns, squeeze=False, sharey=True)
    axes = list(grid.flat)[: len(panels)]
    for ax, (measure, column, title) in zip(axes, panels, strict=True):
        chosen = rows[rows["measure"] == measure]
        means = chosen.groupby("representation")[[column, "null_mean"]].mean()
        for i, name in enumerate(names):
            of_name = means[[groups[representation] == name for representation in means.index]]
            colour, marker = looks[name]
            ax.plot(of_name[column], [i] * len(of_name), marker, color=colour, markersize=4)
            if column == "value":
                ax.plot(
                    of_name["null_mean"], [i] * len(of_name), "|", color=style.INK, markersize=9
                )
        ax.set_title(style.readable(title))
        ax.set_yticks(range(len(names)), [style.readable(name) for name in names])
        ax.set_ylim(len(names) - 0.5, -0.5)
    for ax in list(grid.flat)[len(panels) :]:
        ax.remove()
    style.panel_letters(axes)
    style.heading(fig, f"{k} clusters of crystals in the spaces of encoders", [])
    style.note(
        fig,
        f"One dot per encoder, mean over seeds of k-means; {style.counted(rows['n'], 'crystal')}; "
        f"{style.readable(kernel)} features. Vertical strokes: the same if every cluster were an "
        "isotropic Gaussian.",
    )
    return fig
