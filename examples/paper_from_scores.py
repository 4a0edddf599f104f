"""From a table of scores to a LaTeX table, a critical difference diagram and a methods text."""

from pathlib import Path

import pandas as pd

import stats

# Accuracies of 4 decision-tree learners on 14 data sets: Demsar (2006), JMLR 7, Table 6.
scores = pd.read_csv(Path(__file__).with_name("scores.csv"), index_col="dataset")
result = stats.compare(scores, higher_is_better=True)
Path("comparison.tex").write_text(result.to_latex(caption="Mean ranks.", label="tab:ranks"))
result.figure(alpha=0.05).save("comparison.pdf")  # or .svg, .png, .tex, .csv
print(result.summary(alpha=0.05))
print(result.methods())
