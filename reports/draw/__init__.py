"""Backends that turn a layout into text for a document."""

from __future__ import annotations

__all__: list[str] = []
