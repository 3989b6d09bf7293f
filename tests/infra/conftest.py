"""What `make infra` planned, if it was planned from the sources as they are now.

`make test` therefore stays quick: without a plan these modules are left out, and with one they read a JSON file.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

from infra.deployment import Deployment

ROOT = Path(__file__).parents[2]
HOME = ROOT / "build" / "infra"


def _key() -> str:
    spec = importlib.util.spec_from_file_location("tools_infra", ROOT / "tools" / "infra_check.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return str(module.key())


def _planned() -> bool:
    key = HOME / "key"
    if not key.exists() or not (HOME / "state.json").exists():
        return False
    return bool(os.environ.get("REGEN_INFRA")) or key.read_text() == _key()


collect_ignore = (
    []
    if _planned()
    else [
        "test_policies.py",
        "test_topology.py",
        "test_log_filters.py",
        "test_alert_series.py",
        "test_adoption.py",
        "test_calls.py",
    ]
)
if not os.environ.get("REGEN_INFRA"):
    collect_ignore.append("test_packages.py")


@pytest.fixture(scope="session")
def deployed() -> Deployment:
    """What an apply makes of `infra/`."""
    return Deployment.read(HOME / "state.json")
