"""What every folder's tests share. Heavy clients are imported by the fixtures that need them."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.warehouses import BigQueryHarness


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker has all tests of the BigQuery emulator, so that it is started once."""
    for item in items:
        uses_it = isinstance(item, pytest.Function) and "bigquery_url" in item.fixturenames
        if uses_it and item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group("bigquery"))


def pytest_collection_finish() -> None:
    """Keep what was collected out of the collector's sight: thousands of tests, which it would look through again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """An entry point sets up the process's logging; the next test finds it as it was."""
    root, server = logging.getLogger(), logging.getLogger("werkzeug")
    handlers, levels = root.handlers[:], (root.level, server.level)
    yield
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    server.setLevel(levels[1])


@pytest.fixture(scope="session")
def bigquery_url() -> Iterator[str]:
    """A BigQuery emulator; it installs itself where it is not there, and where it cannot, the tests fail and say why."""
    from regen.local.bigquery_env import InstallationFailed  # noqa: PLC0415
    from support.warehouses import emulator  # noqa: PLC0415

    try:
        with emulator() as url:
            yield url
    except InstallationFailed as error:
        pytest.fail(str(error))


@pytest.fixture(scope="session")
def bigquery_harness(bigquery_url: str) -> BigQueryHarness:
    """The warehouse over that emulator; its tables are shared by all tests."""
    from regen.adapters.bigquery.clients import emulator_client  # noqa: PLC0415
    from support.warehouses import PROJECT, BigQueryHarness  # noqa: PLC0415

    return BigQueryHarness(emulator_client(bigquery_url, PROJECT))
