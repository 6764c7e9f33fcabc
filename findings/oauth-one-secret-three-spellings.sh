#!/usr/bin/env bash
# Versions: Authlib 1.9.6, requests-oauthlib 2.0.0, requests 2.34.2; openid-client 6.8.9 with oauth4webapi
#   3.8.8, simple-oauth2 5.1.0; Python 3.11 or newer, Node.js 20 or newer.
# Expected: HTTP Basic is HTTP Basic: every OAuth client sends the same header for the same secret.
# What happens: three headers. The Python clients send the characters as they are. RFC 6749 wants them
#   form-encoded first; simple-oauth2 does that to `+`, and openid-client to `_` as well. An endpoint that
#   decodes by the RFC reads a space for the bare `+`; one that does not decode refuses the other two.
# Seen:  secret ab_cd+ef  on the wire: ab_cd+ef | ab_cd%2Bef | ab%5Fcd%2Bef     secret abcd2ef: abcd2ef in all
# Why here: Cognito accepts `[\w+]+` as a secret, so a value of one's own works with one client and not with
#   the next. Values of letters and digits alone are the same everywhere.
# Source: https://datatracker.ietf.org/doc/html/rfc6749#section-2.3.1,
#   https://github.com/panva/oauth4webapi/issues/148, https://github.com/panva/oauth4webapi/issues/199
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"; [ -z "${server:-}" ] || kill "$server" 2>/dev/null || true' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
    authlib==1.9.6 requests-oauthlib==2.0.0 requests==2.34.2
echo '{"private": true, "type": "module"}' > package.json
npm install --silent --no-audit --no-fund \
    openid-client@6.8.9 oauth4webapi@3.8.8 simple-oauth2@5.1.0

# A token endpoint that says in its answer which secret stood in the header.
cat > endpoint.py <<'PYTHON'
import base64
import http.server
import json
import pathlib


class Endpoint(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        pair = base64.b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode()
        token = {"access_token": pair.partition(":")[2], "token_type": "bearer", "expires_in": 60}
        body = json.dumps(token).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
pathlib.Path("port.new").write_text(str(server.server_port))
pathlib.Path("port.new").rename("port")
server.serve_forever()
PYTHON

cat > clients.py <<'PYTHON'
import os
import sys

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # the endpoint is on this machine
from authlib.integrations.requests_client import OAuth2Session as Authlib
from oauthlib.oauth2 import BackendApplicationClient
from requests_oauthlib import OAuth2Session

url, secret = sys.argv[1:]
authlib = Authlib("client", secret).fetch_token(url, grant_type="client_credentials")
print(secret, "Authlib:", authlib["access_token"])
session = OAuth2Session(client=BackendApplicationClient("client"))
token = session.fetch_token(url, client_id="client", client_secret=secret)
print(secret, "requests-oauthlib:", token["access_token"])
PYTHON

cat > clients.js <<'JAVASCRIPT'
import * as openid from "openid-client";
import { ClientCredentials } from "simple-oauth2";

const [url, secret] = process.argv.slice(2);
const host = new URL(url);
const simple = new ClientCredentials({
  client: { id: "client", secret },
  auth: { tokenHost: host.origin, tokenPath: host.pathname },
});
const simpleToken = await simple.getToken({});
console.log(secret, "simple-oauth2:", simpleToken.token.access_token);
const server = { issuer: host.origin, token_endpoint: url };
const basic = openid.ClientSecretBasic(secret);
const configuration = new openid.Configuration(server, "client", undefined, basic);
openid.allowInsecureRequests(configuration);
const token = await openid.clientCredentialsGrant(configuration);
console.log(secret, "openid-client:", token.access_token);
JAVASCRIPT

venv/bin/python endpoint.py &
server=$!
for _ in $(seq 100); do [ -e port ] && break; sleep 0.1; done
url="http://127.0.0.1:$(cat port)/oauth2/token"
for secret in ab_cd+ef abcd2ef; do
    venv/bin/python -W ignore clients.py "$url" "$secret"
    node clients.js "$url" "$secret"
done | tee seen

diff - seen <<'EXPECTED' || { echo "The behaviour has changed (<: as it was)." >&2; exit 1; }
ab_cd+ef Authlib: ab_cd+ef
ab_cd+ef requests-oauthlib: ab_cd+ef
ab_cd+ef simple-oauth2: ab_cd%2Bef
ab_cd+ef openid-client: ab%5Fcd%2Bef
abcd2ef Authlib: abcd2ef
abcd2ef requests-oauthlib: abcd2ef
abcd2ef simple-oauth2: abcd2ef
abcd2ef openid-client: abcd2ef
EXPECTED
