"""An emulated Amazon Cognito over HTTP: moto's server, extended by what it lacks.

`python -m emulator` runs it; `CognitoEmulator` runs it for a test.
"""

from emulator.knobs import FOREVER, Failure, Knobs
from emulator.process import CognitoEmulator
from emulator.remote import Client, RemoteEmulator, SecretState

__all__ = [
    "FOREVER",
    "Client",
    "CognitoEmulator",
    "Failure",
    "Knobs",
    "RemoteEmulator",
    "SecretState",
]
