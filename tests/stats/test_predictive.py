"""Diebold-Mariano: references, invariances, flags, what others get wrong, bad input."""

import copy
import json
import pickle
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stats
from stats.predictive import diebold_mariano
from tests.strategies import seeds

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "diebold_mariano"
WINDOW = {"acf": "rect", "bartlett": "bartlett"}
ALL_VARIANCES = ("rect", "bartlett", "hac", "qs", "fixed_b", "wpe", "ewc", "groups")


def cases(name: str) -> list[dict]:
    return json.loads((GOLDEN / name).read_text())["cases"]


def matrix(rows: list[list[float | None]]) -> np.ndarray:
    return np.array([[np.nan if v is None else v for v in row] for row in rows])


def losses(seed: int, n: int = 60, k: int = 4) -> np.ndarray:
    rng = np.random.default_rng(seed)
    errors = rng.normal(size=(n + 2, k)) + 0.5 * rng.normal(size=(n + 2, 1))
    return (errors[2:] + errors[1:-1] + errors[:-2]) ** 2 * np.linspace(1, 1.5, k)


@pytest.fixture
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stats.StatsWarning)
        yield


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("case", cases("dm_test_R.json"), ids=lambda c: c["name"])
def test_agrees_with_r_forecast(case):  # R 4.2.2, forecast 8.20, dm.test
    given_, expected = case["inputs"], case["expected"]
    table = np.abs(np.column_stack([given_["e1"], given_["e2"]])) ** given_["power"]
    for alternative in ("two.sided", "less", "greater"):
        result = diebold_mariano(
            table,
            horizon=given_["h"],
            variance=WINDOW[given_["varestimator"]],
            alternative=alternative.replace(".", "-"),
        )
        assert result.n_used[0, 1] == expected["n"]
        assert result.difference[0, 1] == pytest.approx(expected["mean_d"], rel=1e-8)
        assert result.long_run_variance[0, 1] == pytest.approx(expected["lrv"], rel=1e-8)
        assert result.negative_variance[0, 1] == expected["negative_variance"]
        if expected["negative_variance"]:
            # R refits with h = 1 here and reports its p-value; we say that there is none
            assert np.isnan(result.statistic[0, 1])
            assert np.isnan(result.pvalue[0, 1])
            assert not result.rejects(0.99)[0, 1]
            continue
        told = expected[alternative]
        assert result.statistic[0, 1] == pytest.approx(told["statistic"], rel=1e-8)
        assert result.pvalue[0, 1] == pytest.approx(told["p_value"], rel=1e-8, abs=1e-10)


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("case", cases("dm_all_pairs.json"), ids=lambda c: c["name"])
def test_all_pairs_agree_with_one_pair_at_a_time(case):
    given_, expected = case["inputs"], case["expected"]
    result = diebold_mariano(
        np.array(given_["losses"]), horizon=given_["h"], variance=WINDOW[given_["kernel"]]
    )
    rel = case.get("tolerance", {"rtol": 1e-8})["rtol"]
    for ours, name in ((result.statistic, "dm"), (result.pvalue, "p")):
        assert ours == pytest.approx(matrix(expected[name]), rel=rel, abs=1e-10, nan_ok=True)
    variance = matrix(expected["lrv"])
    assert result.long_run_variance == pytest.approx(variance, rel=rel, nan_ok=True)
    named = {
        "holm": "holm",
        "bonferroni": "bonferroni",
        "hommel": "hommel",
        "fdr_bh": "bh",
        "fdr_by": "by",
        "simes-hochberg": "hochberg",
    }
    pairs = tuple(np.array(expected.get("pairs", [])).T)
    for theirs, values in expected.get("adjusted_upper", {}).items():
        ours = result.adjusted(named[theirs]).pvalue[pairs]
        told = np.array([np.nan if v is None else v for v in values])
        assert ours == pytest.approx(told, rel=1e-8, abs=1e-10, nan_ok=True)


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("case", cases("dm_fixed_smoothing.json"), ids=lambda c: c["name"])
def test_fixed_smoothing_agrees_with_forecomp(case):  # R ForeComp 1.0.0
    d, expected = np.array(case["inputs"]["d"]), case["expected"]
    table = np.column_stack([d, np.zeros_like(d)])

    def against(variance, bandwidth, told):
        result = diebold_mariano(table, variance=variance, bandwidth=bandwidth)
        assert result.statistic[0, 1] == pytest.approx(told["stat"], rel=1e-8)
        if "p" in told:
            assert result.pvalue[0, 1] == pytest.approx(told["p"], rel=1e-8)
        else:
            assert result.rejects(0.05)[0, 1] == told["reject05"]
            b = (bandwidth or told["M"]) / len(d)
            critical = stats.longrun.fixed_b_critical_value(b, alpha=0.05)
            assert critical == pytest.approx(told["crit05"], rel=1e-8)

    against("hac", None, expected["bartlett_normal_NW1994"])
    against("fixed_b", None, expected["bartlett_fixed_b_CI"])
    against("fixed_b", expected["bartlett_fixed_b_LLSW"]["M"], expected["bartlett_fixed_b_LLSW"])
    against("ewc", None, expected["ewc"])
    against("groups", None, expected["ibragimov_muller_q4"])
    against("wpe", expected["wpe"]["m"], expected["wpe"])
    if len(d) != 64:  # floor(64^(1/3)) is 4; R's floating point says 3
        against("wpe", None, expected["wpe"])


@settings(max_examples=25)
@given(seeds, st.sampled_from(ALL_VARIANCES), st.permutations(range(4)))
def test_permuting_models_permutes_the_result(seed, variance, order):
    table = losses(seed)
    base = _quietly(table, horizon=3, variance=variance)
    moved = _quietly(table[:, order], horizon=3, variance=variance)
    for name in ("statistic", "pvalue", "difference", "long_run_variance"):
        expected = getattr(base, name)[np.ix_(order, order)]
        assert getattr(moved, name) == pytest.approx(expected, rel=1e-8, abs=1e-10, nan_ok=True)


@settings(max_examples=25)
@given(seeds, st.sampled_from(ALL_VARIANCES), st.floats(1e-3, 1e3))
def test_a_constant_per_time_does_nothing_and_scale_cancels(seed, variance, scale):
    table = losses(seed)
    level = np.random.default_rng(seed).normal(size=(len(table), 1)) * 100
    base = _quietly(table, horizon=3, variance=variance)
    for changed in (table + level, table * scale):
        result = _quietly(changed, horizon=3, variance=variance)
        assert result.statistic == pytest.approx(base.statistic, rel=1e-6, abs=1e-8, nan_ok=True)
        assert result.pvalue == pytest.approx(base.pvalue, rel=1e-6, abs=1e-9, nan_ok=True)


@settings(max_examples=25)
@given(seeds, st.sampled_from(ALL_VARIANCES))
def test_swapping_losses_turns_the_sign_and_the_sides(seed, variance):
    table = losses(seed, k=2)
    result = _quietly(table, horizon=2, variance=variance)
    assert result.statistic == pytest.approx(-result.statistic.T, nan_ok=True)
    assert result.pvalue == pytest.approx(result.pvalue.T, nan_ok=True)
    less = _quietly(table, horizon=2, variance=variance, alternative="less")
    greater = _quietly(table, horizon=2, variance=variance, alternative="greater")
    assert less.pvalue == pytest.approx(greater.pvalue.T, nan_ok=True)
    assert less.pvalue[0, 1] + greater.pvalue[0, 1] == pytest.approx(1, nan_ok=True)
    assert result.pvalue[0, 1] == pytest.approx(
        2 * min(less.pvalue[0, 1], greater.pvalue[0, 1]), nan_ok=True
    )


@settings(max_examples=20)
@given(seeds, st.sampled_from(ALL_VARIANCES))
def test_a_pair_does_not_depend_on_the_pool(seed, variance):
    table = losses(seed, k=5)
    pool = _quietly(table, horizon=3, variance=variance)
    alone = _quietly(table[:, [1, 3]], horizon=3, variance=variance)
    assert pool.statistic[1, 3] == pytest.approx(alone.statistic[0, 1], rel=1e-7, nan_ok=True)


def _quietly(*args, **kwargs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stats.StatsWarning)
        return diebold_mariano(*args, **kwargs)


def test_default_is_the_plain_variance_for_one_step_and_wpe_beyond():
    cube = np.stack([losses(1, 300), losses(2, 300)], axis=2)
    result = diebold_mariano(cube, horizon=[1, 6])
    assert result.estimators == ("rect", "wpe")
    one = diebold_mariano(cube[:, :, 0], horizon=1, variance="rect")
    six = diebold_mariano(cube[:, :, 1], horizon=6, variance="wpe")
    assert result.statistic[..., 0] == pytest.approx(one.statistic, nan_ok=True)
    assert result.at(6).pvalue == pytest.approx(six.pvalue, nan_ok=True)
    assert result.at(6).groups() == six.groups()


def test_many_horizons_are_one_family():
    cube = np.stack([losses(s, 200) for s in range(3)], axis=2)
    result = diebold_mariano(cube, horizon=[1, 2, 3])
    holm = result.adjusted("holm")
    upper = np.triu_indices(4, 1)
    assert holm.pvalue[upper].ravel() == pytest.approx(stats.holm(result.pvalue[upper].ravel()))
    assert (holm.at(2).pvalue[upper] >= result.at(2).adjusted("holm").pvalue[upper]).all()
    assert len(result.to_frame()) == 18
    with pytest.raises(stats.OptionError, match="groups are of one horizon"):
        result.groups()
    with pytest.raises(stats.OptionError, match="already adjusted"):
        holm.adjusted("bh")
    with pytest.raises(stats.OptionError, match="logic of the pairs of one horizon"):
        result.adjusted("shaffer")
    with pytest.raises(stats.OptionError, match="no horizon 24"):
        result.at(24)
    with pytest.raises(stats.OptionError, match="3 slices have the horizon 2"):
        diebold_mariano(cube, horizon=2).at(2)


def test_names_and_times_come_from_a_frame():
    pd = pytest.importorskip("pandas")
    index = pd.date_range("2026-01-01", periods=60, freq="h")
    frame = pd.DataFrame(losses(3), columns=["naive", "drift", "linear", "lstm"], index=index)
    result = diebold_mariano(frame)
    assert result.names == ("naive", "drift", "linear", "lstm")
    table = result.to_frame()
    assert list(table.columns[:3]) == ["first", "second", "horizon"]
    assert len(table) == 6
    assert result.locations == pytest.approx(frame.mean().to_numpy())


def test_the_interval_holds_zero_exactly_when_the_test_does_not_reject():
    for variance in ALL_VARIANCES:
        result = _quietly(losses(4, 120, 6), horizon=2, variance=variance)
        low, high = result.confidence_interval(0.95)
        upper = np.triu_indices(6, 1)
        outside = (low > 0) | (high < 0)
        assert (outside == result.rejects(0.05))[upper].all()
        assert ((low + high) / 2)[upper] == pytest.approx(result.difference[upper])


def test_a_family_against_one_model_is_smaller():
    result = diebold_mariano(losses(17, 200, 6), horizon=2)
    control = result.versus("m2")
    off = np.arange(6) != 2
    assert control.statistic[off] == pytest.approx(result.statistic[off, 2])
    assert control.adjusted("holm").pvalue[off] == pytest.approx(stats.holm(result.pvalue[off, 2]))
    assert (control.adjusted("holm").pvalue <= result.adjusted("holm").pvalue[:, 2])[off].all()
    assert "T = 200 times" in control.summary()
    assert "200 times" in control.methods()
    with pytest.raises(stats.OptionError, match="no model is named 'naive'"):
        result.versus("naive")
    with pytest.raises(stats.OptionError, match="already adjusted"):
        result.adjusted("holm").versus("m2")
    less = diebold_mariano(losses(17, 200, 6), horizon=2, alternative="less").versus("m2")
    upper = control.difference[off] < 0
    assert less.pvalue[off][upper] == pytest.approx(control.pvalue[off][upper] / 2)


# What is flagged -----------------------------------------------------------------------------


def test_a_negative_variance_is_a_flag_and_leaves_the_family():
    n = 60
    t = np.arange(n)
    rng = np.random.default_rng(0)
    wave = 2 * np.cos(np.pi * 0.9 * t) + 0.2  # strong negative autocorrelation
    table = np.column_stack([5 + wave, np.full(n, 5.0), 5 + 20 * rng.normal(size=n)])
    with pytest.warns(stats.DegenerateWarning, match=r"negative variance.*cannot be negative"):
        result = diebold_mariano(table, horizon=2, variance="rect")
    assert result.negative_variance[0, 1]
    assert result.long_run_variance[0, 1] < 0
    assert np.isnan(result.statistic[0, 1])
    assert np.isnan(result.pvalue[0, 1])
    assert result.undefined[0, 1]
    others = [(0, 2), (1, 2)]
    raw = np.array([result.pvalue[p] for p in others])
    told = np.array([result.adjusted("holm").pvalue[p] for p in others])
    assert told == pytest.approx(stats.holm(raw))  # 2 tests, not 3 with a p of 1
    assert any("negative variance" in note for note in result.notes)
    assert "negative variance" in result.summary()
    assert "negative variance estimate" in result.methods()


@pytest.mark.parametrize("variance", ALL_VARIANCES)
def test_equal_models_and_constant_differences_are_flagged(variance):
    base = losses(5, 80, 3)
    table = np.column_stack([base, base[:, 0], base[:, 1] + 0.1])
    with pytest.warns(stats.DegenerateWarning, match=r"2 pair\(s\).*the same model"):
        result = diebold_mariano(table, variance=variance)
    flagged = {tuple(p) for p in np.argwhere(np.triu(result.degenerate))}
    assert flagged == {(0, 3), (1, 4)}
    assert np.isnan(result.pvalue[0, 3])
    assert np.isnan(result.statistic[1, 4])
    # and a duplicate changes nothing about the others
    alone = diebold_mariano(base, variance=variance)
    assert result.statistic[:3, :3] == pytest.approx(alone.statistic, rel=1e-8, nan_ok=True)
    assert result.statistic[3, 2] == pytest.approx(alone.statistic[0, 2], rel=1e-8)


def test_a_difference_that_the_estimator_cannot_see_is_flagged():
    # d alternates around 0.1: every low frequency is exactly zero, so wpe has nothing to divide by
    n = 64
    d = 0.1 + np.where(np.arange(n) % 2, 1.0, -1.0)
    with pytest.warns(stats.DegenerateWarning):
        result = diebold_mariano(np.column_stack([d, np.zeros(n)]), variance="wpe")
    assert result.degenerate[0, 1]
    assert np.isnan(result.pvalue[0, 1])


def test_nearly_equal_models_keep_their_digits():
    rng = np.random.default_rng(6)
    base = rng.normal(size=(400, 1)) ** 2
    tiny = 1e-7 * rng.normal(size=(400, 2))
    result = diebold_mariano(
        np.column_stack([base + tiny, 3 * base]), variance="bartlett", horizon=3
    )
    alone = diebold_mariano(tiny, variance="bartlett", horizon=3)
    assert result.statistic[0, 1] == pytest.approx(alone.statistic[0, 1], rel=1e-6)


def test_an_exploded_model_does_not_blur_the_others():
    table = losses(7, 200, 5)
    wild = 1e14 * np.random.default_rng(7).chisquare(1, size=200)
    base = diebold_mariano(table, horizon=3)
    with_wild = diebold_mariano(np.column_stack([table, wild]), horizon=3)
    assert with_wild.statistic[:5, :5] == pytest.approx(base.statistic, rel=1e-9, nan_ok=True)


def test_short_series_are_warned_about_once_with_the_remedy():
    with pytest.warns(stats.ShortSeriesWarning, match=r"60 times.*12 steps.*simplefilter") as told:
        result = diebold_mariano(losses(8), horizon=12)
    assert len(told) == 1
    assert any("60 times are fewer than 10" in note for note in result.notes)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        diebold_mariano(losses(8, 120), horizon=12)


# Missing losses ------------------------------------------------------------------------------


def test_missing_losses_need_a_word():
    table = losses(9)
    table[3, 1] = np.nan
    with pytest.raises(stats.LossesError, match=r"1 of 240 losses are missing.*time 3, model 'm1'"):
        diebold_mariano(table)


@pytest.mark.parametrize("variance", ALL_VARIANCES)
def test_missing_ends_only_shorten_the_series(variance):
    # R's dm.test counts missing ends in n
    table = losses(10, 100)
    holed = table.copy()
    holed[:4, 0] = np.nan
    holed[-3:, 2] = np.nan
    cut = diebold_mariano(table[4:-3], horizon=3, variance=variance)
    result = diebold_mariano(holed, horizon=3, variance=variance, missing="drop_times")
    assert (result.n_used[np.triu_indices(4, 1)] == 93).all()
    assert result.statistic == pytest.approx(cut.statistic, rel=1e-8, nan_ok=True)
    assert result.pvalue == pytest.approx(cut.pvalue, rel=1e-8, nan_ok=True)


@pytest.mark.parametrize("variance", ALL_VARIANCES)
def test_pairwise_uses_the_times_each_pair_has(variance):
    table = losses(11, 100)
    holed = table.copy()
    holed[:4, 0] = np.nan
    holed[-3:, 2] = np.nan
    result = diebold_mariano(holed, horizon=3, variance=variance, missing="pairwise")
    for (i, j), rows in {
        (0, 1): slice(4, 100),
        (1, 2): slice(0, 97),
        (0, 2): slice(4, 97),
        (1, 3): slice(0, 100),
    }.items():
        alone = diebold_mariano(table[rows][:, [i, j]], horizon=3, variance=variance)
        for name in ("statistic", "pvalue", "difference", "long_run_variance", "n_used"):
            ours = getattr(result, name)
            assert ours[i, j] == pytest.approx(getattr(alone, name)[0, 1], rel=1e-8, nan_ok=True)
            assert ours[j, i] == pytest.approx(getattr(alone, name)[1, 0], rel=1e-8, nan_ok=True)
    one_sided = diebold_mariano(
        holed, horizon=3, variance=variance, missing="pairwise", alternative="less"
    )
    alone = diebold_mariano(
        table[4:97][:, [0, 2]], horizon=3, variance=variance, alternative="less"
    )
    assert one_sided.pvalue[0, 2] == pytest.approx(alone.pvalue[0, 1], rel=1e-8)
    assert one_sided.pvalue[2, 0] == pytest.approx(alone.pvalue[1, 0], rel=1e-8)


def test_gaps_inside_keep_distances_in_time():
    # autocovariances must pair neighbours in time, not neighbours in what is left
    rng = np.random.default_rng(12)
    d = np.convolve(rng.normal(size=401), [1, 1], mode="valid")
    used = np.ones(400, dtype=bool)
    used[rng.choice(np.arange(1, 399), size=100, replace=False)] = False
    holed = np.column_stack([np.where(used, d, np.nan), np.zeros(400)])
    result = diebold_mariano(holed, horizon=2, variance="rect", missing="drop_times")
    x = np.where(used, d - d[used].mean(), 0.0)
    by_hand = (x @ x + 2 * x[1:] @ x[:-1]) / 300
    assert result.n_used[0, 1] == 300
    assert result.long_run_variance[0, 1] == pytest.approx(by_hand)


def test_rows_left_out_of_a_frame_are_noted():
    pd = pytest.importorskip("pandas")
    index = pd.date_range("2026-01-01", periods=120, freq="h")
    frame = pd.DataFrame(losses(18, 120), index=index)
    assert diebold_mariano(frame, horizon=3).notes == ()
    notes = diebold_mariano(frame.drop(index[40:70]), horizon=3).notes
    assert "1 time(s) are much further from their neighbour (up to 1 days 07:00:00)" in notes[0]
    weekdays = pd.DataFrame(losses(18, 120), index=pd.bdate_range("2026-01-01", periods=120))
    assert diebold_mariano(weekdays).notes == ()
    named = pd.DataFrame(losses(18, 20), index=list("abcdefghijklmnopqrst"))
    assert diebold_mariano(named).notes == ()


def test_groups_are_of_the_times_that_are_there():
    d = np.random.default_rng(13).normal(size=50)
    holed = np.column_stack([d, np.zeros(50)])
    holed[[7, 20, 21], 0] = np.nan
    result = diebold_mariano(holed, variance="groups", missing="drop_times")
    left = np.delete(d, [7, 20, 21])
    means = np.array([part.mean() for part in np.array_split(left, 4)])
    assert result.statistic[0, 1] == pytest.approx(means.mean() / means.std(ddof=1) * 2)


def test_a_pair_without_common_times_is_flagged():
    table = losses(13, 40, 3)
    table[:20, 0] = np.nan
    table[20:, 1] = np.nan
    with pytest.warns(stats.StatsWarning):
        result = diebold_mariano(table, missing="pairwise")
    assert result.n_used[0, 1] == 0
    assert result.undefined[0, 1]
    assert not np.isnan(result.statistic[0, 2])
    with pytest.raises(stats.LossesError, match="0 complete times are too few"):
        diebold_mariano(table, missing="drop_times")


# Results -------------------------------------------------------------------------------------


def test_results_survive_pickling_and_compare_by_value():
    result = diebold_mariano(losses(14))
    again = pickle.loads(pickle.dumps(result))
    assert again == result
    assert copy.deepcopy(result) == result
    assert result != diebold_mariano(losses(15))
    with pytest.raises(ValueError, match="read-only"):
        again.statistic[0, 1] = 0
    assert result.adjusted("holm") != result


def test_the_words_of_a_result_name_what_was_done():
    result = diebold_mariano(losses(16, 200), horizon=3).adjusted("holm")
    text = result.methods()
    for word in ("Diebold-Mariano", "4 models", "200 times", "horizon 3", "holm over 6 tests"):
        assert word in text
    assert "first 5 periodogram ordinates" in text
    assert "10 degrees of freedom" in text
    hln = diebold_mariano(losses(16, 200), horizon=3, variance="bartlett").methods()
    assert "Harvey, Leybourne and Newbold" in hln
    assert "\\toprule" in result.to_latex()
    assert "<table>" in result._repr_html_()
    assert "T = 200 times" in repr(result)


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: diebold_mariano([["a", "b"], ["c", "d"]]), TypeError, "numbers are needed"),
        (lambda: diebold_mariano(np.ones((9, 1))), ValueError, "at least 2 models.*got 1"),
        (lambda: diebold_mariano(np.ones(9)), ValueError, "2 dimensions"),
        (lambda: diebold_mariano(losses(0, 3)[:2]), ValueError, "too few"),
        (lambda: diebold_mariano(losses(0, 20), horizon=20), ValueError, "too few for horizon 20"),
        (lambda: diebold_mariano(losses(0), horizon=0), ValueError, "at least 1, got 0"),
        (lambda: diebold_mariano(losses(0), horizon=1.5), (TypeError, ValueError), "1.5|iterable"),
        (lambda: diebold_mariano(losses(0), horizon=[1, 2]), ValueError, "2 horizons.*have 1"),
        (lambda: diebold_mariano(np.ones((9, 2, 2))), ValueError, r"need horizon=.*\[1, 6, 24\]"),
        (
            lambda: diebold_mariano(np.ones((9, 2, 2)), horizon=[3, 3]),
            ValueError,
            "horizons must differ",
        ),
        (lambda: diebold_mariano(losses(0), variance="nw"), ValueError, "variance must be one of"),
        (lambda: diebold_mariano(losses(0), bandwidth=3), ValueError, "say which with variance="),
        (
            lambda: diebold_mariano(losses(0), alternative="two.sided"),
            ValueError,
            "alternative must be one of",
        ),
        (lambda: diebold_mariano(losses(0), missing="omit"), ValueError, "missing must be one of"),
        (lambda: diebold_mariano(losses(0)).rejects(5), ValueError, r"inside \(0, 1\)"),
        (
            lambda: diebold_mariano(np.where(losses(0) > 9, np.inf, losses(0))),
            ValueError,
            "must be finite",
        ),
        (
            lambda: diebold_mariano(losses(0), variance="wpe", bandwidth=40),
            ValueError,
            "from 1 to 29 for 60",
        ),
    ],
)
def test_bad_input_is_named(call, error, match):
    with pytest.raises(error, match=match):
        call()


def test_unsorted_and_duplicated_times_are_refused():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(losses(0)[:, :2], columns=["a", "b"])
    with pytest.raises(ValueError, match="sort the rows first"):
        diebold_mariano(frame.iloc[::-1])
    with pytest.raises(ValueError, match="occurs twice"):
        diebold_mariano(pd.concat([frame, frame.iloc[[-1]]]))
    with pytest.raises(ValueError, match="two models are named 'a'"):
        diebold_mariano(frame.set_axis(["a", "a"], axis=1))


LARGE = """
import numpy as np, stats
losses = np.random.default_rng(0).chisquare(1, size=(10_000, 1_000))
stats.diebold_mariano(losses, horizon=12, variance="bartlett")
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(float(status["VmHWM"].split()[0]) / 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read in /proc")
def test_a_thousand_models_at_ten_thousand_times_stay_under_a_gibibyte():
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", LARGE], capture_output=True, text=True, check=True, cwd=root
    )
    assert float(done.stdout) < 1024
