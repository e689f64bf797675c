import pandas as pd

from unlabelled.infomax.pool import SCHEMA, pool


def table(**crystals):
    return pd.DataFrame({"material_id": list(crystals), "formula_reduced": list(crystals.values())})


SPLIT = pd.DataFrame(
    {
        "material_id": ["a", "b", "c"],
        "formula_reduced": ["NaCl", "MgO", "MgO"],
        "part": ["train", "test", "train"],
    }
)
TASK = table(a="NaCl", b="MgO", c="MgO")
MINERALS = table(a="NaCl", halite="NaCl", periclase="MgO", b="SiO2")


def used(chosen, dataset):
    return set(chosen.material_id[chosen.used & (chosen.dataset == dataset)])


def test_test_crystals_and_their_formulas_elsewhere_are_left_out():
    chosen = pool({"task": TASK, "minerals": MINERALS}, SPLIT, "task", transductive=False)
    assert list(chosen.columns) == SCHEMA.names
    assert used(chosen, "task") == {"a", "c"}
    assert used(chosen, "minerals") == {"halite", "b"}
    why = chosen.set_index(["dataset", "material_id"]).why
    assert why["task", "b"] == "test crystal of the task"
    assert why["minerals", "periclase"] == "reduced formula of a test crystal"
    assert why["minerals", "a"] == "already in task"
    assert len(chosen) == 7


def test_transductive_takes_all_but_repetitions():
    chosen = pool({"task": TASK, "minerals": MINERALS}, SPLIT, "task", transductive=True)
    assert used(chosen, "task") == {"a", "b", "c"}
    assert used(chosen, "minerals") == {"halite", "periclase", "b"}


def test_the_task_s_dataset_need_not_take_part():
    chosen = pool({"minerals": MINERALS}, SPLIT, "task", transductive=False)
    assert used(chosen, "minerals") == {"a", "halite", "b"}
