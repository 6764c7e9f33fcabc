"""``spec.verification``: how the operator verifies that Cognito accepts a secret."""

import re
from datetime import timedelta
from typing import Final

from ...domain.spec import VerificationMode, VerificationSpec
from .sections import Section

__all__ = ["DEFAULT_ACTIVATION_DELAY", "verification_spec"]

DEFAULT_ACTIVATION_DELAY: Final = timedelta(seconds=60)

_END: Final = r"(:[0-9]{1,5})?(/[!-~]*)?"
_ENDPOINT: Final = re.compile(
    rf"(?=.{{1,1024}}\Z)(https://[0-9A-Za-z.-]+{_END}|http://(localhost|127[.]0[.]0[.]1"
    rf"|[0-9A-Za-z.-]+[.]svc|[0-9A-Za-z.-]+[.]cluster[.]local){_END})"
)


def verification_spec(verification: Section) -> VerificationSpec:
    """Read the section."""
    delay = verification.span("activationDelay")
    spec = VerificationSpec(
        token_endpoint=_token_endpoint(verification),
        mode=verification.choice("mode", VerificationMode.AUTO),
        activation_delay=DEFAULT_ACTIVATION_DELAY if delay is None else delay,
    )
    verification.refuse_the_rest()
    return spec


def _token_endpoint(verification: Section) -> str | None:
    return verification.matching(
        "tokenEndpoint",
        _ENDPOINT,
        "must be an https URL like https://auth.example.com/oauth2/token, for the secret is sent "
        "to it: write https (http is for localhost, *.svc and *.cluster.local), and no user or "
        "password",
    )
