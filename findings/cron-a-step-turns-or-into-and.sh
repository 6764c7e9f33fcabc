#!/usr/bin/env bash
# Versions: cronsim 2.8, croniter 7.0.0; github.com/robfig/cron/v3 v3.0.1 (in Kubernetes' CronJobs); tzdata 2026.6.
# Expected: `*/2` as the day of the month is short for `1-31/2`. With a weekday beside it cron takes days that
#   match either field, so both spellings mean "each odd day, and each Monday".
# What happens: cronsim, like Debian's cron, looks at the first character. A field that begins with `*` counts as
#   no restriction, and then both fields have to match: odd days that are Mondays. croniter and robfig read
#   both spellings as the union.
# Seen, days in January 2027:  `0 2 1-31/2 * 1`  cronsim 18, croniter 18, robfig 18
#                              `0 2 */2 * 1`     cronsim 2,  croniter 18, robfig 18
# Why here: a schedule taken over from a CronJob opens on 2 days of a month in place of 18, without any error.
# Source: https://github.com/cuu508/cronsim, https://github.com/robfig/cron/issues/70,
#   https://github.com/pallets-eco/croniter/pull/201 (implement_cron_bug)
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check cronsim==2.8 croniter==7.0.0 tzdata==2026.6

cat > days.py <<'PYTHON'
import sys
from datetime import datetime
from itertools import takewhile
from zoneinfo import ZoneInfo

from croniter import croniter
from cronsim import CronSim

start = datetime(2026, 12, 31, 12, tzinfo=ZoneInfo("Europe/Oslo"))
schedule = sys.argv[1]
for name, openings in (
    ("cronsim", CronSim(schedule, start)),
    ("croniter", croniter(schedule, start, ret_type=datetime)),
):
    days = [one.day for one in takewhile(lambda one: (one.year, one.month) == (2027, 1), openings)]
    print(f"{schedule}  {name}: {len(days)} days, first {' '.join(map(str, days[:4]))}")
PYTHON

cat > days.go <<'GO'
package main

import (
	"fmt"
	"os"
	"time"
	_ "time/tzdata"

	"github.com/robfig/cron/v3"
)

func main() {
	zone, err := time.LoadLocation("Europe/Oslo")
	if err != nil {
		panic(err)
	}
	schedule, err := cron.ParseStandard(os.Args[1])
	if err != nil {
		panic(err)
	}
	count, first := 0, ""
	for at := schedule.Next(time.Date(2026, 12, 31, 12, 0, 0, 0, zone)); at.Year() == 2027 && at.Month() == 1; at = schedule.Next(at) {
		if count++; count <= 4 {
			first += fmt.Sprintf(" %d", at.Day())
		}
	}
	fmt.Printf("%s  robfig: %d days, first%s\n", os.Args[1], count, first)
}
GO

export GOFLAGS=-mod=mod GOWORK=off
go mod init finding 2> /dev/null
go get github.com/robfig/cron/v3@v3.0.1 2> log || { cat log >&2; exit 1; }
go build -o days . 2> log || { cat log >&2; exit 1; }
for schedule in "0 2 1-31/2 * 1" "0 2 */2 * 1"; do
    venv/bin/python days.py "$schedule"
    ./days "$schedule"
done | tee seen

diff - seen <<'EXPECTED' || { echo "The behaviour has changed (<: as it was)." >&2; exit 1; }
0 2 1-31/2 * 1  cronsim: 18 days, first 1 3 4 5
0 2 1-31/2 * 1  croniter: 18 days, first 1 3 4 5
0 2 1-31/2 * 1  robfig: 18 days, first 1 3 4 5
0 2 */2 * 1  cronsim: 2 days, first 11 25
0 2 */2 * 1  croniter: 18 days, first 1 3 4 5
0 2 */2 * 1  robfig: 18 days, first 1 3 4 5
EXPECTED
