"""Machine to machine: asks for a token with `client_credentials` again and again.

The client's id and secret come from the environment, so a new secret takes a new process.
"""

import os
from typing import Final

import requests

from applications.counting import Counts
from applications.service import run

ANSWER_SECONDS: Final = 10


def main() -> None:
    """Ask for tokens until the pod ends."""
    token_endpoint = os.environ["TOKEN_ENDPOINT"]
    secret_id = os.environ["CLIENT_SECRET_ID"]
    form = {
        "grant_type": "client_credentials",
        "client_id": os.environ["CLIENT_ID"],
        "client_secret": os.environ["CLIENT_SECRET"],
        "scope": os.environ["SCOPE"],
    }

    def asks_for_a_token(counts: Counts) -> None:
        with counts.attempt(secret_id, "client_credentials"):
            answer = requests.post(token_endpoint, data=form, timeout=ANSWER_SECONDS)
            answer.raise_for_status()
            answer.json()["access_token"]

    run("machine", asks_for_a_token)


if __name__ == "__main__":
    main()
