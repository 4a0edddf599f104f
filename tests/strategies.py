"""What Hypothesis draws: tables of scores, p-values, verdicts about pairs."""

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

__all__ = ["permutations", "pvalues", "seeds", "tables", "verdicts"]

# Time limits of single examples measure the machine, not the code.
settings.register_profile("house", deadline=None, max_examples=40)
settings.load_profile("house")

seeds = st.integers(0, 2**32 - 1)


@st.composite
def tables(draw, *, models=(3, 6), blocks=(2, 12), ties=True):
    """Scores that differ somewhere: small integers (many ties) or distinct reals."""
    shape = (draw(st.integers(*blocks)), draw(st.integers(*models)))
    if ties and draw(st.booleans()):
        values = draw(hnp.arrays(np.float64, shape, elements=st.integers(0, 4).map(float)))
    else:
        # Multiples of 1/64 are exact in binary: sums and differences carry no rounding.
        size = shape[0] * shape[1]
        drawn = draw(st.lists(st.integers(-4096, 4096), min_size=size, max_size=size, unique=True))
        values = np.array(drawn, dtype=np.float64).reshape(shape) / 64.0
    if np.ptp(values, axis=1).max() == 0:
        values[0, 0] += 1.0
    return values


def permutations(n):
    """Orders of n things, as an index array."""
    return st.permutations(range(n)).map(np.array)


def pvalues(*, least=1, most=12):
    """Families of p-values, with ties, zeros and ones."""
    one = st.one_of(
        st.floats(0.0, 1.0, allow_subnormal=False),
        st.sampled_from([0.0, 1e-12, 0.01, 0.05, 0.5, 1.0]),
    )
    return st.lists(one, min_size=least, max_size=most).map(np.array)


@st.composite
def verdicts(draw, *, models=(1, 8)):
    """Symmetric matrices that say which pairs a test separates."""
    k = draw(st.integers(*models))
    upper = np.triu(draw(hnp.arrays(np.bool_, (k, k))), 1)
    return upper | upper.T
