#!/usr/bin/env bash
# Versions: botocore 1.44.5 and 1.44.8; Python 3.11 or newer.
# Expected: Cognito answers in JSON, and botocore hands on what the answer says. A field that is newer than
#   botocore shows up in the dictionary all the same.
# What happens: botocore drops each field that its own model does not know, without a warning. A client whose
#   secret AWS itself keeps and rotates (in the model since 1.44.7) has `ClientSecretArn` in place of
#   `ClientSecret`. For 1.44.5 it has neither, like a client whose original secret was deleted long ago.
# Seen:  1.44.5  sent ClientId, ClientName, ClientSecretArn   read ClientId, ClientName
#        1.44.8  sent ClientId, ClientName, ClientSecretArn   read ClientId, ClientName, ClientSecretArn
# Why here: who cannot see that AWS rotates this client adds a secret beside AWS's. By the model's text for
#   `PublishSecretsInAWSSecretsManager`, AWS's first rotation deletes the older one of two.
# Source: botocore/data/cognito-idp/2016-04-18/service-2.json.gz of both versions, UserPoolClientType
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat > ask.py <<'PYTHON'
import http.server
import json
import threading

import botocore
import botocore.session

SENT = {
    "ClientId": "1example23456789",
    "ClientName": "orders",
    "ClientSecretArn": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders-AbCdEf",
}


class Cognito(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps({"UserPoolClient": SENT}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Cognito)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = botocore.session.get_session().create_client(
    "cognito-idp",
    region_name="eu-west-1",
    endpoint_url=f"http://127.0.0.1:{server.server_port}",
    aws_access_key_id="none",
    aws_secret_access_key="none",
)
read = client.describe_user_pool_client(
    UserPoolId="eu-west-1_AbCdEfGhI", ClientId="1example23456789"
)["UserPoolClient"]
print(f"{botocore.__version__} sent: {', '.join(SENT)}; read: {', '.join(sorted(read))}")
PYTHON

unset AWS_PROFILE
export AWS_CONFIG_FILE="$folder/none" AWS_SHARED_CREDENTIALS_FILE="$folder/none"
for version in 1.44.5 1.44.8; do
    python3 -m venv "$version"
    "$version/bin/pip" install --quiet --disable-pip-version-check "botocore==$version"
    "$version/bin/python" ask.py
done | tee seen

diff - seen <<'EXPECTED' || { echo "The behaviour has changed (<: as it was)." >&2; exit 1; }
1.44.5 sent: ClientId, ClientName, ClientSecretArn; read: ClientId, ClientName
1.44.8 sent: ClientId, ClientName, ClientSecretArn; read: ClientId, ClientName, ClientSecretArn
EXPECTED
