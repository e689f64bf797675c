"""``unlabelled example``: real crystals and formulas to try the commands on."""

from pathlib import Path

import click

from unlabelled.errors import UserError

_CRYSTALS, _FORMULAS = "dielectric", "expt_gap"


@click.command(short_help="Real crystals and formulas to try the commands on.")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--size", type=click.IntRange(20, 1000), default=200, help="Number of crystals.")
def example(folder: Path, size: int) -> None:
    """Write a new FOLDER with data of the default study, as one's own would look.

    `cifs`: crystals (Petousis et al. 2017); `gaps.csv`: their computed band gaps in eV, with the
    columns name and gap; `formulas.csv`: measured gaps of five times as many compositions (Zhuo et
    al. 2018), with the columns formula and gap.

    \b
    Example:
      unlabelled example try && cd try && unlabelled embed cifs -o embeddings.csv
    """
    import pandas as pd
    from pymatgen.io.vasp.inputs import Poscar
    from tqdm import tqdm

    from unlabelled import default_study, seeds
    from unlabelled.files import written_whole
    from unlabelled.sources import registry

    if folder.exists():
        raise UserError(f"{folder} exists already; choose another name, or move it away")
    config, sources = default_study.read()
    random = seeds.generator(config["seed"], "example")
    spec = sources[_CRYSTALS]
    raw = default_study.raw_file(_CRYSTALS, sources)
    crystals = list(registry.entries(_CRYSTALS, spec, raw))
    chosen = sorted(random.permutation(len(crystals))[:size].tolist())
    raw = default_study.raw_file(_FORMULAS, sources)
    measured = list(registry.compositions(_FORMULAS, sources[_FORMULAS], raw))
    shown = sorted(random.permutation(len(measured))[: 5 * size].tolist())
    with written_whole(folder) as temporary:
        (temporary / "cifs").mkdir(parents=True)
        for place in tqdm(chosen, desc="crystals", disable=None):
            structure = Poscar.from_str(crystals[place].text).structure
            structure.to(filename=str(temporary / "cifs" / f"{crystals[place].name}.cif"))
        gaps = [(crystals[place].name, crystals[place].labels["band_gap"]) for place in chosen]
        pd.DataFrame(gaps, columns=["name", "gap"]).to_csv(temporary / "gaps.csv", index=False)
        values = [
            (measured[place].formula, measured[place].labels["measured_band_gap"])
            for place in shown
        ]
        pd.DataFrame(values, columns=["formula", "gap"]).to_csv(
            temporary / "formulas.csv", index=False
        )
    click.echo(
        f"{folder}: {len(chosen)} crystals in cifs, their gaps in gaps.csv; {len(shown)} measured "
        "gaps in formulas.csv"
    )
