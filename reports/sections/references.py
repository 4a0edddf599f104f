"""Sources of the methods used."""

from __future__ import annotations

from reports.document import Inline, Items, Section
from reports.findings import Findings

__all__ = ["section"]

_SOURCES = (
    "[1] Friedman M (1937). The use of ranks to avoid the assumption of normality implicit in the "
    "analysis of variance. J. Am. Stat. Assoc. 32, 675–701. doi:10.1080/01621459.1937.10503522",
    "[2] Iman RL, Davenport JM (1980). Approximations of the critical region of the Friedman "
    "statistic. Commun. Stat. Theory Methods 9, 571–595. doi:10.1080/03610928008827904",
    "[3] Nemenyi PB (1963). Distribution-free multiple comparisons. PhD thesis, Princeton "
    "University.",
    "[4] Demšar J (2006). Statistical comparisons of classifiers over multiple data sets. "
    "J. Mach. Learn. Res. 7, 1–30.",
)
_FORECASTS = (
    "[5] Diebold FX, Mariano RS (1995). Comparing predictive accuracy. J. Bus. Econ. Stat. 13, "
    "253–263. doi:10.1080/07350015.1995.10524599",
    "[6] Harvey D, Leybourne S, Newbold P (1997). Testing the equality of prediction mean squared "
    "errors. Int. J. Forecast. 13, 281–291. doi:10.1016/S0169-2070(96)00719-4",
    "[7] Holm S (1979). A simple sequentially rejective multiple test procedure. Scand. J. Stat. "
    "6, 65–70.",
    "[8] Coroneo L, Iacone F (2020). Comparing predictive accuracy in small samples using "
    "fixed-smoothing asymptotics. J. Appl. Econom. 35, 391–409. doi:10.1002/jae.2756",
    "[9] Hansen PR, Lunde A, Nason JM (2011). The model confidence set. Econometrica 79, 453–497. "
    "doi:10.3982/ECTA5771",
    "[10] Mariano RS, Preve D (2012). Statistical tests for multiple forecast comparison. "
    "J. Econom. 169, 123–130. doi:10.1016/j.jeconom.2012.01.014",
)
_HORIZONS = (
    "[11] Quaedvlieg R (2021). Multi-horizon forecast comparison. J. Bus. Econ. Stat. 39, 40–53. "
    "doi:10.1080/07350015.2019.1620074",
)


def section(findings: Findings) -> Section:
    """The list, as long as the methods that were used."""
    used = _SOURCES + (_FORECASTS if any(p.forecasts for p in findings.panels) else ())
    used += _HORIZONS if findings.joint else ()
    items: tuple[tuple[Inline, ...], ...] = tuple((source,) for source in used)
    return Section("references", "References", (Items(items),))
