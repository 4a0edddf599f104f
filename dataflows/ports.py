"""Names that dataflow modules meet by: what each role must give, and what it may give."""

__all__ = ["ARTIFACTS", "DATASET", "EVALUATION", "FEATURES", "LABELS", "MODEL", "TASKS"]

TASKS = ("binary", "multiclass", "ordinal", "continuous")

DATASET = ("series", "season_length")
FEATURES = ("X", "X_train", "X_test")
LABELS = ("y_train", "label_edges", "n_classes")
MODEL = ("prediction",)
EVALUATION = ("predictions", "performance_metrics")

# Nodes that a dataset or model may give beside those, kept with a run where they exist.
ARTIFACTS = ("dataset_card", "base_model", "best_hyperparameters", "best_model", "fit_report")
