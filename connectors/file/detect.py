"""Recognise an upload: every connector's formats, asked in ``connectors.base.detect``."""

from connectors.base.detect import HEAD_BYTES, detect, known_formats

__all__ = ["HEAD_BYTES", "detect", "known_formats"]
