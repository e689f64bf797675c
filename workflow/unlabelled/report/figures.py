"""Figures inside a page, and their captions."""

import base64
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, StrictUndefined
from PIL import Image

_DPI = (300, 150)  # of the files, and on the page


class Figure(NamedTuple):
    """A figure of a page.

    Attributes
    ----------
    address
        The picture itself, as an address.
    width, height
        Pixels.
    caption
        Text.
    """

    address: str
    width: int
    height: int
    caption: str


def figure(
    png: str | Path, caption: str | Path, config: Mapping[str, Any], wildcards: Mapping[str, Any]
) -> Figure:
    """Put a figure into a page.

    Parameters
    ----------
    png
        File of 300 dpi; half of it is kept.
    caption
        Jinja template of Snakemake's report.
    config, wildcards
        What the template may use, beside the path of the figure's table.
    """
    with Image.open(png) as picture:
        size = (
            picture.width * _DPI[1] // _DPI[0],
            picture.height * _DPI[1] // _DPI[0],
        )
        small = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    packed = io.BytesIO()
    small.save(packed, "WEBP", lossless=True)
    address = f"data:image/webp;base64,{base64.b64encode(packed.getvalue()).decode()}"
    template = Environment(undefined=StrictUndefined, autoescape=False).from_string(  # noqa: S701 - text; the page escapes
        Path(caption).read_text("utf-8")
    )
    values = {
        "config": config,
        "wildcards": wildcards,
        "output": {"table": Path(png).with_suffix(".parquet")},
    }
    return Figure(address, *size, " ".join(template.render(snakemake=values).split()))
