"""`make bench`: the budgets of the design, measured on this machine; writes build/bench.json."""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from pathlib import Path
from typing import Any

from bench import fanout, five_dates, news, peers, pricing
from regen.local import bigquery_env
from regen.local.emulators import find_emulators

ROOT = Path(__file__).parents[2]
PER_REQUEST = 50


def main() -> None:
    """Run all measurements, within twelve minutes."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--quick", action="store_true", help="fewer runs, no N = 20,000")
    parser.add_argument("--no-peers", action="store_true")
    chosen = parser.parse_args()
    began = time.monotonic()
    build = ROOT / "build" / "bench"
    build.mkdir(parents=True, exist_ok=True)
    bigquery_env.ensure(ROOT / "build")
    _share(build)
    missing = find_emulators()
    emulators = not isinstance(missing, str)
    if not emulators:
        say(f"no emulators ({missing}): only the in-process adapters are measured")
    sizes = {100: 3, 500: 3, 5000: 2} if chosen.quick else {100: 9, 500: 5, 5000: 3, 20000: 1}
    say("five dates")
    five = five_dates.run(build, 3, emulators=emulators, say=say)
    say("news before tip-off")
    told = news.run(build, 1 if chosen.quick else 2, emulators=emulators, say=say)
    fans: dict[str, Any] = {}
    if emulators:
        say("fan-out on the emulators")
        fans["emulators"] = fanout.run(build, sizes, emulators=True, say=say)
    say("fan-out in process")
    fans["in_process"] = fanout.run(build, sizes, emulators=False, say=say)
    others: dict[str, Any] = {}
    if not chosen.no_peers:
        say("peers")
        others = peers.run(ROOT, {500: 3, 5000: 1}, say)
    result = _result(five, fans, others)
    result["summary"]["news_seconds"] = told["seconds"]
    result["news"] = told
    result["machine"] = {"cores": os.cpu_count(), "python": platform.python_version(), "load": os.getloadavg()}
    result["seconds"] = round(time.monotonic() - began, 1)
    (ROOT / "build" / "bench.json").write_text(json.dumps(result, indent=2) + "\n")
    say(json.dumps(result["summary"], indent=2))
    say(f"build/bench.json written after {result['seconds']:g} s")


def say(text: str) -> None:
    """Print a line of progress."""
    print(text, flush=True)


def _share(build: Path) -> None:
    """The bench packages functions of its own, and shares the installed BigQuery emulator."""
    link = build / "bigquery-emulator"
    if not link.exists():
        link.symlink_to(ROOT / "build" / "bigquery-emulator", target_is_directory=True)


def _result(five: dict[str, Any], fans: dict[str, Any], others: dict[str, Any]) -> dict[str, Any]:
    measured = fans.get("emulators") or fans["in_process"]
    prices: dict[str, Any] = {}
    if "worker" in five["requests"]:
        prices = {
            str(n): pricing.dollars(pricing.scaled(five["one_date"], measured["5000"], n, PER_REQUEST))
            for n in (90, 453, 5000)
        }
    summary = {
        "five_dates_seconds": five["seconds"],
        "per_second_500": measured["500"]["per_second"],
        "per_second_5000": measured["5000"]["per_second"],
        "per_second_20000": measured.get("20000", {}).get("per_second"),
        "cpu_ms_per_player": measured["5000"]["cpu_outside_ms"],
        "usd_per_million": prices.get("5000", {}).get("total"),
        "bigquery_jobs_per_batch": five["bigquery_jobs_per_batch"],
        "five_dates_functions_cpu_seconds": five["functions_cpu"],
        "in_process_per_second_500": fans["in_process"]["500"]["per_second"],
        "in_process_per_second_5000": fans["in_process"]["5000"]["per_second"],
        "usd_per_million_453_without_floor": prices.get("453", {}).get("without_floor"),
    }
    return {
        "summary": summary,
        "five_dates": five,
        "fan_out": fans,
        "dollars_per_million": {"table_references_per_batch": pricing.table_references(), **prices},
        "peers": others,
    }


if __name__ == "__main__":
    main()
