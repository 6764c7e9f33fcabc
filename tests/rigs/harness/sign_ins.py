"""An application that signs in all the time with the value that it was started with."""

import threading
from types import TracebackType
from typing import Final, Self

from cluster.waiting import wait_for
from emulator.process import Client, CognitoEmulator
from harness.shop import WHOLE_SECONDS

PAUSE_SECONDS: Final = 0.05


class SignIns:
    """Asks Cognito again and again whether it accepts one value, while it is entered.

    A container that has the secret in its environment does just that: whatever happens to
    the Secret, to its pod's object, or to the API server, it goes on with its value.
    """

    def __init__(self, cognito: CognitoEmulator, client: Client, value: str) -> None:
        """Prepare; nothing is asked yet."""
        self._cognito = cognito
        self._client_id = client.client_id
        self._value = value
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._sign_in)
        self.made = 0
        """How often it signed in."""
        self.refused = 0
        """How often it was refused."""

    def wait_for_more(self, count: int = 20) -> None:
        """Wait until it has tried *count* times more."""
        goal = self.made + self.refused + count
        wait_for("more sign-ins", lambda: self.made + self.refused >= goal, WHOLE_SECONDS)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._left.set()
        self._thread.join()

    def _sign_in(self) -> None:
        while not self._left.wait(PAUSE_SECONDS):
            if self._cognito.accepts(self._client_id, self._value):
                self.made += 1
            else:
                self.refused += 1
