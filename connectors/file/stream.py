"""Read an upload as lines: what is in ``connectors.base.stream``, because uploads are not the only files."""

from connectors.base.stream import DEFAULT_LIMITS, ReadLimits, chunks, head_of, line_batches

__all__ = ["DEFAULT_LIMITS", "ReadLimits", "chunks", "head_of", "line_batches"]
