"""The encoder that comes with the package."""

from unlabelled import pretrained
from unlabelled.estimators.crystals import DeepInfoMaxEmbedder
from unlabelled.files import sha256


def test_the_card_is_of_this_encoder():
    card = (pretrained.FOLDER / "card.md").read_text()
    assert sha256(pretrained.FOLDER / "encoder.safetensors") in card
    known = pretrained.load()
    assert f"{len(known.domain.references)} crystals; no label was used" in card
    parameters = sum(parameter.numel() for parameter in known.encoder.parameters())
    assert f"{parameters} parameters" in card


def test_it_knows_common_crystals_and_not_impossible_ones(materials):
    embedder = DeepInfoMaxEmbedder().fit([])
    common = [materials[name] for name in ("NaCl", "CsCl", "TiO2", "SrTiO3", "ZnO")]
    assert embedder.distance(common).max() < 0.1 * embedder.domain_.limit
    stretched = [crystal.copy().scale_lattice(5 * crystal.volume) for crystal in common]
    assert embedder.distance(stretched).min() > 0.9 * embedder.domain_.limit
    assert not embedder.inside(stretched[:2]).any()


def test_it_is_small():
    sizes = [path.stat().st_size for path in pretrained.FOLDER.glob("*.safetensors")]
    assert sum(sizes) < 2_000_000
