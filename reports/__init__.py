"""Reports of comparisons: from a run's tables, or anybody's scores, to a document."""

from __future__ import annotations

from reports.document import Document, build
from reports.evidence import Evidence, EvidenceError, read
from reports.own import SectionError
from reports.pictures import figure
from reports.scores import read_scores

__all__ = [
    "Document",
    "Evidence",
    "EvidenceError",
    "SectionError",
    "build",
    "figure",
    "read",
    "read_scores",
]
