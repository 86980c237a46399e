from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from godyno.errors import UsageError
from godyno.stats.share import share_interval


@given(st.integers(1, 5000), st.data())
def test_a_shares_interval_is_wilsons(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    wanted = binomtest(k, n).proportion_ci(method="wilson")
    found = share_interval(k / n, n)
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high), abs=1e-9)


@pytest.mark.parametrize(("share", "n"), [(0.5, 0), (1.5, 10), (-0.1, 10)])
def test_what_is_no_share_is_refused(share: float, n: int) -> None:
    with pytest.raises(UsageError):
        share_interval(share, n)
