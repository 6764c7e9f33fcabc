"""A web application whose users sign in: password, then refresh, with a `SECRET_HASH` each time.

The client's id and secret come from the environment. A user's session (the refresh token) is kept
outside the pod, as a web application keeps it in a cookie or in Redis: it outlives the pod, and the
next pod refreshes it with the secret that is current then.
"""

import base64
import hashlib
import hmac
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import boto3
import requests
from botocore import UNSIGNED
from botocore.config import Config

from applications.counting import Counts, log
from applications.service import run

if TYPE_CHECKING:
    from types_boto3_cognito_idp import CognitoIdentityProviderClient
    from types_boto3_cognito_idp.literals import AuthFlowTypeType

STORE_SECONDS: Final = 5


class Sessions:
    """The sessions of users, in the store."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/sessions"

    def of(self, username: str) -> dict[str, str] | None:
        """Give a user's session; None where there is none, or the store does not answer."""
        try:
            answer = requests.get(f"{self._url}/{username}", timeout=STORE_SECONDS)
        except requests.RequestException as error:
            log("the store did not answer", error=type(error).__name__)
            return None
        session: dict[str, str] | None = answer.json() if answer.ok else None
        return session

    def keep(self, username: str, refresh_token: str, secret_id: str) -> dict[str, str]:
        """Keep a session, with the id of the secret that it began with."""
        session = {"refresh_token": refresh_token, "began_with": secret_id}
        requests.put(f"{self._url}/{username}", json=session, timeout=STORE_SECONDS)
        return session


@dataclass
class SignIn:
    """Signs one user in, with the client's secret of this process."""

    cognito: "CognitoIdentityProviderClient"
    client_id: str
    secret: str
    username: str

    def with_password(self, password: str) -> dict[str, Any]:
        """Sign in; give the tokens."""
        return self._ask("USER_PASSWORD_AUTH", USERNAME=self.username, PASSWORD=password)

    def with_session(self, refresh_token: str) -> dict[str, Any]:
        """Refresh the tokens of a session."""
        return self._ask("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=refresh_token)

    def _ask(self, flow: "AuthFlowTypeType", **parameters: str) -> dict[str, Any]:
        answer = self.cognito.initiate_auth(
            ClientId=self.client_id,
            AuthFlow=flow,
            AuthParameters={**parameters, "SECRET_HASH": self._secret_hash()},
        )
        result: dict[str, Any] = dict(answer["AuthenticationResult"])
        return result

    def _secret_hash(self) -> str:
        message = (self.username + self.client_id).encode()
        digest = hmac.new(self.secret.encode(), message, hashlib.sha256).digest()
        return base64.b64encode(digest).decode()


def main() -> None:
    """Sign the user in, and refresh, until the pod ends."""
    username, password = os.environ["USERNAME"], os.environ["PASSWORD"]
    secret_id = os.environ["CLIENT_SECRET_ID"]
    sessions = Sessions(os.environ["STORE_URL"])
    # InitiateAuth takes no signature. One try: a second one would hide that the first was refused.
    config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
    sign_in = SignIn(
        cognito=boto3.client("cognito-idp", config=config),
        client_id=os.environ["CLIENT_ID"],
        secret=os.environ["CLIENT_SECRET"],
        username=username,
    )
    session = sessions.of(username)

    def signs_the_user_in(counts: Counts) -> None:
        nonlocal session
        if session is not None:
            with counts.attempt(secret_id, "refresh of the kept session"):
                sign_in.with_session(session["refresh_token"])
                counts.restored += session["began_with"] != secret_id
        with counts.attempt(secret_id, "password") as attempt:
            refresh_token = sign_in.with_password(password)["RefreshToken"]
        if not attempt.has_worked:
            return
        with counts.attempt(secret_id, "refresh"):
            sign_in.with_session(refresh_token)
        if session is None:
            session = sessions.keep(username, refresh_token, secret_id)

    run("user", signs_the_user_in)


if __name__ == "__main__":
    main()
