import numpy as np
import pandas as pd
import pytest

from unlabelled.label_masking.representation import concatenated


def table(**vectors):
    return pd.DataFrame(
        {"material_id": list(vectors), "v": [np.array(v) for v in vectors.values()]}
    )


def test_vectors_stand_behind_one_another_for_shared_crystals():
    joined = concatenated(
        [(table(b=[1.0], a=[2.0], c=[3.0]), "v"), (table(a=[4.0, 5.0], b=[6.0, 7.0]), "v")]
    )
    assert list(joined.material_id) == ["a", "b"]
    assert [list(v) for v in joined.embedding] == [[2, 4, 5], [1, 6, 7]]


def test_a_crystal_that_stands_twice_is_an_error():
    twice = pd.concat([table(a=[1.0]), table(a=[2.0])])
    with pytest.raises(ValueError, match="crystal a stands twice"):
        concatenated([(twice, "v")])
