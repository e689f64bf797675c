"""Digest of the code a script reaches (standard library only).

Snakemake reruns a job when its script changes, but does not follow the script's imports. Every rule
therefore carries :func:`digest` of its script as a parameter: an edit of a module reruns the jobs
that can reach it, and no others.
"""

import ast
import hashlib
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent
_DATA = {".csv", ".css", ".html", ".js", ".template"}


def digest(script: str | Path) -> str:
    """Digest of the package modules that a script imports, directly or through other modules.

    Parameters
    ----------
    script
        Its file.

    Returns
    -------
    str
        First 16 hexadecimal digits of a SHA-256 over the names and bytes of the modules, and of the
        data files (tables, templates, styles, JavaScript) beside them, in sorted order. The script
        itself is left out: Snakemake watches it.
    """
    reached: set[Path] = set()
    waiting = list(_imported(Path(script)))
    while waiting:
        module = waiting.pop()
        if module not in reached:
            reached.add(module)
            waiting.extend(_imported(module))
    folders = {module.parent for module in reached}
    data = {path for folder in folders for path in folder.iterdir() if path.suffix in _DATA}
    total = hashlib.sha256()
    for path in sorted(reached | data):
        total.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:16]


@cache
def _imported(path: Path) -> frozenset[Path]:
    """Files of the package that the module at `path` imports, parents' ``__init__`` included."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes(), filename=str(path))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    files: set[Path] = set()
    for name in names:
        parts = name.split(".")
        if parts[0] != PACKAGE.name:
            continue
        for depth in range(1, len(parts) + 1):
            base = PACKAGE.joinpath(*parts[1:depth])
            files.update(p for p in (base / "__init__.py", base.with_suffix(".py")) if p.is_file())
    return frozenset(files)
