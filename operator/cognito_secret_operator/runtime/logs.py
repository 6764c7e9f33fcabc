"""Structured logs that carry no secret value, also where a library writes them.

The last line of defence, not the first: adapters drop the texts of foreign exceptions, values live
in a type that prints redacted. Here nothing but our own sentences and `OutsideError` texts passes.
"""

import asyncio
import ctypes
import json
import logging
import resource
import sys
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Literal, TextIO

from ..domain.model import ResourceKey
from ..errors import OutsideError

__all__ = ["configure_logging", "describe_error", "forbid_core_dumps", "log_loop_error"]

_OURS: Final = __name__.partition(".")[0]

_QUIET: Final[Mapping[str, int]] = {
    # botocore's DEBUG prints bodies, kopf's DEBUG whole objects: never below INFO.
    "aiohttp": logging.INFO,
    "asyncio": logging.INFO,
    "boto3": logging.INFO,
    "botocore": logging.INFO,
    "kopf": logging.INFO,
    "kubernetes": logging.INFO,
    "urllib3": logging.INFO,
    # "Handler 'x' succeeded" for every event.
    "kopf.objects": logging.WARNING,
    # Two lines for each regular reading of the service account's token.
    "kopf._core.engines.activities": logging.WARNING,
    "kopf.activities": logging.WARNING,
    # One line for each scrape and probe.
    "aiohttp.access": logging.CRITICAL,
}

_STANDARD: Final = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime"}
"""What every record has: the rest is `extra`."""

_PR_SET_DUMPABLE: Final = 4
_MOST_NESTED: Final = 10


def configure_logging(
    level: str, log_format: Literal["json", "text"], stream: TextIO | None = None
) -> None:
    """Send all logs to *stream* through one redacting handler, uncaught exceptions included.

    Args:
        level: of our own loggers; all others never go below INFO.
        log_format: one JSON object a line, or text for people.
        stream: standard error by default.

    """
    own = logging.getLevelNamesMapping()[level]
    handler = _Handler(stream if stream is not None else sys.stderr)
    handler.setFormatter(_JsonFormatter() if log_format == "json" else _TextFormatter())
    handler.addFilter(_redact)
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(max(own, logging.INFO))
    logging.getLogger(_OURS).setLevel(own)
    for name, lowest in _QUIET.items():
        logging.getLogger(name).setLevel(max(own, lowest))
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread
    sys.unraisablehook = _log_unraisable


def forbid_core_dumps() -> None:
    """Keep this process's memory, values included, out of core files and other debuggers' reach."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # The limit does not hold where cores are piped to a program, as with systemd or apport:
    # https://man7.org/linux/man-pages/man5/core.5.html. Only Linux has this call.
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def describe_error(error: BaseException) -> str:
    """Describe *error* and what led to it: types, and file and line of each frame.

    The text is kept of our own `OutsideError` only: that of any other may carry a secret value.
    """
    return "\n".join(_describe(error, set()))


def log_loop_error(loop: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
    """Log an exception that was never awaited; for `loop.set_exception_handler`.

    asyncio's own handler writes the ``repr`` of the task, which holds the exception's text.
    """
    del loop
    error = context.get("exception")
    logging.getLogger(__name__).error(
        "asyncio: %s",
        context.get("message", "unhandled exception"),
        extra={"trace": describe_error(error)} if isinstance(error, BaseException) else None,
    )


def _describe(error: BaseException, seen: set[int]) -> Iterator[str]:
    """Yield the lines of `describe_error`, causes first, each exception once."""
    if id(error) in seen or len(seen) >= _MOST_NESTED:
        return
    seen.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from _describe(before, seen)
    yield f"{type(error).__module__}.{_summary(error)}"
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        yield f"  {code.co_filename}:{trace.tb_lineno} in {code.co_name}"
        trace = trace.tb_next
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            yield from _describe(part, seen)


def _summary(error: BaseException) -> str:
    name = type(error).__qualname__
    return f"{name}: {error.message}" if isinstance(error, OutsideError) else name


def _redact(record: logging.LogRecord) -> bool:
    """Take exceptions' texts out of *record*; drop foreign records below INFO altogether."""
    ours = record.name.partition(".")[0] == _OURS
    if not ours and record.levelno < logging.INFO:
        return False  # even where that logger's level was lowered
    if isinstance(record.msg, BaseException):
        record.msg = _summary(record.msg)
    match record.args:
        case tuple():
            record.args = tuple(_shown(value) for value in record.args)
        case dict():
            record.args = {name: _shown(value) for name, value in record.args.items()}
        case _:
            pass
    if isinstance(record.exc_info, tuple) and record.exc_info[1] is not None:
        record.exc_text = describe_error(record.exc_info[1])
    elif record.exc_info:
        record.exc_text = None
    record.exc_info = None
    return True


def _shown(value: object) -> object:
    """Show an exception by its type, bytes by their number; everything else as it is."""
    match value:
        case BaseException():
            return _summary(value)
        case bytes() | bytearray() | memoryview():
            return f"<{len(value)} bytes>"
        case _:
            return value


def _fields(record: logging.LogRecord) -> dict[str, object]:
    """Collect our `extra` fields; those of others may be whole objects (kopf's are)."""
    found: dict[str, object] = {}
    if record.name.partition(".")[0] != _OURS:
        return found
    for name, value in record.__dict__.items():
        if name in _STANDARD or value is None or value == "":
            continue
        if isinstance(value, ResourceKey):
            found |= {"namespace": value.namespace, "name": value.name}
        else:
            found[name] = _shown(value)
    return found


def _time(record: logging.LogRecord) -> str:
    at = datetime.fromtimestamp(record.created, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        entry = _fields(record) | {
            "timestamp": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_text:
            entry["trace"] = record.exc_text
        first = {name: entry.pop(name) for name in ("timestamp", "level", "logger", "message")}
        return json.dumps(first | entry, default=_text, skipkeys=True, ensure_ascii=False)


class _TextFormatter(logging.Formatter):
    """A line for people; a trace follows on lines of its own."""

    def format(self, record: logging.LogRecord) -> str:
        fields = _fields(record)
        trace = record.exc_text or fields.pop("trace", None)
        # A line break inside a message would look like another entry.
        message = record.getMessage().replace("\r", "\\r").replace("\n", "\\n")
        shown = "".join(f" {name}={_text(value)!r}" for name, value in fields.items())
        line = f"{_time(record)} {record.levelname:7} {record.name}: {message}{shown}"
        return f"{line}\n{trace}" if trace else line


def _text(value: object) -> str:
    return str(_shown(value))


class _Handler(logging.StreamHandler[TextIO]):
    """Writes records; one that cannot be written is not dumped with its arguments."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's own name
        """Print the place of the bad record; the standard method prints message and arguments."""
        place = f"{record.pathname}:{record.lineno}"
        try:
            sys.stderr.write(f"a log record of {record.name} from {place} could not be written\n")
        except (OSError, ValueError):
            return  # standard error is closed: nothing can be printed


def _log_crash(error: BaseException | None, where: str) -> None:
    trace = describe_error(error) if error is not None else None
    logging.getLogger(__name__).critical("uncaught exception in %s", where, extra={"trace": trace})


def _log_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        _log_crash(error, "the main thread")


def _log_uncaught_in_thread(context: threading.ExceptHookArgs) -> None:
    _log_crash(context.exc_value, f"thread {context.thread.name if context.thread else '?'}")


def _log_unraisable(context: "sys.UnraisableHookArgs") -> None:
    _log_crash(context.exc_value, "a finaliser")
