"""What a deployment costs a month: counted operations times list prices.

Counts come from `build/bench.json` where a benchmark has written them, else from the shape of the system, as noted.
Prices: list, US regions (us-central1), as looked up on 2026-09-01. Free tiers are a column of their own.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

#: Dollars for one of each.
PUBSUB_BYTE = 40 / 2**40
FIRESTORE_READ, FIRESTORE_WRITE, FIRESTORE_DELETE = 0.03 / 1e5, 0.09 / 1e5, 0.01 / 1e5
RUN_REQUEST, VCPU_SECOND, GIB_SECOND = 0.40 / 1e6, 0.000024, 0.0000025
BIGQUERY_BYTE = 6.25 / 2**40
LOG_BYTE = 0.50 / 2**30
SCHEDULER_JOB = 0.10
ALERT_CONDITION = 0.10

WEEKS = 52 / 12
MINUTES = 30.4 * 24 * 60
PUBLISH_FLOOR = 1000
TABLE_FLOOR = 10 * 2**20
BILLED_STEP = 0.1
MEMORY_GIB = 0.5


@dataclass(frozen=True)
class Use:
    """Operations, in the units that are billed."""

    requests: float = 0
    seconds: float = 0
    reads: float = 0
    writes: float = 0
    deletes: float = 0
    message_bytes: float = 0
    scanned_bytes: float = 0
    log_bytes: float = 0

    def times(self, factor: float) -> Use:
        """That many of it."""
        return Use(**{name: getattr(self, name) * factor for name in self.__dataclass_fields__})

    def plus(self, other: Use) -> Use:
        """Both together."""
        return Use(**{name: getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__})


#: One regenerated date of 90 players in groups of 50: two requests.
#: BigQuery: the slate reads 5 tables, the current predictions 1, fence 1, promotion 12 references, audit 2; each at the floor.
DATE = Use(
    requests=1 + 2 + 12 + 1,
    seconds=8 + 2 * 0.3 + 12 * BILLED_STEP + 15,
    reads=60,
    writes=35,
    deletes=8,
    message_bytes=2 * PUBLISH_FLOOR * (1 + 2 + 2 + 2),
    scanned_bytes=21 * TABLE_FLOOR,
    log_bytes=40 * 1200,
)
#: A sweep with nothing to do: three queries that find nothing.
SWEEP = Use(requests=1, seconds=BILLED_STEP, reads=3, log_bytes=1200)
#: A BDB scan: one query on one table.
SCAN = Use(requests=1, seconds=1, scanned_bytes=2 * TABLE_FLOOR, log_bytes=1200)

FREE = Use(
    requests=2e6,
    seconds=180_000,
    reads=50_000 * 30.4,
    writes=20_000 * 30.4,
    deletes=20_000 * 30.4,
    message_bytes=10 * 2**30,
    scanned_bytes=2**40,
    log_bytes=50 * 2**30,
)


def lines(use: Use) -> dict[str, float]:
    """Dollars by service."""
    return {
        "Cloud Run": use.requests * RUN_REQUEST + use.seconds * (VCPU_SECOND + MEMORY_GIB * GIB_SECOND),
        "Firestore": use.reads * FIRESTORE_READ + use.writes * FIRESTORE_WRITE + use.deletes * FIRESTORE_DELETE,
        "Pub/Sub": use.message_bytes * PUBSUB_BYTE,
        "BigQuery": use.scanned_bytes * BIGQUERY_BYTE,
        "Logging": use.log_bytes * LOG_BYTE,
    }


def month(dates_a_week: float) -> Use:
    """A month with one daily start, the sweeps and scans, and so many regenerated dates a week."""
    batches = (7 + dates_a_week) * WEEKS
    return DATE.times(batches).plus(SWEEP.times(MINUTES)).plus(SCAN.times(MINUTES / 60))


def beyond_free(use: Use) -> Use:
    """What is left when nothing else in the billing account uses the free tiers."""
    return Use(**{n: max(0.0, getattr(use, n) - getattr(FREE, n)) for n in use.__dataclass_fields__})


def fixed() -> float:
    """Jobs and alert conditions: three free jobs in a billing account; 9 conditions."""
    return 3 * SCHEDULER_JOB + 9 * ALERT_CONDITION


def table() -> str:
    """The table of the deployment guide."""
    services = list(lines(Use()))
    rows = [
        f"| regenerated dates a week | {' | '.join(services)} | jobs, alerts | list price a month | within free tiers |"
    ]
    rows.append("|" + "---|" * (len(services) + 4))
    for number in (1, 5, 15):
        use = month(number)
        parts, free = lines(use), sum(lines(beyond_free(use)).values())
        cells = " | ".join(f"${parts[s]:.2f}" for s in services)
        total = sum(parts.values()) + fixed()
        rows.append(f"| {number} | {cells} | ${fixed():.2f} | **${total:.2f}** | ${free + 9 * ALERT_CONDITION:.2f} |")
    return "\n".join(rows)


def main() -> int:
    """Print it."""
    print(table())
    return 0


if __name__ == "__main__":
    sys.exit(main())
