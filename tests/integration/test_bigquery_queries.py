"""A reader's own queries and the official client's, of the same statements, on the BigQuery emulator."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from regen.adapters.bigquery.clients import emulator_client
from regen.client.errors import OperatorError
from regen.client.reader import Reader
from support.official import ThroughClient
from support.warehouses import PROJECT, BigQueryHarness

DAY = date(2026, 1, 20)
TYPES = """
    SELECT
      'a' AS text, -3 AS n, 1.5 AS x, NUMERIC '79.5' AS exact, TRUE AS flag, DATE '2026-01-20' AS day,
      TIMESTAMP '2026-01-20 12:00:00.123456 UTC' AS at, ['a', 'b'] AS names,
      [STRUCT(1 AS a, TIMESTAMP '2026-01-20 12:00:00 UTC' AS b)] AS parts
    UNION ALL
    SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, [], []
    ORDER BY n DESC
"""
GIVEN = "SELECT @text AS text, @n AS n, @flag AS flag, @day AS day, @at AS at, @none AS none"


@pytest.fixture(scope="module")
def harness(bigquery_url: str) -> BigQueryHarness:
    return BigQueryHarness(emulator_client(bigquery_url, PROJECT))


@pytest.fixture(scope="module")
def reader(bigquery_url: str, harness: BigQueryHarness) -> Reader:
    return Reader(PROJECT, bigquery_url, harness.prefix)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (TYPES, {}),
        (
            GIVEN,
            {"text": "a", "n": 7, "flag": True, "day": DAY, "at": datetime(2026, 1, 20, 12, tzinfo=UTC), "none": None},
        ),
        ("SELECT 1 AS n FROM UNNEST([]) WHERE FALSE", {}),
    ],
    ids=["types", "parameters", "no rows"],
)
def test_rows_are_those_of_the_official_client(
    reader: Reader, harness: BigQueryHarness, text: str, values: dict[str, Any]
) -> None:
    official = ThroughClient(harness.client).rows(text, values)
    assert repr(reader.queries.rows(text, values)) == repr(official)


def test_columns_and_staging_tables_are_those_of_the_client(reader: Reader, harness: BigQueryHarness) -> None:
    client = ThroughClient(harness.client)
    name = reader.names.table("ml_feature_store_v2")
    assert reader.queries.columns_of(name) == client.columns_of(name)
    harness.warehouse._create_staging(reader.names.staging("s_1"))
    assert reader.staging_tables() == client.staging_tables(reader.names.staging_dataset)
    harness.warehouse.drop_staging("s_1")


def test_a_refused_statement_says_so(reader: Reader) -> None:
    with pytest.raises(OperatorError, match=r"^BigQuery \(http://"):
        reader.query("SELECT nothing FROM nowhere")
