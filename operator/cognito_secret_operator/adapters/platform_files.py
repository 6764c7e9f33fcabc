"""The platform team's files, mounted from a ConfigMap: the allow-list and the freeze switch.

Both are read in full at each use, a few hundred bytes from memory, without a watch that could miss
changes, and without a cache. A broken file never allows more: an unusable allow-list leaves the
last good one in force or, before the first, allows nothing; an unreadable freeze switch is on.
"""

import logging
from pathlib import Path
from typing import Final

from ..domain.model import ClientRef
from ..domain.platform_policy import AllowList, AllowRule, Denial, PlatformPolicy, rule_text
from .allow_file import UnusableError, read_rules

__all__ = ["PlatformFiles"]

_LOG = logging.getLogger(__name__)

_EVERYTHING: Final = AllowList((AllowRule(("*",), ("*",)), AllowRule(("*",), ("*",), ("*",))))
_OFF: Final = frozenset({"", "false"})
_LONGEST_WORD: Final = 200
"""Longest text shown from the freeze switch: every reader of a resource sees it."""


class PlatformFiles:
    """The platform team's files; implements `service.ports.PlatformPort`."""

    def __init__(
        self, *, allow_file: Path | None, freeze_file: Path | None, open_without_list: bool
    ) -> None:
        """Keep the paths, without a read yet.

        Args:
            allow_file: the list of rules; None for none.
            freeze_file: the switch; None for none.
            open_without_list: whether everything is allowed without a list.

        """
        self._allow_file = allow_file
        self._freeze_file = freeze_file
        self._list = _EVERYTHING if allow_file is None and open_without_list else AllowList()
        self._raw: bytes | None = None
        """The bytes last read, valid or not."""

        self._problem = ""
        self._switch_was_there = False

    def policy(self, namespace: str, client: ClientRef) -> PlatformPolicy:
        """Return the policy for a resource in *namespace* that names *client*."""
        denial = None
        if not self.allow_list().allows(namespace, client):
            denial = Denial(self._where(), rule_text(namespace, client))
        return PlatformPolicy(denial, self.frozen())

    def reaches(self, namespace: str, pool_id: str) -> bool:
        """Return whether a resource in *namespace* may use the pool with any role."""
        return self.allow_list().reaches(namespace, pool_id)

    def allow_list(self) -> AllowList:
        """Return the list in force after reading its file again."""
        if self._allow_file is None:
            return self._list
        try:
            raw = self._allow_file.read_bytes()
        except OSError as error:
            self._raw = None
            self._keep(f"cannot be read ({type(error).__name__})")
            return self._list
        if raw != self._raw:
            self._raw = raw
            self._take(raw)
        return self._list

    def frozen(self) -> str | None:
        """Return why everything is frozen after reading the switch again; None if it is not."""
        if self._freeze_file is None:
            return None
        try:
            text = self._freeze_file.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            if not self._switch_was_there:
                return None
            return self._unreadable("existed and is missing now")
        except (OSError, UnicodeDecodeError) as error:
            return self._unreadable(f"cannot be read ({type(error).__name__})")
        self._switch_was_there = True
        if text.lower() in _OFF:
            return None
        word = "".join(one for one in text.splitlines()[0][:_LONGEST_WORD] if one.isprintable())
        cause = f" ({word})" if word.lower() != "true" else ""
        return f"the platform team froze the operator{cause}"

    def is_list_good(self) -> bool:
        """Return whether the list in force equals its file."""
        self.allow_list()
        return not self._problem

    def _unreadable(self, how: str) -> str:
        self._switch_was_there = True
        return (
            f"the freeze switch {self._freeze_file} {how}, which counts as frozen; to lift it,"
            " write false into the file"
        )

    def _take(self, raw: bytes) -> None:
        try:
            self._list = read_rules(raw)
        except UnusableError as error:
            self._keep(str(error))
            return
        self._problem = ""
        _LOG.info("the allow-list %s has %d rules", self._allow_file, len(self._list.rules))

    def _keep(self, problem: str) -> None:
        """Keep the list in force, and log each problem once."""
        if problem != self._problem:
            kept = f"the last good one, of {len(self._list.rules)} rules, stays in force"
            _LOG.error("the allow-list %s %s; %s", self._allow_file, problem, kept)
        self._problem = problem

    def _where(self) -> str:
        if self._allow_file is None:
            return "a file that CSO_ALLOW_FILE names, under rules"
        broken = f" (which {self._problem}: repair that first)" if self._problem else ""
        return f"the rules of {self._allow_file}{broken}"
