import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import RidgeCV
from sklearn.preprocessing import StandardScaler

from unlabelled import tables
from unlabelled.errors import UserError
from unlabelled.label_masking import heads
from unlabelled.label_masking.evaluate import evaluate
from unlabelled.label_masking.schema import RESULTS
from unlabelled.label_masking.subsets import digest, subset

SETTINGS = {
    "task": "formation_energy",
    "label": "e_form",
    "arm": "corrected",
    "arm_seed": 4,
    "n_labels": 20,
    "draws": 3,
    "heads": ["ridge", "mlp"],
    "seed": 11,
}


@pytest.fixture
def data():
    generator = np.random.default_rng(0)
    ids = [f"mp-{i}" for i in generator.permutation(80)]
    X = generator.normal(size=(80, 64)).astype(np.float32)
    y = X @ generator.normal(size=64) / 8
    y[::10] = np.nan
    embeddings = pd.DataFrame({"material_id": ids, "embedding": list(X)})
    split = pd.DataFrame({"material_id": ids, "part": ["train"] * 50 + ["test"] * 30})
    crystals = pd.DataFrame({"material_id": ids, "e_form": y})
    return embeddings, split, crystals


def without_time(results):
    return results.drop(columns="seconds")


def test_rows_agree_with_scikit_learn_called_directly(data):
    embeddings, split, crystals = data
    results = evaluate(*data, **SETTINGS)
    joined = embeddings.merge(split).merge(crystals).dropna().set_index("material_id")
    train, test = (joined[joined["part"] == part] for part in ("train", "test"))
    for draw in range(3):
        ids = subset(list(train.index), 20, draw, seed=11, task="formation_energy")
        row = results[(results["draw"] == draw) & (results["head"] == "ridge")].iloc[0]
        chosen = train.loc[ids]
        scaler = StandardScaler().fit(np.stack(list(chosen["embedding"])).astype(float))
        model = RidgeCV(alphas=heads.PENALTIES).fit(
            scaler.transform(np.stack(list(chosen["embedding"])).astype(float)), chosen["e_form"]
        )
        errors = test["e_form"] - model.predict(
            scaler.transform(np.stack(list(test["embedding"])).astype(float))
        )
        assert row["mae"] == pytest.approx(errors.abs().mean())
        assert row["rmse"] == pytest.approx(np.sqrt((errors**2).mean()))
        spread = ((test["e_form"] - test["e_form"].mean()) ** 2).sum()
        assert row["r2"] == pytest.approx(1 - (errors**2).sum() / spread)
        assert row["label_ids_digest"] == digest(ids)
        assert row["n_test"] == len(test) == 27


def test_mae_by_hand():
    # constant embeddings: ridge predicts the mean of the two labels shown, -1
    embeddings = pd.DataFrame(
        {"material_id": list("abcd"), "embedding": [np.zeros(64, dtype=np.float32)] * 4}
    )
    split = pd.DataFrame({"material_id": list("abcd"), "part": ["train", "train", "test", "test"]})
    crystals = pd.DataFrame({"material_id": list("abcd"), "e_form": [0.0, -2.0, -4.0, 0.5]})
    settings = SETTINGS | {"n_labels": 2, "draws": 1, "heads": ["ridge"]}
    row = evaluate(embeddings, split, crystals, **settings).iloc[0]
    assert row["mae"] == pytest.approx((3 + 1.5) / 2)
    assert row["rmse"] == pytest.approx(np.sqrt((9 + 2.25) / 2))


def test_deterministic_and_independent_of_the_order_of_rows(data):
    first = evaluate(*data, **SETTINGS)
    shuffled = [table.sample(frac=1, random_state=i) for i, table in enumerate(data)]
    second = evaluate(*shuffled, **SETTINGS)
    pd.testing.assert_frame_equal(without_time(first), without_time(second))


def test_more_draws_and_other_heads_change_nothing(data):
    settings = SETTINGS | {"draws": 2, "heads": ["mlp"]}
    few = without_time(evaluate(*data, **settings))
    many = without_time(evaluate(*data, **SETTINGS))
    same = many[(many["head"] == "mlp") & (many["draw"] < 2)].reset_index(drop=True)
    pd.testing.assert_frame_equal(few, same)


def test_arms_see_the_same_labels(data):
    embeddings, split, crystals = data
    other = embeddings.assign(embedding=[2 * x[:32] for x in embeddings["embedding"]])
    settings = SETTINGS | {"arm": "untrained", "arm_seed": 0, "heads": ["ridge"]}
    first = evaluate(embeddings, split, crystals, **(SETTINGS | {"heads": ["ridge"]}))
    second = evaluate(other, split, crystals, **settings)
    assert list(first["label_ids_digest"]) == list(second["label_ids_digest"])
    assert first["label_ids_digest"].nunique() == 3


def test_results_fit_their_schema(data, tmp_path):
    results = evaluate(*data, **SETTINGS)
    tables.write(results, tmp_path / "results.parquet", RESULTS, {})
    pd.testing.assert_frame_equal(tables.read(tmp_path / "results.parquet"), results)


def test_missing_embeddings_are_counted_and_named(data):
    embeddings, split, crystals = data
    lacking = embeddings[~embeddings["material_id"].isin(["mp-17", "mp-3"])]
    with pytest.raises(UserError, match=r"2 of 80 crystals .* no embedding, first mp-17"):
        evaluate(lacking, split, crystals, **SETTINGS)


def test_input_that_the_user_must_mend(data):
    embeddings, split, crystals = data
    with pytest.raises(UserError, match="no label 'gap'"):
        evaluate(*data, **(SETTINGS | {"label": "gap"}))
    with pytest.raises(UserError, match="only 45 training"):
        evaluate(*data, **(SETTINGS | {"n_labels": 46}))
    with pytest.raises(UserError, match="no crystal of the test part"):
        evaluate(embeddings, split.assign(part="train"), crystals, **SETTINGS)
    with pytest.raises(UserError, match="row in the crystal table"):
        evaluate(embeddings, split, crystals.iloc[1:], **SETTINGS)
    diverged = embeddings.assign(embedding=[x * np.nan for x in embeddings["embedding"]])
    with pytest.raises(UserError, match="45 embeddings are not finite"):
        evaluate(diverged, split, crystals, **SETTINGS)
    single = split[(split["part"] == "train") | (split["material_id"] == split["material_id"][51])]
    with pytest.raises(UserError, match="at least 2"):
        evaluate(embeddings, single, crystals, **SETTINGS)
