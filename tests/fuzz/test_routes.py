"""Every route, with what the OpenAPI document allows and with what it does not: never a 500, always a described answer."""

from __future__ import annotations

import time
from functools import cache
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from support import openapi
from support.league import DAY
from support.web_bench import KEYED, Web, pushed, ticked

EXAMPLES = 25
SECONDS = 2.0
load_all_checks()
WANTED: Any = CHECKS.get_by_names(
    ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"]
)
OPERATIONS = {o.spec["operationId"]: o for o in openapi.operations()}


class Function:
    """Whichever function is probed."""

    app: Any = None

    def __call__(self, environ: Any, start_response: Any) -> Any:
        return self.app(environ, start_response)


FUNCTION = Function()


@cache
def _schema() -> Any:
    schema = schemathesis.openapi.from_dict(openapi.document())
    schema.app = FUNCTION
    schema.config.generation.update(with_security_parameters=False)
    return schema


def _cases(name: str) -> st.SearchStrategy[Case[Any]]:
    """Requests as the document allows them, and as it does not."""
    o = OPERATIONS[name]
    operation = _schema()[o.path][o.method]
    return st.one_of([operation.as_strategy(mode) for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)])


def _aimed(case: Case[Any], batch_id: str) -> None:
    """At a date with a slate, and at a batch that is there."""
    if isinstance(case.body, dict):
        case.body |= {name: DAY.isoformat() for name in ("game_date", "from", "to") if name in case.body}
    if "id" in (case.path_parameters or {}):
        case.path_parameters["id"] = batch_id


@pytest.mark.parametrize("name", list(OPERATIONS))
def test_no_input_is_answered_by_a_500(name: str) -> None:
    o = OPERATIONS[name]
    webs = {service: Web() for service in o.services}
    batches = {service: web.bench.run().batch_id for service, web in webs.items()}
    headers = (
        KEYED if "key" in o.security else ticked() if "scheduler" in o.security else pushed() if o.security else {}
    )

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=_cases(name), aimed=st.booleans())
    def probe(case: Case[Any], *, aimed: bool) -> None:
        for service, web in webs.items():
            if aimed:
                _aimed(case, batches[service])
            FUNCTION.app = web.apps[service]
            started = time.monotonic()
            response = case.call(headers=headers)
            assert time.monotonic() - started < SECONDS
            case.validate_response(response, checks=WANTED)
            web.bench.drain()

    probe()
