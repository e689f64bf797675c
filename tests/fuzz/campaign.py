"""Damaged crystals through the stages that read them: ``python -m tests.fuzz.campaign``.

Files go into folders and zip archives, these through the structures and the point sets, as in a
run; then what came of every entry is counted. A violated invariant is an AssertionError that names
the batch, which the seed makes again.
"""

import argparse
import itertools
import logging
import re
import shutil
import sys
import tempfile
import time
import warnings
import zipfile
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
from pymatgen.io.cif import CifWriter
from tests.fuzz.mutate import mutated

from unlabelled import tables
from unlabelled.point_set import build as point_sets
from unlabelled.point_set.shards import read_shards
from unlabelled.point_set.supercell import Supercell
from unlabelled.sources import catalogue, registry
from unlabelled.structures import build as structures
from unlabelled.structures.crystal import Crystal, to_structure
from unlabelled.structures.outcomes import ACCEPTED
from unlabelled.structures.parse import MAX_LENGTH, Limits, parse
from unlabelled.structures.schema import MAX_MESSAGE, Reason
from unlabelled.structures.table import cells

ROOT = Path(__file__).resolve().parents[2]
# CIF files of Debian's libavogadro-data; and a table of the default study, which make run fetches.
INSTALLED = Path("/usr/share/avogadro2/crystals")
TABLE = ROOT / "resources/raw/flla/flla_2015.csv"
WRITTEN = 250  # CIF files to write from the table

MAX_SITES = 200
SECONDS = 60
MEMORY_MB = 1000
_LIMITS = {
    "time": re.compile(r"^not finished within"),
    "memory": re.compile(r"^needs more than"),
    "process": re.compile(r"^its process died"),
}


@cache
def corpus() -> dict[str, bytes]:
    """Real CIF files by name: those installed, and crystals of the table; empty without either."""
    found = {path.stem: path.read_bytes() for path in sorted(INSTALLED.rglob("*.cif"))}
    if TABLE.is_file():
        found |= _written()
    return found


def _written() -> dict[str, bytes]:
    """CIF files of every third crystal of the table, by turns with and without symmetry."""
    source = catalogue.load(
        ROOT / "resources/sources.yaml", ROOT / "workflow/schemas/sources.schema.yaml"
    )["flla"]
    limits = Limits(max_sites=30, max_text_mb=1)
    found: dict[str, bytes] = {}
    for entry in itertools.islice(registry.entries("flla", source, TABLE), 0, None, 3):
        crystal = parse(entry, limits)
        if isinstance(crystal, Crystal):
            structure = to_structure(crystal.lattice, crystal.atomic_numbers, crystal.frac_coords)
            symprec = 0.01 if len(found) % 2 else None
            found[entry.name] = str(CifWriter(structure, symprec=symprec)).encode()
        if len(found) == WRITTEN:
            break
    return found


def campaign(
    mutations: int, seed: int, folder: Path, *, per_batch: int = 500, seconds: float = np.inf
) -> Counter[str]:
    """Run mutations of the corpus through the stages, batch by batch.

    Parameters
    ----------
    mutations
        Number of files to damage.
    seed
        Of the damage.
    folder
        Where to work; emptied after every batch.
    per_batch
        Files of a batch. Batches are folders and zip archives by turns.
    seconds
        Time after which no further batch is begun.

    Returns
    -------
    collections.Counter
        Entries by outcome: accepted, or stage and reason, and where a limit ended it, which.
        ``files`` is the number of damaged files.
    """
    outcomes: Counter[str] = Counter()
    end = time.monotonic() + seconds
    for number, start in enumerate(range(0, mutations, per_batch)):
        if time.monotonic() > end:
            break
        shutil.rmtree(folder, ignore_errors=True)
        indices = range(start, min(start + per_batch, mutations))
        kind = "zip" if number % 2 else "folder"
        try:
            outcomes += _batch(indices, seed, folder, kind)
        except Exception as error:
            error.add_note(f"seed {seed}, mutations {indices.start} to {indices.stop - 1}, {kind}")
            raise
        outcomes["files"] += len(indices)
        logging.getLogger(__name__).info("%d of %d: %s", indices.stop, mutations, dict(outcomes))
    return outcomes


def _batch(indices: range, seed: int, folder: Path, kind: str) -> Counter[str]:
    names, files = zip(*corpus().items(), strict=True)
    written = {}
    for index in indices:
        number, data = mutated(files, seed, index)
        written[f"{index:06d}-{names[number]}"] = data
    path = _laid_out(written, folder, kind)

    spec = {"kind": kind, "path": str(path)}
    entries = Counter(entry.name for entry in registry.entries("fuzz", spec, ""))
    of_file = Counter(name.split(":")[0] for name in entries.elements())
    assert set(of_file) == set(written)
    for name, data in written.items():
        assert of_file[name] >= _headers(data), name
    counts = structures.build(
        lambda: registry.entries("fuzz", spec, ""),
        "fuzz",
        {},
        folder / "crystals.parquet",
        folder / "rejects.parquet",
        max_sites=MAX_SITES,
        required_label=None,
        duplicates=True,
        processes=1,
        limit=None,
        seed=seed,
        provenance={},
        max_text_mb=5,
        seconds_per_entry=SECONDS,
        memory_mb_per_entry=MEMORY_MB,
    )
    accepted = _accepted(folder / "crystals.parquet")
    refused = _refused(folder / "rejects.parquet")
    assert counts.accepted == len(accepted)
    assert Counter(accepted) + Counter(name for name, *_ in refused) == entries

    n_sets = point_sets.build(
        folder / "crystals.parquet",
        folder / "sets",
        folder / "lost.parquet",
        source="fuzz",
        max_sites=50,
        max_atoms=50,
        supercell=Supercell.NEAR_CUBIC,
        crystals_per_shard=1000,
        seconds_per_crystal=SECONDS,
        memory_mb_per_crystal=MEMORY_MB,
        processes=1,
        provenance={},
    )
    sets = _represented(folder / "sets")
    lost = _refused(folder / "lost.parquet")
    assert n_sets == len(sets)
    assert sorted([*sets, *(name for name, *_ in lost)]) == sorted(accepted)
    return Counter({ACCEPTED: n_sets}) + Counter(outcome for _, outcome in [*refused, *lost])


def _headers(data: bytes) -> int:
    """Headers of blocks, where no text field can hold what looks like one."""
    text = re.sub(rb"\r\n?", b"\n", data)
    fields = re.search(rb"^;", text, re.MULTILINE)
    return 0 if fields else len(re.findall(rb"^\s*data_", text, re.MULTILINE | re.IGNORECASE))


def _laid_out(files: dict[str, bytes], folder: Path, kind: str) -> Path:
    if kind == "zip":
        folder.mkdir(parents=True)
        with zipfile.ZipFile(folder / "in.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(f"{name}.cif", data)
        return folder / "in.zip"
    (folder / "in").mkdir(parents=True)
    for name, data in files.items():
        (folder / "in" / f"{name}.cif").write_bytes(data)
    return folder / "in"


def _accepted(path: Path) -> list[str]:
    """Identifiers of a crystal table, whose crystals must be what their checks promise."""
    names = []
    for name, cell in cells(path):
        n_sites = len(cell.atomic_numbers)
        assert 0 < n_sites <= MAX_SITES, name
        assert cell.frac_coords.shape == (n_sites, 3), name
        assert (abs(cell.lattice) <= MAX_LENGTH).all(), name
        assert ((cell.frac_coords >= 0) & (cell.frac_coords <= 1)).all(), name
        assert ((cell.atomic_numbers >= 1) & (cell.atomic_numbers <= 99)).all(), name
        names.append(name)
    assert len(set(names)) == len(names)
    return names


def _represented(folder: Path) -> list[str]:
    names = []
    for name, one in read_shards([folder]):
        assert np.isfinite(one.levels).all(), name
        names.append(name)
    return names


def _refused(path: Path) -> list[tuple[str, str]]:
    """Identifier and outcome of every row of a rejects table, which must be of its vocabulary."""
    found = []
    for row in tables.read(path).to_dict("records"):
        assert row["reason"] in set(Reason), row
        assert 0 < len(row["message"]) <= MAX_MESSAGE, row
        ended = [f" ({name})" for name, said in _LIMITS.items() if said.match(row["message"])]
        found.append((row["entry"], "".join([f"{row['stage']}: {row['reason']}", *ended])))
    return found


def main() -> None:
    """Run a campaign and print what came of its entries."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--mutations", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("unlabelled").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    if len(corpus()) < 200:
        sys.exit(
            f"{len(corpus())} real files, fewer than 200; run make run first, which fetches {TABLE}"
        )
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        outcomes = campaign(options.mutations, options.seed, Path(folder) / "batch")
    files = outcomes.pop("files")
    sys.stdout.write(
        f"{files} mutations of {len(corpus())} files, seed {options.seed}: "
        f"{outcomes.total()} entries in {time.monotonic() - began:.0f} s\n"
    )
    sys.stdout.writelines(f"{count:7d}  {outcome}\n" for outcome, count in outcomes.most_common())


if __name__ == "__main__":
    main()
