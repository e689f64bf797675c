"""Python literals of strangers, read within bounds (standard library only)."""

import ast
from typing import Any


def python_literal(text: str, max_length: int) -> Any:
    """Read a Python literal.

    Parameters
    ----------
    text
        Numbers, strings, and lists, tuples, sets and dictionaries of them.
    max_length
        Largest number of characters: the parser of Python needs some hundred times as much memory.

    Raises
    ------
    ValueError
        If the text is longer, or is no literal.
    """
    if len(text) > max_length:
        raise ValueError(
            f"a Python literal of {len(text)} characters, more than {max_length}; write it in JSON"
        )
    try:
        return ast.literal_eval(text)
    except (SyntaxError, TypeError, RecursionError, MemoryError) as error:
        # MemoryError is also what the parser says of a text that is nested too deeply for it
        raise ValueError(f"no Python literal: {type(error).__name__}: {error}") from error
