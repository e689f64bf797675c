"""Links of the pages to files of the repository, which the built guide does not hold."""

import re
from typing import Any


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Leave of such a link its text."""
    return re.sub(
        r"\[([^\]]+)\]\((?:\.\./)+(?:workflow|tests|resources|config)/[^)]*\)", r"\1", markdown
    )
