"""Statistics for comparing forecasting models: tests, adjustments, losses and their evidence.

Rows are blocks or times, columns are models; lower is better unless ``higher_is_better=True``.
"""

from stats import losses, metrics
from stats.adjust import (
    adjusted,
    bergmann_hommel,
    bh,
    bonferroni,
    by,
    finner,
    hochberg,
    holland,
    holm,
    hommel,
    li,
    rom,
    shaffer,
    sidak,
)
from stats.against import bonferroni_dunn, mcb, versus_control
from stats.bayes import BayesResult, bayes_correlated_t, bayes_sign, bayes_signed_rank
from stats.bootstrap import Draws, bootstrap_indices
from stats.calibration import christoffersen, kupiec, mincer_zarnowitz, pit_uniformity
from stats.comparison import Comparison, compare, winners
from stats.conditional import giacomini_white
from stats.confidence_set import ConfidenceSetResult, model_confidence_set
from stats.effect import (
    WinTieLoss,
    akinshin_gamma,
    cliffs_delta,
    cohen_d,
    hodges_lehmann,
    vargha_delaney,
    win_tie_loss,
)
from stats.errors import (
    DegenerateWarning,
    DependentBlocksWarning,
    LossesError,
    OptionError,
    ScoresError,
    ScoresTypeError,
    ShortSeriesWarning,
    StatsError,
    StatsWarning,
    UndefinedError,
)
from stats.forecast_results import (
    ForecastPairsResult,
    ForecastResult,
    TimeControlResult,
    TimePairsResult,
)
from stats.grouping import cliques, compact_letters
from stats.longrun import long_run_variance
from stats.mean_ranks import conover, critical_difference, mean_rank_z, miller, nemenyi
from stats.multihorizon import aspa, multivariate_dm, uspa
from stats.nested import clark_west, encompassing
from stats.omnibus import (
    aligned_ranks,
    cochran_q,
    friedman,
    iman_davenport,
    kendall_w,
    quade,
    skillings_mack,
)
from stats.paired import (
    TwoModelResult,
    contingency,
    corrected_resampled_t,
    five_by_two_cv_f,
    five_by_two_cv_t,
    mcnemar,
)
from stats.panel import panel_diebold_mariano
from stats.power import PoolDependence, Preflight, pool_dependence, preflight
from stats.predictive import diebold_mariano
from stats.resample import (
    Interval,
    bootstrap_interval,
    cluster_bootstrap_indices,
    romano_wolf,
    sign_flip_max_t,
)
from stats.results import (
    BestResult,
    ControlResult,
    Evidence,
    OmnibusResult,
    PairsResult,
    Result,
)
from stats.scores import Losses, Scores
from stats.signed import sign_test, wilcoxon
from stats.superior import spa, stepm

__all__ = [  # noqa: RUF022 (by family, as the manual lists them)
    # containers
    "Losses",
    "Scores",
    # results
    "ConfidenceSetResult",
    "ForecastPairsResult",
    "ForecastResult",
    "TimeControlResult",
    "TimePairsResult",
    "BestResult",
    "ControlResult",
    "OmnibusResult",
    "PairsResult",
    "Result",
    "BayesResult",
    "Comparison",
    "Evidence",
    "Interval",
    "PoolDependence",
    "Preflight",
    "TwoModelResult",
    "WinTieLoss",
    # everything together
    "compare",
    "winners",
    # errors and warnings
    "UndefinedError",
    "DegenerateWarning",
    "DependentBlocksWarning",
    "LossesError",
    "OptionError",
    "ScoresError",
    "ScoresTypeError",
    "ShortSeriesWarning",
    "StatsError",
    "StatsWarning",
    # omnibus
    "aligned_ranks",
    "cochran_q",
    "friedman",
    "iman_davenport",
    "kendall_w",
    "quade",
    "skillings_mack",
    # all pairs, against a control, against the best
    "bonferroni_dunn",
    "conover",
    "critical_difference",
    "mcb",
    "mean_rank_z",
    "miller",
    "nemenyi",
    "sign_flip_max_t",
    "sign_test",
    "versus_control",
    "wilcoxon",
    # adjustment
    "adjusted",
    "bergmann_hommel",
    "bh",
    "bonferroni",
    "by",
    "finner",
    "hochberg",
    "holland",
    "holm",
    "hommel",
    "li",
    "rom",
    "shaffer",
    "sidak",
    "romano_wolf",
    # two models
    "bayes_correlated_t",
    "bayes_sign",
    "bayes_signed_rank",
    "contingency",
    "corrected_resampled_t",
    "five_by_two_cv_f",
    "five_by_two_cv_t",
    "mcnemar",
    # effect sizes and intervals
    "akinshin_gamma",
    "bootstrap_interval",
    "cliffs_delta",
    "cluster_bootstrap_indices",
    "cohen_d",
    "hodges_lehmann",
    "vargha_delaney",
    "win_tie_loss",
    # planning
    "pool_dependence",
    "preflight",
    # grouping
    "cliques",
    "compact_letters",
    # losses over time
    "christoffersen",
    "kupiec",
    "mincer_zarnowitz",
    "pit_uniformity",
    "clark_west",
    "encompassing",
    "giacomini_white",
    "panel_diebold_mariano",
    "aspa",
    "multivariate_dm",
    "uspa",
    "Draws",
    "bootstrap_indices",
    "model_confidence_set",
    "spa",
    "stepm",
    "diebold_mariano",
    "long_run_variance",
    # losses and metrics
    "losses",
    "metrics",
]
