"""Models: each module turns training origins into a `prediction` for every test origin."""

__all__ = ["available"]

# The register: what is listed is tested by the contract suite, and nothing else is offered.
_BASELINES = ("persistence", "seasonal_naive", "climatology", "drift", "linear")
_TRAINED = ("xgboost", "lstm")


def available() -> tuple[str, ...]:
    """Names of the models that come with the package; every one does all four tasks.

    Examples
    --------
    >>> available()
    ('persistence', 'seasonal_naive', 'climatology', 'drift', 'linear', 'xgboost', 'lstm')
    """
    return _BASELINES + _TRAINED
