"""Evidence: frozen, equal by value, safe to pickle, and printed without breaking the page."""

import copy
import pickle
import re
from dataclasses import FrozenInstanceError

import numpy as np
import pytest

import stats
from stats.results import escape_latex, format_number, format_pvalue

RNG = np.random.default_rng(0)
TABLE = RNG.normal(size=(25, 5)) + np.arange(5) / 2
NASTY = ("R&D_50%", "a\\b{c}$d$", "x^2~y#1", "<b>bold</b>", "plain")
FRAME = {name: TABLE[:, i] for i, name in enumerate(NASTY)}
PAIR = {"a": TABLE[:, 0], "b": TABLE[:, 1]}


def results():
    return {
        "omnibus": stats.friedman(FRAME),
        "cochran": stats.cochran_q({name: TABLE[:, i] > 1 for i, name in enumerate(NASTY)}),
        "pairs": stats.nemenyi(FRAME),
        "adjusted": stats.wilcoxon(FRAME).adjusted("holm"),
        "one-sided": stats.wilcoxon(FRAME, alternative="less").adjusted("holm"),
        "control": stats.versus_control(FRAME, control="plain").adjusted("finner"),
        "best": stats.mcb(FRAME),
        "two": stats.corrected_resampled_t(PAIR, n_train=90, n_test=10),
        "bayes": stats.bayes_signed_rank(PAIR, rope=0.1, rng=0, n_draws=500),
        "interval": stats.hodges_lehmann(TABLE[:, 0], TABLE[:, 1]),
        "wins": stats.win_tie_loss(FRAME),
        "preflight": stats.preflight(5, 25),
        "pool": stats.pool_dependence(FRAME),
        "comparison": stats.compare(FRAME),
        "flips": stats.sign_flip_max_t(FRAME, rng=0, n_draws=199),
    }


@pytest.fixture(scope="module")
def all_results():
    return results()


KINDS = list(results())


@pytest.mark.parametrize("kind", KINDS)
def test_results_are_frozen_and_equal_by_value(all_results, kind):
    result, again = all_results[kind], results()[kind]
    assert result == again
    assert hash(result) == hash(again)
    others = [other for name, other in all_results.items() if name != kind]
    assert all(result != other for other in others)
    with pytest.raises(FrozenInstanceError):
        result.test = "another"
    for same in (copy.copy(result), copy.deepcopy(result), pickle.loads(pickle.dumps(result))):
        assert same == result
        for name, value in vars(same).items():
            if isinstance(value, np.ndarray):
                with pytest.raises(ValueError, match="read-only"):
                    value[...] = 0
                assert name in vars(result)


@pytest.mark.parametrize("kind", KINDS)
def test_every_result_prints_itself(all_results, kind):
    result = all_results[kind]
    assert result.test.split(",")[0].casefold().split()[-1] or result.summary()
    frame = result.to_frame()
    assert list(frame.columns)
    summary = result.summary()
    assert summary.splitlines()[0]
    assert all(line == line.rstrip() for line in summary.splitlines())
    told = result.methods()
    assert re.search(r"Computed with crossfold \S.*numpy 2.*scipy 1", told)
    assert told[0].isupper() or not told[0].isalpha()
    if hasattr(result, "rejects"):
        assert "significance level was 0.05" in told
        assert "significance level was 0.01" in result.methods(alpha=0.01)
    assert type(result).__name__ in repr(result)
    assert "\n" not in repr(result)


@pytest.mark.parametrize("kind", KINDS)
def test_latex_is_booktabs_and_escaped(all_results, kind):
    latex = all_results[kind].to_latex(caption="100% of R&D", label="tab:x")
    assert latex.startswith("% crossfold")
    for rule in (
        r"\toprule",
        r"\midrule",
        r"\bottomrule",
        r"\caption{100\% of R\&D}",
        r"\label{tab:x}",
    ):
        assert rule in latex
    body = [line for line in latex.splitlines() if not line.startswith("%")]
    begin = next(i for i, line in enumerate(body) if line.startswith(r"\begin{tabular}"))
    columns = len(re.search(r"\{([lr]+)\}$", body[begin]).group(1))
    for line in body:
        bare = re.sub(r"\\[&%$#_{}]", "", line)
        assert not re.search(r"[%$#_^~<>|]", bare.replace("tab:x", ""))
        if line.endswith(r"\\"):
            assert bare.count("&") == columns - 1
    assert r"\begin{table}" not in all_results[kind].to_latex()


@pytest.mark.parametrize("kind", KINDS)
def test_html_is_escaped(all_results, kind):
    page = all_results[kind]._repr_html_()
    assert "<b>bold</b>" not in page
    assert page.count("<tr>") == page.count("</tr>") >= 2
    assert not re.search(r"&(?!amp;|lt;|gt;|quot;|#x27;)", page)


def test_long_tables_are_cut_in_print_and_whole_in_frames():
    result = stats.nemenyi(RNG.normal(size=(20, 12)))
    assert "36 more rows in to_frame()" in result.summary()
    assert "36 more rows in to_frame()" in result._repr_html_()
    assert len(result.to_frame()) == 66
    assert result.to_latex().count(r" \\") == 67


def test_notes_reach_every_form():
    holes = np.where(np.arange(125).reshape(25, 5) == 7, np.nan, TABLE)
    result = stats.friedman(holes, missing="drop_blocks")
    told = "1 of 25 blocks left out: a cell was missing"
    assert told in result.summary()
    assert told in result.to_latex()
    assert told in result._repr_html_()
    assert told in result.methods()


def test_undefined_pvalues_never_reject():
    undefined = stats.PairsResult(
        names=("a", "b"),
        test="a test",
        statistic=np.full((2, 2), np.nan),
        pvalue=np.full((2, 2), np.nan),
        difference=np.zeros((2, 2)),
        locations=np.array([1.0, 2.0]),
        n_used=np.ones((2, 2)),
        n_blocks=3,
    )
    assert not undefined.rejects(0.99).any()
    assert undefined.undefined[0, 1]
    assert not undefined.undefined[0, 0]
    assert undefined.groups(0.5) == (("a", "b"),)
    assert np.isnan(undefined.adjusted("holm").pvalue).all()
    with pytest.raises(ValueError, match="use 'holm'"):
        undefined.adjusted("shaffer")
    assert "undefined" in undefined.summary()
    assert "1 pairs were undefined" in undefined.methods()


def test_undefined_pairs_are_left_out_of_the_family():
    p = np.array([[np.nan, 0.01, np.nan], [0.01, np.nan, 0.04], [np.nan, 0.04, np.nan]])
    raw = stats.nemenyi(TABLE[:, :3])._replaced(pvalue=p, correction="none")
    np.testing.assert_allclose(raw.adjusted("bonferroni").pvalue[[0, 1], [1, 2]], [0.02, 0.08])


def test_one_sided_families_hold_both_directions():
    result = stats.wilcoxon(TABLE, alternative="less")
    adjusted = result.adjusted("bonferroni")
    off = ~np.eye(5, dtype=bool)
    np.testing.assert_allclose(adjusted.pvalue[off], np.minimum(20 * result.pvalue[off], 1))


@pytest.mark.parametrize("alpha", [0, 1, -0.1, 5, float("nan"), True, "five", None])
def test_alpha_outside_of_its_range_is_refused(alpha):
    with pytest.raises((ValueError, TypeError), match="alpha must"):
        stats.friedman(TABLE).rejects(alpha)
    with pytest.raises((ValueError, TypeError), match="alpha must"):
        stats.nemenyi(TABLE).groups(alpha)


def test_numbers_are_written_for_people():
    assert format_pvalue(0.04999) == "0.050"
    assert format_pvalue(1e-320) == "<1e-300"
    assert format_number(True) == "yes"
    assert format_number(1234.5678) == "1235"
    assert escape_latex("~^\\") == r"\textasciitilde{}\textasciicircum{}\textbackslash{}"


def test_pictures_are_drawn_or_refused_with_a_reason(all_results):
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    for kind in ("omnibus", "pairs", "adjusted", "best", "comparison"):
        ax = Figure().add_subplot()
        assert all_results[kind].plot(ax) is ax
        assert ax.texts
    wide = stats.nemenyi(RNG.normal(size=(20, 30)))
    assert wide.plot().texts
    many = stats.wilcoxon(RNG.normal(size=(20, 30))).adjusted("holm")
    assert many.figure().kind == "significance-matrix"
    with pytest.raises(stats.StatsError, match="has no picture; its numbers are in to_frame"):
        all_results["wins"].plot()
