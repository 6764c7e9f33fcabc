import asyncio
import io
import json
import logging
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from typing import Any, Literal

import pytest

from cognito_secret_operator.domain.model import ResourceKey
from cognito_secret_operator.domain.value import SecretValue
from cognito_secret_operator.errors import RefusedError
from cognito_secret_operator.runtime.logs import (
    configure_logging,
    describe_error,
    log_loop_error,
)

SECRET = "s3cr3t-value"
OURS = "cognito_secret_operator.anything"
FOREIGN = ("botocore", "boto3", "urllib3", "kopf", "aiohttp", "asyncio", "kubernetes", "any.other")


class Output:
    """Configures logging into memory and reads it back."""

    def __init__(self) -> None:
        self._stream = io.StringIO()

    def configure(self, level: str = "DEBUG", form: Literal["json", "text"] = "json") -> None:
        configure_logging(level, form, self._stream)

    @property
    def text(self) -> str:
        return self._stream.getvalue()

    @property
    def entries(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def output() -> Iterator[Output]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    loggers = [
        logging.getLogger(name) for name in [*logging.Logger.manager.loggerDict, "any.other"]
    ]
    levels = {logger: logger.level for logger in loggers}
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    with warnings.catch_warnings():
        yield Output()
        logging.captureWarnings(capture=False)
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    root.handlers[:] = handlers
    root.setLevel(level)
    for logger in logging.Logger.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            logger.setLevel(levels.get(logger, logging.NOTSET))


def raised(error: BaseException, cause: BaseException | None = None) -> BaseException:
    """Give *error* a traceback."""
    try:
        raise error from cause  # noqa: TRY301  # only a raised one has frames
    except BaseException as caught:  # noqa: BLE001
        return caught


class TestJson:
    def test_a_line_is_an_object_with_our_fields(self, output: Output) -> None:
        output.configure()
        logging.getLogger(OURS).info(
            "rotation %s",
            "started",
            extra={"key": ResourceKey("shop", "orders"), "reason": "Schedule", "code": ""},
        )
        (entry,) = output.entries
        assert entry.pop("timestamp").endswith("Z")
        assert entry == {
            "level": "INFO",
            "logger": OURS,
            "message": "rotation started",
            "namespace": "shop",
            "name": "orders",
            "reason": "Schedule",
        }

    def test_a_message_of_several_lines_stays_one_line(self, output: Output) -> None:
        output.configure()
        logging.getLogger(OURS).info("one\ntwo")
        assert output.entries[0]["message"] == "one\ntwo"

    def test_a_secret_value_is_redacted_wherever_it_is(self, output: Output) -> None:
        output.configure()
        value = SecretValue(SECRET)
        logging.getLogger(OURS).info(
            "got %s", value, extra={"plain": value, "nested": {"in": [value]}, "raw": b"s3cr3t"}
        )
        (entry,) = output.entries
        assert "s3cr3t" not in output.text
        assert entry["plain"] == "SecretValue(redacted)"
        assert entry["raw"] == "<6 bytes>"

    def test_extra_fields_of_others_are_dropped(self, output: Output) -> None:
        # kopf attaches its settings and whole references.
        output.configure()
        logging.getLogger("kopf").info("hello", extra={"settings": SECRET})
        assert SECRET not in output.text
        assert output.entries[0]["message"] == "hello"


class TestText:
    def test_a_line_is_for_people(self, output: Output) -> None:
        output.configure(form="text")
        logging.getLogger(OURS).warning("held", extra={"key": ResourceKey("shop", "orders")})
        assert output.text.endswith(f"Z WARNING {OURS}: held namespace='shop' name='orders'\n")

    def test_a_line_break_in_a_message_cannot_pass_for_another_entry(self, output: Output) -> None:
        output.configure(form="text")
        logging.getLogger(OURS).info("one\ntwo")
        assert len(output.text.splitlines()) == 1

    def test_a_trace_follows_on_its_own_lines(self, output: Output) -> None:
        output.configure(form="text")
        error = raised(ValueError(SECRET))
        logging.getLogger(OURS).error("failed", extra={"trace": describe_error(error)})
        lines = output.text.splitlines()
        assert lines[0].endswith("failed")
        assert lines[1] == "builtins.ValueError"
        assert SECRET not in output.text


class TestLevels:
    @pytest.mark.parametrize("name", FOREIGN)
    def test_a_foreign_logger_is_silent_below_info_whatever_our_level(
        self, output: Output, name: str
    ) -> None:
        output.configure("DEBUG")
        logging.getLogger(name).debug(SECRET)
        assert output.text == ""
        logging.getLogger(name).info("fine")
        assert len(output.entries) == 1

    @pytest.mark.parametrize("name", FOREIGN)
    def test_a_foreign_logger_that_was_turned_up_later_stays_silent(
        self, output: Output, name: str
    ) -> None:
        output.configure("DEBUG")
        logging.getLogger(name).setLevel(logging.DEBUG)
        logging.getLogger(name).debug(SECRET)
        assert output.text == ""

    def test_our_own_debug_is_written_when_it_is_wanted(self, output: Output) -> None:
        output.configure("DEBUG")
        logging.getLogger(OURS).debug("detail")
        output.configure("INFO")
        logging.getLogger(OURS).debug("no more")
        assert [entry["message"] for entry in output.entries] == ["detail"]

    def test_a_higher_level_holds_for_all(self, output: Output) -> None:
        output.configure("ERROR")
        for name in (OURS, *FOREIGN):
            logging.getLogger(name).warning("hidden")
        assert output.text == ""

    @pytest.mark.parametrize("name", ["kopf.objects", "aiohttp.access"])
    def test_lines_for_each_event_and_each_probe_are_off(self, output: Output, name: str) -> None:
        output.configure("DEBUG")
        logging.getLogger(name).info("succeeded")
        assert output.text == ""


class TestExceptions:
    @pytest.mark.parametrize("name", [OURS, "kopf.objects"])
    def test_of_a_foreign_exception_only_type_and_frames_are_written(
        self, output: Output, name: str
    ) -> None:
        output.configure()
        try:
            raise ValueError(SECRET)  # noqa: TRY301  # likewise
        except ValueError as error:
            logging.getLogger(name).exception("failed: %s", error)  # noqa: TRY401
        (entry,) = output.entries
        assert SECRET not in output.text
        assert entry["message"] == "failed: ValueError"
        assert entry["trace"].startswith("builtins.ValueError\n")
        assert "test_logs.py:" in entry["trace"]

    def test_an_exception_as_the_message_is_reduced_to_its_type(self, output: Output) -> None:
        output.configure()
        logging.getLogger(OURS).error(ValueError(SECRET))
        assert output.entries[0]["message"] == "ValueError"

    def test_a_trace_that_another_handler_has_rendered_is_not_taken(self, output: Output) -> None:
        output.configure()
        record = logging.LogRecord(OURS, logging.ERROR, __file__, 1, "failed", None, None)
        error = raised(ValueError(SECRET))
        record.exc_info = (type(error), error, error.__traceback__)
        record.exc_text = f"ValueError: {SECRET}"
        logging.getLogger().handle(record)
        assert SECRET not in output.text

    def test_the_text_of_our_own_errors_is_kept(self) -> None:
        described = describe_error(raised(RefusedError("field spec.x is refused")))
        assert "RefusedError: field spec.x is refused" in described

    def test_causes_are_described_first_and_without_their_text(self) -> None:
        error = raised(RefusedError("refused"), cause=raised(ValueError(SECRET)))
        lines = describe_error(error).splitlines()
        heads = [line for line in lines if not line.startswith(" ")]
        assert heads == [
            "builtins.ValueError",
            "cognito_secret_operator.errors.RefusedError: refused",
        ]

    def test_the_members_of_a_group_are_described_without_their_text(self) -> None:
        described = describe_error(ExceptionGroup(SECRET, [ValueError(SECRET), KeyError(SECRET)]))
        assert described.splitlines() == [
            "builtins.ExceptionGroup",
            "builtins.ValueError",
            "builtins.KeyError",
        ]

    def test_notes_are_dropped(self) -> None:
        error = ValueError()
        error.add_note(SECRET)
        assert describe_error(error) == "builtins.ValueError"

    def test_a_ring_of_causes_ends(self) -> None:
        first, second = ValueError(), KeyError()
        first.__cause__, second.__cause__ = second, first
        assert describe_error(first).splitlines() == ["builtins.KeyError", "builtins.ValueError"]

    def test_an_uncaught_exception_is_written_without_its_text(self, output: Output) -> None:
        output.configure()
        error = raised(ValueError(SECRET))
        sys.excepthook(type(error), error, error.__traceback__)
        assert SECRET not in output.text
        assert output.entries[0]["level"] == "CRITICAL"

    def test_an_uncaught_exception_in_a_thread_is_written_without_its_text(
        self, output: Output
    ) -> None:
        output.configure()
        error = raised(ValueError(SECRET))
        threading.excepthook(
            threading.ExceptHookArgs(
                (type(error), error, error.__traceback__, threading.current_thread())
            )
        )
        assert SECRET not in output.text
        assert threading.current_thread().name in output.entries[0]["message"]

    async def test_what_asyncio_reports_is_written_without_its_text(self, output: Output) -> None:
        output.configure()

        async def fail() -> None:
            raise ValueError(SECRET)

        task = asyncio.create_task(fail())
        await asyncio.wait({task})
        loop = asyncio.get_running_loop()
        context = {"message": "never retrieved", "exception": task.exception(), "future": task}
        log_loop_error(loop, context)
        log_loop_error(loop, {"message": "no exception"})
        assert SECRET not in output.text
        assert "ValueError" in output.entries[0]["trace"]
        assert len(output.entries) == 2

    def test_a_record_that_cannot_be_written_does_not_spill_its_arguments(
        self, output: Output, capsys: pytest.CaptureFixture[str]
    ) -> None:
        output.configure()
        logging.getLogger(OURS).info("%d", SECRET)  # a text for a number
        assert output.text == ""
        written = capsys.readouterr().err
        assert SECRET not in written
        assert "could not be written" in written


def test_core_dumps_are_off_for_the_whole_process() -> None:
    code = (
        "import resource, ctypes\n"
        "from cognito_secret_operator.runtime.logs import forbid_core_dumps\n"
        "forbid_core_dumps()\n"
        "assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)\n"
        "assert ctypes.CDLL(None).prctl(3, 0, 0, 0, 0) == 0  # PR_GET_DUMPABLE\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})
