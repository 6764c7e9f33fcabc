#!/usr/bin/env bash
# Versions: uv 0.13.9, kubernetes 37.0.2, and boto3 without a version, as of 2026-11-28.
# Expected: `kubernetes` and `boto3` go together: a resolver finds a recent pair, or says that there is none.
# What happens: it exits with 0. kubernetes 37.0.2 wants python-dateutil 3 or newer, and every current botocore
#   refuses that. uv goes back through the versions of boto3 until one has no such bound: boto3 0.0.3 with
#   botocore 0.76.0, of 2014.
# Seen:  kubernetes 37.0.2, boto3        -> boto3 0.0.3, botocore 0.76.0, python-dateutil 4.0.0
#        kubernetes 37.0.2, boto3>=1.44  -> no solution
# Why here: an image built from such a list starts, and has no operation on client secrets of Cognito.
# Source: the requirements in the metadata of both packages; https://docs.astral.sh/uv/concepts/resolution/
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check uv==0.13.9

solve() {
    printf '%s\n' "$@" > wanted.in
    if venv/bin/uv pip compile --quiet --no-annotate --no-header --python-version 3.11 \
        --exclude-newer 2026-11-28 wanted.in > solved 2> log; then
        echo "$*: $(grep -E '^(boto3|botocore|python-dateutil)==' solved | paste -sd ' ')"
    elif grep -q "No solution found" log; then
        echo "$*: no solution"
    else
        cat log >&2
        exit 1
    fi
}

{ solve kubernetes==37.0.2 boto3; solve kubernetes==37.0.2 "boto3>=1.44"; } | tee seen

diff - seen <<'EXPECTED' || { echo "The behaviour has changed (<: as it was)." >&2; exit 1; }
kubernetes==37.0.2 boto3: boto3==0.0.3 botocore==0.76.0 python-dateutil==4.0.0
kubernetes==37.0.2 boto3>=1.44: no solution
EXPECTED
