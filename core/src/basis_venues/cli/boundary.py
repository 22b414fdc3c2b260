"""The one place where an error becomes a message on stderr and an exit code."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import typer

from ..errors import BasisError, ConfigurationError
from . import ENDED
from .options import CONFIGS, CONFIGS_HERE, JSON

if TYPE_CHECKING:
    from .redact import Redactor

UsageError = cast("type[Exception]", typer.BadParameter.__bases__[0])  # Typer has its own since 0.29, and Click's before

DEBUG = "basis.debug"
"""Where the context keeps `--debug`."""
_OF_FILES = {errno.ENOENT, errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT}
"""What the system says of a path or its disk."""


@contextmanager
def reported(meta: Mapping[str, Any]) -> Iterator[None]:
    """Report what is raised inside and end with its exit code. `meta` is the context's: whether JSON was asked for, and the like.

    Usage errors and deliberate exits pass: Typer ends them, and tells people of the former.
    """
    try:
        yield
    except UsageError as error:
        if meta.get(JSON):
            message = str(getattr(error, "format_message", error.__str__)())
            _document({"type": "UsageError", "exit_code": 2, "message": message, "problems": [message]})
        raise
    except (typer.Exit, typer.Abort):
        raise
    except BasisError as error:
        _tell_known(error, meta)
        raise typer.Exit(error.exit_code) from None
    except KeyboardInterrupt:
        _tell_ended(130, meta)
        raise typer.Exit(130) from None
    except SystemExit as ended:
        if ended.code in ENDED:
            _tell_ended(int(ended.code), meta)
        raise
    except Exception as error:
        if isinstance(error, BrokenPipeError) and _reader_left():
            raise typer.Exit(141) from None
        if isinstance(error, OSError) and error.errno in _OF_FILES:
            _tell_known(_of_a_file(error), meta)
            raise typer.Exit(ConfigurationError.exit_code) from None
        _tell_unexpected(error, meta)
        raise typer.Exit(1) from None


def _of_a_file(error: OSError) -> ConfigurationError:
    """The error of a place that someone named, or of its disk, as what it is: nothing in the program is wrong."""
    told = ConfigurationError(f"{error.filename or 'a file'}: {error.strerror}: see to the path, the disk, and who may write there")
    told.__cause__ = error
    return told


def _tell_ended(code: int, meta: Mapping[str, Any]) -> None:
    message = f"{ENDED[code]}; what is unfinished is settled at the next start"
    typer.echo(f"\nbasis: {message}", err=True)
    if meta.get(JSON):
        _document({"type": "Ended", "exit_code": code, "message": message, "problems": [message]})


def _reader_left() -> bool:
    """Whether nobody reads our output any more, as with `| head`; a connection to a venue breaks with the same error. Then what is left of
    it goes nowhere, so that Python's own flush at the end has nothing to complain of."""
    import select

    output = select.poll()
    output.register(sys.stdout.fileno(), 0)
    left = any(event & (select.POLLERR | select.POLLHUP) for _, event in output.poll(0))
    if left:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return left


def _tell_known(error: BasisError, meta: Mapping[str, Any]) -> None:
    found = tell(error, meta)
    if meta.get(JSON):
        _document(found)


def tell(error: BasisError, meta: Mapping[str, Any]) -> dict[str, Any]:
    """Tell people of the error on stderr. Answers what programs are told of it."""
    from .output import note

    hide = _redactor(meta).known
    problems = [hide(problem) for problem in error.problems]
    for problem in problems:
        note(f"basis: {problem}")
    if meta.get(DEBUG):
        typer.echo(_trace(error, meta), err=True)
    return {"type": type(error).__name__, "exit_code": error.exit_code, "message": "\n".join(problems), "problems": problems}


def _tell_unexpected(error: Exception, meta: Mapping[str, Any]) -> None:
    said = " ".join(_redactor(meta).everything(str(error)).split())[:300]
    message = f"{type(error).__name__}: {said}" if said else type(error).__name__
    name = error_id(error)
    typer.echo(f"basis: unexpected error {name}: {message}", err=True)
    if meta.get(DEBUG):
        typer.echo(_trace(error, meta), err=True)
    else:
        typer.echo("basis: `basis --debug COMMAND ...` shows where; please report it with its id", err=True)
    if meta.get(JSON):
        _document({"type": "Unexpected", "exit_code": 1, "message": message, "problems": [message], "id": name})


def error_id(error: BaseException) -> str:
    """A name for the place and type of an error: the same bug has the same id on every machine."""
    import hashlib
    import traceback

    places = [f"{Path(frame.filename).name}:{frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    return hashlib.sha256(f"{type(error).__name__} {places}".encode()).hexdigest()[:8]


def _trace(error: BaseException, meta: Mapping[str, Any]) -> str:
    """The traceback, without local variables and with secrets hidden."""
    import traceback

    return _redactor(meta).everything("".join(traceback.format_exception(error)))


def _redactor(meta: Mapping[str, Any]) -> Redactor:
    from .redact import redactor

    return redactor(meta.get(CONFIGS) or CONFIGS_HERE)


def _document(error: Mapping[str, Any]) -> None:
    from .output import document

    with suppress(OSError):  # where nothing can be written to stdout, stderr has it
        document({"error": error})
