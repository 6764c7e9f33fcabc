#!/usr/bin/env bash
# Versions: kopf 1.45.2, kubernetes (Python) 37.0.1; k8s.io/apimachinery v0.36.3, which the API server reads with.
# Expected: a library for Kubernetes writes times that Kubernetes reads.
# What happens: Python's `isoformat()` leaves the fraction out when it is zero. Fields of the type `Time` accept
#   that; those of the type `MicroTime` demand six digits: `renewTime` and `acquireTime` of a Lease, `eventTime`
#   of an Event. So kopf's Event and a Lease of the Python client are refused in one of a million moments, and
#   each time where the code or a test uses whole seconds, as with `replace(microsecond=0)`.
# Seen:  kopf eventTime and client renewTime at .000000 s: cannot parse "+00:00" as ".000000"; at .000001 s: read
#        kopf firstTimestamp (a Time) at .000000 s: read
# Why here: a Lease renewed every 5 s meets it about once in 58 days: a renewal that fails for no reason.
# Source: https://github.com/kubernetes/apimachinery/blob/master/pkg/apis/meta/v1/micro_time.go,
#   https://github.com/python/cpython/issues/84257
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check kopf==1.45.2 kubernetes==37.0.1

# What kopf would post and what the client would send, at two moments.
cat > write.py <<'PYTHON'
import asyncio
import datetime
import logging
import types
from unittest import mock

import kopf
from kopf._cogs.clients import events
from kubernetes import client


def posted_by_kopf(moment):
    class Clock(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return moment

    post = mock.AsyncMock()
    clock = types.SimpleNamespace(datetime=Clock, UTC=datetime.UTC)
    with mock.patch.object(events, "datetime", clock), mock.patch.object(events.api, "post", post):
        asyncio.run(
            events.post_event(
                ref={"apiVersion": "v1", "kind": "ConfigMap", "namespace": "a", "name": "b"},
                type="Normal",
                reason="Tried",
                message="",
                resource=mock.Mock(),
                settings=kopf.OperatorSettings(),
                logger=logging.getLogger(),
            )
        )
    return post.call_args.kwargs["payload"]


for microsecond in (1, 0):
    moment = datetime.datetime(2026, 11, 29, 1, 0, 0, microsecond, tzinfo=datetime.UTC)
    event = posted_by_kopf(moment)
    lease = client.V1Lease(spec=client.V1LeaseSpec(renew_time=moment))
    spec = client.ApiClient().sanitize_for_serialization(lease)["spec"]
    print("Time kopf:firstTimestamp", event["firstTimestamp"])
    print("MicroTime kopf:eventTime", event["eventTime"])
    print("MicroTime client:renewTime", spec["renewTime"])
PYTHON

cat > read.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"

	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func main() {
	for {
		var kind, field, text string
		if _, err := fmt.Scan(&kind, &field, &text); err != nil {
			return
		}
		quoted, _ := json.Marshal(text)
		var err error
		if kind == "MicroTime" {
			err = json.Unmarshal(quoted, &meta.MicroTime{})
		} else {
			err = json.Unmarshal(quoted, &meta.Time{})
		}
		answer := "read"
		if err != nil {
			answer = err.Error()
		}
		fmt.Printf("%s %s %s: %s\n", field, kind, text, answer)
	}
}
GO

export GOFLAGS=-mod=mod GOWORK=off
go mod init finding 2> /dev/null
go get k8s.io/apimachinery@v0.36.3 2> log || { cat log >&2; exit 1; }
go build -o read . 2> log || { cat log >&2; exit 1; }
venv/bin/python -W ignore write.py | ./read | tee seen

diff - seen <<'EXPECTED' || { echo "The behaviour has changed (<: as it was)." >&2; exit 1; }
kopf:firstTimestamp Time 2026-11-29T01:00:00.000001+00:00: read
kopf:eventTime MicroTime 2026-11-29T01:00:00.000001+00:00: read
client:renewTime MicroTime 2026-11-29T01:00:00.000001+00:00: read
kopf:firstTimestamp Time 2026-11-29T01:00:00+00:00: read
kopf:eventTime MicroTime 2026-11-29T01:00:00+00:00: parsing time "2026-11-29T01:00:00+00:00" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "+00:00" as ".000000"
client:renewTime MicroTime 2026-11-29T01:00:00+00:00: parsing time "2026-11-29T01:00:00+00:00" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "+00:00" as ".000000"
EXPECTED
