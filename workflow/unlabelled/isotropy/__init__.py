"""Shape of clusters: how isotropic they are, beside what chance alone would give.

>>> from unlabelled.isotropy import isotropy
>>> float(isotropy([[0.0, 0.0, 0.0], [1.0, 2.0, 3.0]], measure="fractional_anisotropy_normalised"))
1.0
"""

from unlabelled.isotropy.bootstrap import Interval, bootstrap
from unlabelled.isotropy.measures import (
    MEASURES,
    Isotropy,
    Measure,
    OfCluster,
    isotropy,
)
from unlabelled.isotropy.null import Null, null, null_of_average
from unlabelled.isotropy.partition import i_rnd, i_vec
from unlabelled.isotropy.scorer import isotropy_scorer
from unlabelled.isotropy.spectrum import (
    effective_rank,
    eigenvalue_variance,
    fractional_anisotropy,
    fractional_anisotropy_normalised,
    isoscore,
    isoscore_star,
    mean_cosine,
    participation_ratio,
    participation_ratio_corrected,
)

__all__ = [
    "MEASURES",
    "Interval",
    "Isotropy",
    "Measure",
    "Null",
    "OfCluster",
    "bootstrap",
    "effective_rank",
    "eigenvalue_variance",
    "fractional_anisotropy",
    "fractional_anisotropy_normalised",
    "i_rnd",
    "i_vec",
    "isoscore",
    "isoscore_star",
    "isotropy",
    "isotropy_scorer",
    "mean_cosine",
    "null",
    "null_of_average",
    "participation_ratio",
    "participation_ratio_corrected",
]
