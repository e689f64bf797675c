import pandas as pd

from unlabelled.infomax.pool import SCHEMA, TaskSplit, pool


def table(**crystals):
    return pd.DataFrame({"material_id": list(crystals), "formula_reduced": list(crystals.values())})


def split(**parts):
    crystals = {"a": "NaCl", "b": "MgO", "c": "MgO", "halite": "NaCl", "d": "SiO2"}
    frame = table(**{name: crystals[name] for name in parts})
    return frame.assign(part=list(parts.values()))


ENERGY = TaskSplit("energies", split(a="train", b="test", c="train"))
GAP = TaskSplit("minerals", split(halite="train", d="test"))
ENERGIES = table(a="NaCl", b="MgO", c="MgO")
MINERALS = table(a="NaCl", halite="NaCl", periclase="MgO", b="SiO2")
DATASETS = {"energies": ENERGIES, "minerals": MINERALS}


def chosen(tasks, datasets=None, *, transductive=False, fraction=1.0, seed=0):
    return pool(
        datasets or DATASETS, tasks, transductive=transductive, fraction=fraction, seed=seed
    )


def used(table, dataset):
    return set(table.material_id[table.used & (table.dataset == dataset)])


def test_test_crystals_and_their_formulas_elsewhere_are_left_out():
    table = chosen({"energy": ENERGY})
    assert list(table.columns) == SCHEMA.names
    assert used(table, "energies") == {"a", "c"}
    assert used(table, "minerals") == {"halite", "b"}
    why = table.set_index(["dataset", "material_id"]).why
    assert why["energies", "b"] == "test crystal of energy"
    assert why["minerals", "periclase"] == "reduced formula of a test crystal of energy"
    assert why["minerals", "a"] == "already in energies"
    assert len(table) == 7


def test_the_test_crystals_of_every_task_are_left_out():
    silica = {"energies": table(a="NaCl", q="SiO2"), "minerals": table(d="SiO2", halite="NaCl")}
    both = chosen({"energy": ENERGY, "gap": GAP}, silica)
    assert used(both, "energies") == {"a"}
    assert used(both, "minerals") == {"halite"}
    one = chosen({"energy": ENERGY}, silica)
    assert used(one, "energies") == {"a", "q"}


def test_transductive_takes_all_but_repetitions():
    table = chosen({"energy": ENERGY, "gap": GAP}, transductive=True)
    assert used(table, "energies") == {"a", "b", "c"}
    assert used(table, "minerals") == {"halite", "periclase", "b"}


def test_a_task_s_dataset_need_not_take_part():
    assert used(chosen({"energy": ENERGY}, {"minerals": MINERALS}), "minerals") == {
        "a",
        "halite",
        "b",
    }


def test_smaller_fractions_are_parts_of_larger_ones():
    many = {"many": table(**{f"m{i}": f"A{i}" for i in range(400)})}
    shares = [used(chosen({}, many, fraction=f), "many") for f in (0.25, 0.5, 1.0)]
    assert shares[0] < shares[1] < shares[2]
    assert len(shares[2]) == 400
    assert 60 < len(shares[0]) < 140
    assert used(chosen({}, many, fraction=0.5, seed=1), "many") != shares[1]
