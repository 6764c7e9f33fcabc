"""The platform team's files, mounted from a ConfigMap: the allow-list and the freeze switch.

Both are read whole at each question, a few hundred bytes from memory: no watch to miss a change, no
cache to outlive one. Neither can be made to widen anything by breaking it: an allow-list that
cannot be used leaves the last good one in force, and at first none; a freeze switch that cannot be
read is on.
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
"""Of what stands in the freeze switch: it is shown to whoever may read a resource."""


class PlatformFiles:
    """Fulfils `service.ports.PlatformPort`."""

    def __init__(
        self, *, allow_file: Path | None, freeze_file: Path | None, open_without_list: bool
    ) -> None:
        """Read nothing yet.

        Args:
            allow_file: the list of rules; None where there is none.
            freeze_file: the switch; None where there is none.
            open_without_list: whether everything is allowed where there is no list.

        """
        self._allow_file = allow_file
        self._freeze_file = freeze_file
        self._list = _EVERYTHING if allow_file is None and open_without_list else AllowList()
        self._raw: bytes | None = None
        """The bytes that were last looked at, good or not."""

        self._problem = ""
        self._switch_was_there = False

    def policy(self, namespace: str, client: ClientRef) -> PlatformPolicy:
        """Tell what holds for a resource in *namespace* that names *client*."""
        denial = None
        if not self.allow_list().allows(namespace, client):
            denial = Denial(self._where(), rule_text(namespace, client))
        return PlatformPolicy(denial, self.frozen())

    def reaches(self, namespace: str, pool_id: str) -> bool:
        """Tell whether a resource in *namespace* may reach the pool with any role."""
        return self.allow_list().reaches(namespace, pool_id)

    def allow_list(self) -> AllowList:
        """Give the list in force, after another look at its file."""
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
        """Say why everything is frozen, after another look at the switch; None while it is not."""
        if self._freeze_file is None:
            return None
        try:
            text = self._freeze_file.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            if not self._switch_was_there:
                return None
            return self._unreadable("was there and is gone")
        except (OSError, UnicodeDecodeError) as error:
            return self._unreadable(f"cannot be read ({type(error).__name__})")
        self._switch_was_there = True
        if text.lower() in _OFF:
            return None
        word = "".join(one for one in text.splitlines()[0][:_LONGEST_WORD] if one.isprintable())
        said = f" ({word})" if word.lower() != "true" else ""
        return f"the platform team froze the operator{said}"

    def is_list_good(self) -> bool:
        """Tell whether the list in force is what stands in its file."""
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
        """Leave the list in force as it is, and say so once for each problem."""
        if problem != self._problem:
            kept = f"the last good one, of {len(self._list.rules)} rules, stays in force"
            _LOG.error("the allow-list %s %s; %s", self._allow_file, problem, kept)
        self._problem = problem

    def _where(self) -> str:
        if self._allow_file is None:
            return "a file that CSO_ALLOW_FILE names, under rules"
        broken = f" (which {self._problem}: repair that first)" if self._problem else ""
        return f"the rules of {self._allow_file}{broken}"
