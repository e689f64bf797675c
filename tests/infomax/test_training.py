import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from unlabelled.errors import UserError
from unlabelled.infomax.checkpoints import SafetensorsCheckpoint, flatten, unflatten
from unlabelled.infomax.initial import initialise
from unlabelled.infomax.options import PRESETS, variant
from unlabelled.infomax.training import Crystals, PreTraining, TrainingOptions, pretrain

EPOCHS = 4


def options(**changes):
    defaults = {
        "learning_rate": 1e-3,
        "max_epochs": EPOCHS,
        "patience": 10,
        "sites_per_batch": 24,
        "accelerator": "cpu",
    }
    return TrainingOptions(**{**defaults, **changes})


def equal(first, second):
    return all(
        torch.equal(a, b)
        for a, b in zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    )


@pytest.fixture(scope="module", params=PRESETS)
def preset(request):
    return request.param


@pytest.fixture(scope="module")
def corrected(crystals_for):
    """Crystals for the corrected variant."""
    return crystals_for(PRESETS["corrected"])


@pytest.fixture(scope="module")
def published(crystals_for):
    """Crystals for the variant as published."""
    return crystals_for(PRESETS["as_published"])


def test_an_interrupted_run_goes_on_as_if_nothing_had_happened(
    crystals_for, preset, tmp_path, monkeypatch
):
    many = crystals_for(PRESETS[preset])
    straight, straight_rows = pretrain(many, PRESETS[preset], options(), 0, tmp_path / "straight")
    step = PreTraining.training_step

    def interrupted(self, batch, batch_idx):
        if self.current_epoch == 2 and batch_idx == 1:
            raise KeyboardInterrupt
        return step(self, batch, batch_idx)

    with monkeypatch.context() as patch:
        patch.setattr(PreTraining, "training_step", interrupted)
        with pytest.raises((KeyboardInterrupt, SystemExit)):
            pretrain(many, PRESETS[preset], options(), 0, tmp_path / "twice")
    resumed, rows = pretrain(many, PRESETS[preset], options(), 0, tmp_path / "twice")
    assert equal(straight, resumed)
    timing = "crystals_per_second"
    for table in (rows, straight_rows):
        assert sorted(table.epoch.unique()) == list(range(EPOCHS))
    assert rows[rows.quantity != timing].equals(straight_rows[straight_rows.quantity != timing])


def test_training_lowers_the_loss_and_moves_every_part(corrected, tmp_path):
    encoder, rows = pretrain(corrected, PRESETS["corrected"], options(max_epochs=6), 0, tmp_path)
    losses = rows[(rows.part == "validation") & (rows.quantity == "dim")].value.to_numpy()
    assert losses.min() < losses[0]
    before = initialise(PRESETS["corrected"], 0).encoder
    still = {
        name
        for (name, a), b in zip(before.named_parameters(), encoder.parameters(), strict=True)
        if torch.equal(a, b)
    }
    # what is added to all logits alike has no effect, and so no gradient
    assert still <= {"local.attention.0.2.bias", "local.attention.1.bias"}


def test_the_best_epoch_is_kept(corrected, tmp_path):
    # A rate that makes things worse after the first epochs.
    encoder, rows = pretrain(
        corrected, PRESETS["corrected"], options(learning_rate=0.05), 0, tmp_path
    )
    losses = rows[(rows.part == "validation") & (rows.quantity == "dim")]
    best = int(losses.value.to_numpy().argmin())
    again, _ = pretrain(
        corrected,
        PRESETS["corrected"],
        options(learning_rate=0.05, max_epochs=best + 1),
        0,
        tmp_path / "again",
    )
    assert equal(encoder, again)


def test_patience_ends_a_run(corrected, tmp_path):
    _, rows = pretrain(
        corrected,
        PRESETS["corrected"],
        options(learning_rate=0.5, max_epochs=50, patience=2),
        0,
        tmp_path,
    )
    assert rows.epoch.max() < 49


def test_a_run_interrupted_after_it_stopped_early_trains_no_further(corrected, tmp_path):
    settings = options(learning_rate=0.5, max_epochs=50, patience=2)
    ends = [pretrain(corrected, PRESETS["corrected"], settings, 0, tmp_path) for _ in range(2)]
    assert len(set(ends[0][1].epoch)) < 50
    assert ends[0][1].equals(ends[1][1])
    for first, second in zip(*(end[0].state_dict().values() for end in ends), strict=True):
        assert torch.equal(first, second)


def test_the_labels_change_the_choice_of_the_epoch_but_not_the_encoder(published, tmp_path):
    other = Crystals(published.point_sets, published.labels[::-1].copy())
    single = options(max_epochs=1)
    first, _ = pretrain(published, PRESETS["as_published"], single, 0, tmp_path / "a")
    second, _ = pretrain(other, PRESETS["as_published"], single, 0, tmp_path / "b")
    assert equal(first, second)


def test_seeds_differ(corrected, tmp_path):
    single = options(max_epochs=1)
    first, _ = pretrain(corrected, PRESETS["corrected"], single, 0, tmp_path / "a")
    second, _ = pretrain(corrected, PRESETS["corrected"], single, 1, tmp_path / "b")
    assert not equal(first, second)


@pytest.mark.parametrize(("choice", "same"), [("deterministic", True), ("sampled", False)])
def test_d16_validation(corrected, tmp_path, choice, same):
    # Nothing is learnt, so only the draws can change the validation loss.
    settings = {"preset": "corrected", "validation": choice}
    _, rows = pretrain(corrected, variant(settings), options(learning_rate=1e-30), 0, tmp_path)
    losses = rows[(rows.part == "validation") & (rows.quantity == "dim")].value
    assert (losses.nunique() == 1) is same


@pytest.mark.parametrize("preset_name", PRESETS)
def test_d25_validation_fraction(crystals_for, preset_name):
    many = crystals_for(PRESETS[preset_name])
    module = PreTraining(PRESETS[preset_name], options(), many, 0)
    expected = int({"as_published": 0.05, "corrected": 0.10}[preset_name] * len(many))
    assert len(module.validation_part) == expected
    assert len(module.train_part) == len(many) - expected


def test_the_composition_term_is_trained(corrected, tmp_path):
    settings = {"preset": "corrected", "composition_weight": 1.0}
    single = options(max_epochs=1)
    with_term, _ = pretrain(corrected, variant(settings), single, 0, tmp_path / "a")
    without, _ = pretrain(corrected, PRESETS["corrected"], single, 0, tmp_path / "b")
    assert equal(with_term.local, without.local)
    assert not equal(with_term.pooled, without.pooled)


def test_two_devices(corrected, tmp_path):
    two, rows = pretrain(corrected, PRESETS["corrected"], options(devices=2), 0, tmp_path / "two")
    assert sorted(rows.epoch.unique()) == list(range(EPOCHS))
    losses = rows[(rows.part == "validation") & (rows.quantity == "dim")].value.to_numpy()
    assert losses[-1] < losses[0]
    assert all(torch.isfinite(p).all() for p in two.parameters())


def test_too_few_crystals(corrected, tmp_path):
    few = Crystals(corrected.point_sets[:5], corrected.labels[:5])
    with pytest.raises(UserError, match="5 crystals to train on and 0 for validation"):
        pretrain(few, PRESETS["corrected"], options(), 0, tmp_path)


def test_a_probe_without_labels(published, tmp_path):
    unlabelled = Crystals(published.point_sets, np.full((len(published), 1), np.nan))
    with pytest.raises(UserError, match="use selection: dim_loss"):
        pretrain(unlabelled, PRESETS["as_published"], options(), 0, tmp_path)


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False)
    | st.text()
    | st.builds(lambda x: torch.tensor(x, dtype=torch.float64), st.lists(st.floats(-1, 1))),
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text() | st.integers(-9, 9), inner)
    ),
    max_leaves=20,
)


def same(a, b):
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict):
        return type(b) is dict and list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


@given(values)
def test_checkpoints_come_back_as_they_were(value):
    tensors = {}
    assert same(value, unflatten(flatten(value, tensors), tensors))


def test_a_checkpoint_that_cannot_be_stored_leaves_the_old_one(tmp_path):
    path, writer = tmp_path / "a.ckpt", SafetensorsCheckpoint()
    writer.save_checkpoint({"weights": torch.arange(3)}, path)
    with pytest.raises(TypeError, match="cannot hold object"):
        writer.save_checkpoint({"weights": object()}, path)
    assert writer.load_checkpoint(path)["weights"].tolist() == [0, 1, 2]
    assert [p.name for p in tmp_path.iterdir()] == ["a.ckpt"]
