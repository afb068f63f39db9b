"""Structured logs: one JSON object per line with tenant and request id; text for a person's terminal."""

from collections.abc import Mapping
from typing import Any, Final

import structlog

from tenants.redaction import redacted

#: Written by ourselves; never a secret, and needed as they are.
OWN: Final = frozenset({"timestamp", "level", "logger", "tenant", "_record", "_from_structlog"})


def redact(_: Any, __: str, event: Any) -> Any:
    """Blank what looks like a secret, by name or by form, at any depth (callers do not log secrets: the second lock).

    Runs after tracebacks became text, so that what a library put into its exception is covered as well.
    """
    own = {name: event[name] for name in OWN if name in event}
    return redacted({name: _plain(value) for name, value in event.items() if name not in own}) | own


def _plain(value: Any) -> Any:
    """Return what JSON knows as it is and everything else as text, which can be looked through."""
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(inner) for inner in value]
    return value if value is None or isinstance(value, (str, bool, int, float)) else str(value)


PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    redact,
]


def logging_config(level: str, text: bool) -> dict[str, Any]:
    """Return Django's LOGGING for this level; `text` writes for people instead of JSON."""
    structlog.configure(
        processors=[*PROCESSORS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=False) if text else structlog.processors.JSONRenderer()
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": PROCESSORS,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Django's own request log repeats ours and the failures the REST edge already reports.
            "django.request": {"level": "CRITICAL"},
            "django.server": {"level": "CRITICAL"},
            # The HTTP client logs whole addresses; a webhook's address is often its secret.
            "httpx": {"level": "WARNING"},
            "httpcore": {"level": "WARNING"},
            "django": {"handlers": [], "level": level, "propagate": True},
        },
    }
