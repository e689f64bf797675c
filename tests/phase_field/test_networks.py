from dataclasses import replace

import numpy as np
import pytest
import torch

from unlabelled.errors import UserError
from unlabelled.phase_field import training
from unlabelled.phase_field.fields import ELEMENTS, PADDING
from unlabelled.phase_field.networks import Corrected, CorrectedOptions, Published
from unlabelled.phase_field.training import Options, class_weights, train

SEEDS = [11, 12, 13]
SMALL = CorrectedOptions(width=8, heads=2, dropout=0.2)


def vectors(k, members=None):
    shape = (87, k) if members is None else (members, 87, k)
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def fields(n, slots=5):
    random = np.random.default_rng(1)
    found = np.full((n, slots), PADDING, np.int8)
    for row in found:
        size = random.integers(1, slots + 1)
        row[:size] = np.sort(random.choice(len(ELEMENTS), size, replace=False))
    return found


def outputs(network, ids):
    with torch.inference_mode():
        given = torch.from_numpy(ids.astype(np.int64)).expand(network.members, -1, -1)
        return network.eval()(given).numpy()


def published(head="classifier", slots=5, seeds=SEEDS):
    return Published(vectors(6, len(SEEDS))[: len(seeds)], slots, head, seeds)


def corrected(seeds=SEEDS):
    return Corrected(vectors(6), SMALL, seeds)


def shuffled(ids):
    random = np.random.default_rng(2)
    return np.stack([random.permutation(row) for row in ids])


def test_order_matters_to_the_published_network_alone():
    ids = fields(30)
    of_sets = outputs(corrected(), ids)
    np.testing.assert_allclose(outputs(corrected(), shuffled(ids)), of_sets, atol=1e-5)
    of_lists = outputs(published(), ids)
    assert abs(outputs(published(), shuffled(ids)) - of_lists).max() > 1e-3


def test_empty_slots_change_nothing_in_the_corrected_network():
    ids = fields(30)
    more = np.pad(ids, ((0, 0), (0, 2)), constant_values=PADDING)
    np.testing.assert_allclose(
        outputs(corrected(), more), outputs(corrected(), ids), rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize(
    ("k", "slots", "count"), [(80, 8, 330_809), (120, 8, 494_689), (220, 9, 1_015_269)]
)
def test_the_published_network_has_as_many_numbers_as_the_released_weights(k, slots, count):
    network = Published(np.zeros((1, 87, k), np.float32), slots, "regressor", [0])
    numbers = sum(p.numel() for p in network.parameters())
    numbers += sum(b.numel() for name, b in network.named_buffers() if name != "vectors")
    assert numbers == count


def literal_published(network, member, ids):
    """One member, slot by slot and head by head."""
    tables = [layer.weight[member] for layer in (network.query, network.key, network.value)]
    biases = [layer.bias[member] for layer in (network.query, network.key, network.value)]
    x = network.vectors[member][torch.from_numpy(ids.astype(np.int64))]
    query, key, value = (x @ weight + bias for weight, bias in zip(tables, biases, strict=True))
    heads = []
    for head in range(8):
        part = slice(2 * head, 2 * head + 2)
        weights = torch.softmax(query[..., part] @ key[..., part].mT / np.sqrt(2), dim=-1)
        heads.append(weights @ value[..., part])
    joined = torch.cat(heads, -1) @ network.joined.weight[member] + network.joined.bias[member]
    flat = joined.flatten(1) / np.sqrt(1 + 1e-3)  # moments before training: 0 and 1
    hidden = torch.relu(flat @ network.hidden.weight[member] + network.hidden.bias[member])
    return hidden / np.sqrt(1 + 1e-3) @ network.out.weight[member] + network.out.bias[member]


def test_the_published_network_is_its_literal_form():
    network, ids = published().double(), fields(20)
    got = outputs(network, ids)
    for member in range(len(SEEDS)):
        with torch.inference_mode():
            np.testing.assert_allclose(
                got[member], literal_published(network, member, ids).numpy(), rtol=1e-10, atol=1e-12
            )


def trained(kind, seeds):
    ids = fields(40)
    above = (ids == 10).any(1) | (np.arange(40) % 2 == 0)
    if kind == "corrected":
        targets = np.stack([above, np.linspace(-1, 1, 40)], 1).astype(np.float32)
        options = Options(epochs=6, batch=16, learning_rate=1e-2, schedule="one_cycle")
        return train(corrected(seeds), ids, targets, training.corrected_loss, options, seeds, "cpu")
    if kind == "classifier":
        loss = training.published_classifier_loss(class_weights(above))
        options = Options(epochs=12, batch=16, learning_rate=1e-2, patience=2)
        network = published("classifier", seeds=seeds)
        return train(network, ids, above.astype(np.float32), loss, options, seeds, "cpu")
    options = Options(epochs=12, batch=16, learning_rate=1e-2, patience=1, validation=0.2)
    network, values = published("regressor", seeds=seeds), np.linspace(0, 5, 40, dtype=np.float32)
    loss = training.published_regressor_loss
    return train(network, ids, values, loss, options, seeds, "cpu")


@pytest.mark.parametrize("kind", ["corrected", "classifier", "regressor"])
def test_a_member_alone_is_the_member_of_the_ensemble(kind):
    together, alone = trained(kind, SEEDS), trained(kind, SEEDS[:1])
    np.testing.assert_allclose(together.losses[0], alone.losses[0], rtol=1e-5)
    states = [found.network.state_dict() for found in (together, alone)]
    # before a batch normalisation a bias has no gradient but rounding, which Adam makes a walk of
    for name in ("hidden.weight", "out.weight", "out.bias"):
        np.testing.assert_allclose(states[0][name][0], states[1][name][0], rtol=1e-3, atol=1e-5)
    assert not np.allclose(together.losses[0, 0], together.losses[1, 0])


def test_members_stop_one_by_one_and_keep_their_best_state():
    ids, values = fields(40), np.linspace(0, 5, 40, dtype=np.float32)
    options = Options(epochs=40, batch=16, learning_rate=0.02, patience=2, validation=0.2)
    loss = training.published_regressor_loss
    found = train(published("regressor"), ids, values, loss, options, SEEDS, "cpu")
    epochs = np.isfinite(found.losses).sum(1)
    assert len(set(epochs)) > 1
    # the first to stop, before rounding grows
    member = int(epochs.argmin())
    alone = replace(options, epochs=int(epochs[member]) - 2, patience=None)
    seeds = SEEDS[member : member + 1]
    network = Published(vectors(6, len(SEEDS))[member : member + 1], 5, "regressor", seeds)
    best = train(network, ids, values, loss, alone, seeds, "cpu").network
    np.testing.assert_allclose(
        found.network.hidden.weight[member].detach(), best.hidden.weight[0].detach(), atol=1e-4
    )


def test_a_member_sees_its_own_rows_alone():
    ids, options = fields(40), Options(epochs=3, batch=16, learning_rate=1e-2)
    targets = np.stack([np.arange(40) % 2, np.linspace(-1, 1, 40)], 1).astype(np.float32)
    rows = np.stack([np.arange(30), np.arange(10, 40)])
    loss, seeds = training.corrected_loss, SEEDS[:2]
    found = train(corrected(seeds), ids, targets, loss, options, seeds, "cpu", rows)
    for member, of_member in enumerate(rows):
        seed = seeds[member : member + 1]
        alone = train(corrected(seed), ids[of_member], targets[of_member], loss, options, seed)
        np.testing.assert_allclose(found.losses[member], alone.losses[0], rtol=1e-5)


def test_training_learns_which_element_decides():
    ids = fields(300, slots=4)
    above = (ids == 10).any(1) | (ids == 20).any(1) | (ids == 30).any(1)
    targets = np.stack([above, above], 1).astype(np.float32)
    options = Options(epochs=40, batch=64, learning_rate=1e-2, schedule="one_cycle")
    found = train(corrected(), ids, targets, training.corrected_loss, options, SEEDS, "cpu")
    logits = outputs(found.network, ids)[..., 0].mean(0)
    assert logits[above].min() > logits[~above].max()


def test_class_weights_and_rates_of_the_released_code():
    above = np.repeat([False, True], [2763, 1990])
    assert class_weights(above) == pytest.approx([0.8601, 1.1942], abs=1e-4)
    assert training.PUBLISHED["regressor"].rate(100, 10_000) == pytest.approx(5e-4)
    one_cycle = Options(epochs=1, batch=1, schedule="one_cycle")
    rates = [one_cycle.rate(step, 100) for step in range(100)]
    assert max(rates) == pytest.approx(1e-3)
    assert rates[-1] < 1e-5 < rates[0] < rates[5]


@pytest.mark.parametrize(
    ("ids", "targets", "message"),
    [
        (np.empty((0, 2), np.int8), np.empty(0, np.float32), "no fields"),
        (
            np.array([[0, 1], [PADDING, PADDING]], np.int8),
            np.zeros(2, np.float32),
            "field 1 has no",
        ),
        (np.array([[0, 1]], np.int8), np.array([np.nan], np.float32), "target of field 0"),
    ],
)
def test_what_cannot_be_trained_on_is_said(ids, targets, message):
    network = published("regressor", slots=2)
    options = Options(epochs=1, batch=2)
    with pytest.raises(UserError, match=message):
        train(network, ids, targets, training.published_regressor_loss, options, SEEDS, "cpu")


def test_one_class_is_said():
    with pytest.raises(UserError, match="0 of 4 fields are above"):
        class_weights(np.zeros(4, bool))


def test_the_published_penalty_is_that_of_keras_in_value_and_gradient() -> None:
    """L1 of .01 and L2 of .001 on the kernel of the hidden layer, member by member."""
    vectors = np.random.default_rng(0).random((3, 87, 5)).astype(np.float32)
    network = Published(vectors, 4, "regressor", [0, 1, 2])
    weight = network.hidden.weight.detach().double().requires_grad_()
    wanted = (0.01 * weight.abs() + 0.001 * weight**2).sum((1, 2))
    scale = torch.tensor([1.0, 2.0, 3.0])
    (wanted * scale).sum().backward()
    penalty = network.penalty()
    (penalty * scale).sum().backward()
    torch.testing.assert_close(penalty.double(), wanted, rtol=1e-5, atol=0)
    gradient = network.hidden.weight.grad
    assert gradient is not None
    assert weight.grad is not None
    torch.testing.assert_close(gradient.double(), weight.grad, rtol=1e-6, atol=1e-9)
