"""Log lines of a live run: on stderr, with secrets hidden in the finished text, tracebacks included."""

from __future__ import annotations

import logging
from pathlib import Path


def log_to_stderr(configs: Path) -> None:
    """Show warnings and worse of every library, redacted. Does nothing where logging was set up already."""
    from .redact import redactor

    hide = redactor(configs)

    class Redacting(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return hide.everything(super().format(record))

    handler = logging.StreamHandler()
    handler.setFormatter(Redacting("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
