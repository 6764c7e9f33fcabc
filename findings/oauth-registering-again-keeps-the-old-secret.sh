#!/usr/bin/env bash
# Versions: Authlib 1.9.6 with Starlette 1.10.0 and httpx 0.28.1, and with Flask 3.1.3 and requests 2.34.2.
# Expected: an application that has read a new secret from its file calls `oauth.register("cognito", ...)`
#   again, if need be with `overwrite=True`, and signs in with the new one from then on.
# What happens: `register` answers with the client that it made the first time, old secret included. No error,
#   no warning. `overwrite` is about something else: it lets the framework's settings win over arguments.
#   To set `client.client_secret` on the client that is there does work.
# Seen:  registered again: old   with overwrite=True: old   attribute set: new   (each in both frameworks)
# Why here: with `strategy: Watch` such an application restarts nothing, acknowledges the publication in good
#   faith, and still shows the secret that is deleted next.
# Source: https://github.com/authlib/authlib/blob/main/authlib/integrations/base_client/registry.py
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
    authlib==1.9.6 starlette==1.10.0 httpx==0.28.1 flask==3.1.3 requests==2.34.2

venv/bin/python - > seen <<'PYTHON'
import warnings

warnings.showwarning = lambda *words, **more: None  # Authlib's word on httpx, which matters nothing here
from authlib.integrations.flask_client import OAuth as OfFlask
from authlib.integrations.starlette_client import OAuth as OfStarlette
from flask import Flask

ENDPOINT = "https://example.auth.eu-west-1.amazoncognito.com/oauth2/token"


def register(oauth, secret, **more):
    return oauth.register(
        "cognito",
        client_id="1example23456789",
        client_secret=secret,
        access_token_url=ENDPOINT,
        **more,
    )


def in_use(oauth):
    """The secret with which the next sign-in would go out."""
    client = oauth.create_client("cognito")
    session = client._get_oauth_client()
    return session.client_secret


for oauth in (OfStarlette(), OfFlask(Flask("application"))):
    kind = type(oauth).__module__.split(".")[2]
    register(oauth, "old")
    register(oauth, "new")
    again = in_use(oauth)
    register(oauth, "new", overwrite=True)
    overwritten = in_use(oauth)
    oauth.create_client("cognito").client_secret = "new"
    print(
        f"{kind}: registered again: {again}; with overwrite=True: {overwritten};"
        f" attribute set: {in_use(oauth)}"
    )
PYTHON
cat seen

diff - seen <<'EXPECTED' || { echo "The behaviour has changed (<: as it was)." >&2; exit 1; }
starlette_client: registered again: old; with overwrite=True: old; attribute set: new
flask_client: registered again: old; with overwrite=True: old; attribute set: new
EXPECTED
