#!/usr/bin/env bash
# Versions: botocore 1.44.8, and 1.43.117 to compare; Python 3.11 or newer.
# Expected: a third secret is refused for good (`LimitExceededException`), so botocore sends the request once
#   and raises. Too many requests (`TooManyRequestsException`) pass by themselves, so botocore tries again.
# What happens: botocore 1.43 does not try again in either case. 1.44 has another default mode, and tries both
#   three times: its list of throttling errors has `LimitExceededException`, which Cognito uses for its limit
#   of two secrets. In the mode `adaptive` one such refusal slows down all later calls of that client, too.
# Seen:  1.43.117 default  LimitExceededException: 1 request    TooManyRequestsException: 1 request
#        1.44.8   default  LimitExceededException: 3 requests   TooManyRequestsException: 3 requests
#        1.44.8   adaptive: 20 reads after the refusal take many times as long as 20 before it
# Why here: a retry hides which Add made a secret, and spends a quota of 5 requests a second and pool.
# Source: https://github.com/boto/botocore/blob/develop/botocore/retries/standard.py (ThrottledRetryableChecker);
#   the opposite complaint: https://github.com/boto/botocore/issues/1605
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat > ask.py <<'PYTHON'
import http.server
import json
import threading
import time

import botocore
import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

CLIENT = {"UserPoolId": "eu-west-1_AbCdEfGhI", "ClientId": "1example23456789"}
answer = (200, {})
requests = 0


class Cognito(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        global requests
        requests += 1
        self.rfile.read(int(self.headers["Content-Length"]))
        status, document = answer
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Cognito)
threading.Thread(target=server.serve_forever, daemon=True).start()


def connect(**retries):
    return botocore.session.get_session().create_client(
        "cognito-idp",
        region_name="eu-west-1",
        endpoint_url=f"http://127.0.0.1:{server.server_port}",
        aws_access_key_id="none",
        aws_secret_access_key="none",
        config=Config(retries=retries),
    )


def add(client, code):
    global answer, requests
    answer, requests = (400, {"__type": code, "message": "no"}), 0
    try:
        client.add_user_pool_client_secret(**CLIENT)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code
    return requests


def seconds_of_twenty_reads(client):
    global answer
    answer = (200, {"ClientSecrets": []})
    start = time.monotonic()
    for _ in range(20):
        client.list_user_pool_client_secrets(**CLIENT)
    return time.monotonic() - start


for code in ("LimitExceededException", "TooManyRequestsException"):
    print(f"{botocore.__version__} default, {code}: requests {add(connect(), code)}")
if not botocore.__version__.startswith("1.43."):
    client = connect(mode="adaptive")
    before = seconds_of_twenty_reads(client)
    add(client, "LimitExceededException")
    after = seconds_of_twenty_reads(client)
    slower = "slower" if after > 4 * before and after > 2 else f"not slower ({before:.1f} s, {after:.1f} s)"
    print(f"{botocore.__version__} adaptive, 20 reads after one refused Add: {slower}")
PYTHON

unset AWS_RETRY_MODE AWS_MAX_ATTEMPTS AWS_PROFILE
export AWS_CONFIG_FILE="$folder/none" AWS_SHARED_CREDENTIALS_FILE="$folder/none"
for version in 1.43.117 1.44.8; do
    python3 -m venv "$version"
    "$version/bin/pip" install --quiet --disable-pip-version-check "botocore==$version"
    "$version/bin/python" ask.py
done | tee seen

diff - seen <<'EXPECTED' || { echo "The behaviour has changed (<: as it was)." >&2; exit 1; }
1.43.117 default, LimitExceededException: requests 1
1.43.117 default, TooManyRequestsException: requests 1
1.44.8 default, LimitExceededException: requests 3
1.44.8 default, TooManyRequestsException: requests 3
1.44.8 adaptive, 20 reads after one refused Add: slower
EXPECTED
