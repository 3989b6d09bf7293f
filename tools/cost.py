"""What a deployment costs a month: counted operations times list prices, as the table of the deployment guide.

    python tools/cost.py

Operations of a batch and of a sweep are counted by tests/infra/test_cost.py on the real services; table references are
counted in the statements. How long an instance is busy is an assumption, named below, and the largest uncertainty.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib import resources

from bench.pricing import FLOOR_BYTES, PRICES, STATEMENTS, references

#: Not in the price list of the benchmarks, and small.
LOG_BYTE = 0.50 / 2**30
SCHEDULE = 0.10
CONDITION = 0.10
STORED, RECOVERABLE, BACKED_UP = 0.15 / 2**30, 0.15 / 2**30, 0.03 / 2**30
"""A byte of Firestore for a month: as it is, as it was in the last seven days, and in a daily backup."""

INPUT_BYTES = 160 * 2**10
"""At most: what is kept in the bucket of a date of 90 players, in one object."""
STANDARD, COLD = 0.02 / 2**30, 0.004 / 2**30
"""A byte of Cloud Storage for a month, in a region: in the first 90 days, and later."""
OBJECT, TO_COLD = 0.005 / 1000, 0.02 / 1000
"""To write an object, and to move it to the colder class."""

WEEKS = 52 / 12
DAYS = 365 / 12
PUBLISH_FLOOR = 1000
MEMORY_GIB = 0.5
LINE_BYTES = 700

#: Counted: one regenerated date of 90 players, and a sweep that finds nothing to do.
BATCH_READS, BATCH_WRITES, BATCH_MESSAGES, BATCH_EVENTS, BATCH_REQUESTS = 37, 28, 5, 5, 2
SWEEP_READS = 8.8
SWEEP_WRITES = 1
"""Its heartbeat."""
#: At most: what such a date leaves in Firestore (two requests of 400 KiB and its batch), and every version of it.
BATCH_STORED_BYTES, BATCH_WRITTEN_BYTES = 2**20, 4 * 2**20
#: A day: every five minutes from three hours before the first tip-off until the last, three hours and a half later; else hourly.
NEWS_SCANS = 78 + 17
KEPT_DAYS, RECOVERY_DAYS, BACKUPS = 90, 7, 7

#: Assumed: how long an instance is busy. BigQuery takes seconds for each statement, and billing stops with the answer.
OPENING_SECONDS, VERIFYING_SECONDS, REQUEST_SECONDS, SHORT_SECONDS, LEDGER_SECONDS = 6.0, 15.0, 0.3, 0.1, 4.0
NEWS_SECONDS = QUALITY_SECONDS = 2.0
"""One statement, and two small ones after a grading; the others of the ledger send two to four."""


@dataclass(frozen=True)
class Use:
    """Operations, in the units that are billed."""

    requests: float = 0
    seconds: float = 0
    reads: float = 0
    writes: float = 0
    message_bytes: float = 0
    scanned_bytes: float = 0
    log_bytes: float = 0
    stored_bytes: float = 0
    recoverable_bytes: float = 0
    backup_bytes: float = 0

    def times(self, factor: float) -> Use:
        """That many of it."""
        return Use(*(getattr(self, f.name) * factor for f in fields(self)))

    def plus(self, *others: Use) -> Use:
        """All together."""
        return Use(*(sum(getattr(u, f.name) for u in (self, *others)) for f in fields(self)))

    def beyond(self, free: Use) -> Use:
        """What is left after the free tiers."""
        return Use(*(max(0.0, getattr(self, f.name) - getattr(free, f.name)) for f in fields(self)))


def tables(*statements: str) -> float:
    """Bytes billed for statements on small tables: ten MiB for each reference."""
    texts = (resources.files("regen.sql").joinpath(f"{name}.sql").read_text() for name in statements)
    return sum(map(references, texts)) * FLOOR_BYTES


def batch() -> Use:
    """One date of 90 players, from its trigger to its promotion."""
    calls = 1 + BATCH_REQUESTS + BATCH_EVENTS + 1
    return Use(
        requests=calls,
        seconds=OPENING_SECONDS + VERIFYING_SECONDS + BATCH_REQUESTS * REQUEST_SECONDS + BATCH_EVENTS * SHORT_SECONDS,
        reads=BATCH_READS,
        writes=BATCH_WRITES,
        message_bytes=2 * PUBLISH_FLOOR * (BATCH_MESSAGES + BATCH_EVENTS),
        scanned_bytes=tables(*STATEMENTS, "box_scores"),
        log_bytes=LINE_BYTES * calls,
    )


def sweep() -> Use:
    """One that finds nothing to do."""
    return Use(requests=1, seconds=SHORT_SECONDS, reads=SWEEP_READS, writes=SWEEP_WRITES, log_bytes=LINE_BYTES)


def ledger(*statements: str, seconds: float = LEDGER_SECONDS) -> Use:
    """A scan, a check or a grading: statements, and one log line."""
    return Use(requests=1, seconds=seconds, scanned_bytes=tables(*statements), log_bytes=LINE_BYTES)


def kept(dates_a_day: float) -> Use:
    """What Firestore holds at any moment, once the first records have expired."""
    stored = BATCH_STORED_BYTES * dates_a_day * KEPT_DAYS
    versions = BATCH_WRITTEN_BYTES * dates_a_day * RECOVERY_DAYS
    return Use(stored_bytes=stored, recoverable_bytes=versions, backup_bytes=stored * BACKUPS)


def month(dates_a_week: float) -> Use:
    """A month of daily starts, sweeps, scans, checks and grades, and so many regenerated dates a week."""
    return (
        batch()
        .times((7 + dates_a_week) * WEEKS)
        .plus(
            kept((7 + dates_a_week) / 7),
            sweep().times(DAYS * 24 * 60),
            ledger("bdb_pending").times(DAYS * 24),
            ledger("news", seconds=NEWS_SECONDS).times(DAYS * NEWS_SCANS),
            Use(requests=1, seconds=SHORT_SECONDS, reads=2).times(DAYS * (24 * 60 - NEWS_SCANS)),
            ledger("verify_predictions", "verify_coverage", "verify_tables").times(DAYS),
            ledger("grade_due", "grade").times(DAYS),
            ledger("grade").times(dates_a_week * WEEKS),
        )
    )


FREE = Use(
    requests=2e6,
    seconds=180_000,
    reads=50_000 * DAYS,
    writes=20_000 * DAYS,
    message_bytes=10 * 2**30,
    scanned_bytes=2**40,
    log_bytes=50 * 2**30,
    stored_bytes=2**30,
)


def inputs(dates_a_week: float, years: float) -> float:
    """Dollars a month for the inputs of promoted rows, which nothing deletes, after so many years. Not in the table."""
    dates = (7 + dates_a_week) * WEEKS
    warm = dates * KEPT_DAYS / DAYS
    older = max(0.0, dates * 12 * years - warm)
    return INPUT_BYTES * (warm * STANDARD + older * COLD) + dates * (OBJECT + TO_COLD)


def dollars(use: Use) -> Mapping[str, float]:
    """By service."""
    second = PRICES["vcpu_second"] + MEMORY_GIB * PRICES["gib_second"]
    return {
        "Cloud Run": use.requests * PRICES["run_request"] + use.seconds * second,
        "Firestore": use.reads * PRICES["firestore_read"] + use.writes * PRICES["firestore_write"],
        "kept and recoverable": use.stored_bytes * STORED
        + use.recoverable_bytes * RECOVERABLE
        + use.backup_bytes * BACKED_UP,
        "Pub/Sub": use.message_bytes * PRICES["pubsub_byte"],
        "BigQuery": use.scanned_bytes * PRICES["bigquery_byte"],
        "Logging": use.log_bytes * LOG_BYTE,
    }


def table(schedules: int = 8, conditions: int = 15) -> str:
    """The table of the deployment guide."""
    names = list(dollars(Use()))
    head = ["regenerated dates a week", *names, "schedules, alerts", "a month, at list", "after free tiers"]
    rows = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    fixed = schedules * SCHEDULE + conditions * CONDITION
    for number in (1, 5, 15):
        use = month(number)
        parts = dollars(use)
        left = sum(dollars(use.beyond(FREE)).values()) + fixed
        cells = [f"${parts[name]:.2f}" for name in names]
        total = sum(parts.values()) + fixed
        rows.append(f"| {number} | {' | '.join(cells)} | ${fixed:.2f} | **${total:.2f}** | ${left:.2f} |")
    return "\n".join(rows)


def quality_watch(dates_a_week: float) -> float:
    """A month of measurements of live quality, one after each grading: beside the table, because a setting turns it off."""
    use = ledger("quality", "keep_quality", seconds=QUALITY_SECONDS).times(DAYS + dates_a_week * WEEKS)
    return sum(dollars(use).values())


def beside() -> str:
    """The guide's sentence about it."""
    least, most = quality_watch(1), quality_watch(15)
    return f"The watch on live quality (`REGEN_QUALITY_WATCH`) is not in the table: ${least:.2f} a month, ${most:.2f} with 15 dates a week."


def main() -> int:
    """Print both."""
    print(table())
    print(beside())
    return 0


if __name__ == "__main__":
    sys.exit(main())
