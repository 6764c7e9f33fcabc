#!/usr/bin/env bash
# Versions: cronsim 2.8, croniter 7.0.0, APScheduler 3.11.3, tzdata 2026.6; github.com/robfig/cron/v3 v3.0.1.
# Expected: "02:30 on Sundays, Europe/Oslo" is one opening a week, with any library, also on the two Sundays
#   a year on which clocks are changed (02:00 to 02:59 is skipped in March, and comes twice in October).
# What happens: in March, robfig (Kubernetes' CronJobs) opens a week later; cronsim and croniter at 03:00.
#   In October robfig and croniter open twice, cronsim once. For APScheduler weekday 0 is a Monday.
#   And cronsim opens at 03:00 for `0,30 2` but skips the night for `*/30 2`, which names the same times.
# Seen, first opening after noon on Saturday 27 March 2027:
#   30 2 * * 0     cronsim 28th 03:00   croniter 28th 03:00   robfig 4 April 02:30   APScheduler 29th 02:30
#   0,30 2 * * *   cronsim 28th 03:00          */30 2 * * *   cronsim 29th 02:00
# Why here: Argo CD's, a CronJob's and this operator's windows share their text, not their nights.
# Source: https://github.com/cuu508/cronsim, https://pkg.go.dev/github.com/robfig/cron/v3
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
    cronsim==2.8 croniter==7.0.0 apscheduler==3.11.3 tzdata==2026.6

cat > openings.py <<'PYTHON'
from datetime import datetime
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger
from croniter import croniter
from cronsim import CronSim

OSLO = ZoneInfo("Europe/Oslo")
MARCH = datetime(2027, 3, 27, 12, tzinfo=OSLO)
OCTOBER = datetime(2027, 10, 30, 12, tzinfo=OSLO)


def tell(schedule, name, openings):
    print(f"{schedule}  {name}: {', '.join(one.isoformat(timespec='minutes') for one in openings)}")


for start in (MARCH, OCTOBER):
    cronsim, croniters = CronSim("30 2 * * 0", start), croniter("30 2 * * 0", start, ret_type=datetime)
    tell("30 2 * * 0", "cronsim", [next(cronsim), next(cronsim)])
    tell("30 2 * * 0", "croniter", [next(croniters), next(croniters)])
trigger = CronTrigger.from_crontab("30 2 * * 0", timezone=OSLO)
tell("30 2 * * 0", "APScheduler", [trigger.get_next_fire_time(None, MARCH)])
for schedule in ("0,30 2 * * *", "*/30 2 * * *"):
    tell(schedule, "cronsim", [next(CronSim(schedule, MARCH))])
PYTHON

cat > openings.go <<'GO'
package main

import (
	"fmt"
	"time"
	_ "time/tzdata"

	"github.com/robfig/cron/v3"
)

func main() {
	zone, err := time.LoadLocation("Europe/Oslo")
	if err != nil {
		panic(err)
	}
	schedule, err := cron.ParseStandard("30 2 * * 0")
	if err != nil {
		panic(err)
	}
	for _, start := range []time.Time{
		time.Date(2027, 3, 27, 12, 0, 0, 0, zone), time.Date(2027, 10, 30, 12, 0, 0, 0, zone),
	} {
		first := schedule.Next(start)
		second := schedule.Next(first)
		form := "2006-01-02T15:04-07:00"
		fmt.Printf("30 2 * * 0  robfig: %s, %s\n", first.Format(form), second.Format(form))
	}
}
GO

export GOFLAGS=-mod=mod GOWORK=off
go mod init finding 2> /dev/null
go get github.com/robfig/cron/v3@v3.0.1 2> log || { cat log >&2; exit 1; }
go build -o openings . 2> log || { cat log >&2; exit 1; }
{ venv/bin/python openings.py; ./openings; } | tee seen

diff - seen <<'EXPECTED' || { echo "The behaviour has changed (<: as it was)." >&2; exit 1; }
30 2 * * 0  cronsim: 2027-03-28T03:00+02:00, 2027-04-04T02:30+02:00
30 2 * * 0  croniter: 2027-03-28T03:00+02:00, 2027-04-04T02:30+02:00
30 2 * * 0  cronsim: 2027-10-31T02:30+02:00, 2027-11-07T02:30+01:00
30 2 * * 0  croniter: 2027-10-31T02:30+02:00, 2027-10-31T02:30+01:00
30 2 * * 0  APScheduler: 2027-03-29T02:30+02:00
0,30 2 * * *  cronsim: 2027-03-28T03:00+02:00
*/30 2 * * *  cronsim: 2027-03-29T02:00+02:00
30 2 * * 0  robfig: 2027-04-04T02:30+02:00, 2027-04-11T02:30+02:00
30 2 * * 0  robfig: 2027-10-31T02:30+02:00, 2027-10-31T02:30+01:00
EXPECTED
