"""Cron expressions: when they come, in which zone, and the same moments said to systemd."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("cronsim")

from dataweir.config import ScheduleConfig
from dataweir.daemon.install import calendar
from dataweir.daemon.times import Times
from dataweir.errors import ConfigError

START = datetime(2026, 3, 27, 12, 0, tzinfo=UTC)


def times(cron: str, zone: str = "UTC") -> Times:
    return Times.of(ScheduleConfig(cron=cron, timezone=zone))


def test_days_of_month_and_week_are_alternatives_as_in_cron() -> None:
    found = times("0 6 1 * mon").coming(START, 3)
    assert [when.isoformat()[:16] for when in found] == ["2026-03-30T06:00", "2026-04-01T06:00", "2026-04-06T06:00"]


def test_a_daily_run_stays_daily_when_the_clock_changes() -> None:
    spring = times("30 2 * * *", "Europe/Berlin").coming(START, 3)  # 02:30 does not exist on 29 March 2026
    assert [when.isoformat()[:16] for when in spring] == ["2026-03-28T01:30", "2026-03-29T01:00", "2026-03-30T00:30"]
    autumn = times("30 2 * * *", "Europe/Berlin").coming(datetime(2026, 10, 24, 12, tzinfo=UTC), 2)
    assert autumn[1] - autumn[0] == timedelta(days=1) or autumn[1] - autumn[0] == timedelta(hours=25)
    assert len({when.date() for when in autumn}) == 2


@pytest.mark.parametrize(
    ("cron", "zone", "said"),
    [
        ("0 * * *", "UTC", "five fields"),
        ("61 * * * *", "UTC", "bad minute"),
        ("@daily", "UTC", "five fields"),
        ("0 0 31 2 *", "UTC", "bad day-of-month"),
        ("0 * * * *", "Europe/Berln", "no zone"),
    ],
)
def test_what_is_no_schedule_is_refused_with_a_cure(cron: str, zone: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as refused:
        times(cron, zone)
    assert refused.value.cure


@st.composite
def crons(draw: st.DrawFn) -> str:
    def field(low: int, high: int) -> st.SearchStrategy[str]:
        value = st.integers(low, high)
        spans = st.tuples(value, value).map(lambda pair: f"{min(pair)}-{max(pair)}")
        steps = st.tuples(st.one_of(st.just("*"), spans), st.integers(1, 20)).map(lambda pair: f"{pair[0]}/{pair[1]}")
        lists = st.lists(value, min_size=1, max_size=3).map(lambda values: ",".join(map(str, values)))
        return st.one_of(st.just("*"), lists, spans, steps)

    fields = [field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 7)]
    return " ".join(draw(each) for each in fields)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze: apt-get install systemd")
@settings(max_examples=40, deadline=None)
@given(crons())
def test_systemd_reads_the_same_moments(cron: str) -> None:
    base = "2026-03-27 12:00:00 UTC"
    command = ["systemd-analyze", "calendar", "--iterations=6", f"--base-time={base}", *calendar(times(cron))]
    printed = subprocess.run(
        command, capture_output=True, text=True, check=True, env={"TZ": "UTC", "LC_ALL": "C"}
    ).stdout
    found = {
        datetime.strptime(stamp, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
        for stamp in re.findall(r"(?:Next elapse|Iter\. #\d): \w+ ([\d-]+ [\d:]+) UTC", printed)
    }
    assert sorted(found)[:6] == times(cron).coming(START, 6)
