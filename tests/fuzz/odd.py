"""Odd values: what senders send by mistake, and what people send on purpose."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from support.league import DAY

bounded = settings(
    max_examples=100,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
few = settings(bounded, max_examples=40)

TEXTS = [
    *(
        "",
        " ",
        "\x00",
        "\n",
        "\r\n",
        "\ud800",
        "\udfff\ud800",
        "\u202e",
        "\ufeff",
        "é",
        "姚明",
        "\U0001f3c0",
        "a" * 101,
        "x" * 3000,
    ),
    *(
        "..",
        ".",
        "a/b",
        "__x__",
        "__",
        "%2F",
        "%",
        "-",
        "a'b",
        'a"b',
        "a`b",
        "$",
        "null",
        "NaN",
        "TODAY",
        "today",
        "Infinity",
    ),
    *(
        "shai gilgeous-alexander",
        "de'aaron fox",
        "j.r. smith",
        "nikola jokić",
        "gary trent jr.",
        "o\u2019neal",
        "playera",
    ),
    *(DAY.isoformat(), "2026-02-30", "0000-00-00", "9999-12-31", "2026-1-2", "2026-01-20\n", "2026-01-20T00:00:00Z"),
    *("steady", "bold", "nosuch_v1", "regenerate_with_supersede", "advance_backfill", "coverage"),
]
NUMBERS = [0, 1, -1, 7, 48, 49, 400, 2**31, 2**63 - 1, 2**63, -(2**63) - 1, 10**400, 0.5, -0.0, 1e308, 5e-324]
texts = st.sampled_from(TEXTS) | st.text(max_size=30)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from(NUMBERS),
    st.floats(allow_nan=True, allow_infinity=True),
    texts,
)
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


def _nested(depth: int) -> Any:
    value: Any = 1
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


anything = st.one_of(values, st.integers(1, 200).map(_nested))


def objects(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with some of these fields, each as it should be or odd, and sometimes one that nobody knows."""
    odd = {name: st.one_of(good, good, good, anything) for name, good in fields.items()}
    known = st.fixed_dictionaries({}, optional=odd)
    return st.tuples(known, st.dictionaries(texts, anything, max_size=1) | st.just({})).map(
        lambda two: {**two[1], **two[0]}
    )


def written(value: object) -> bytes:
    """JSON as careless senders write it, NaN and lone surrogates included."""
    return json.dumps(value).encode()


regenerations = objects(
    game_date=st.just(DAY.isoformat()),
    reason=st.sampled_from(["bdb_upgrade", "late"]),
    metadata=st.dictionaries(texts, anything, max_size=3),
    players=st.lists(st.sampled_from(["playera", "playerb", "nobody"]), min_size=1, max_size=3),
    games=st.just(["0022500601"]),
    systems=st.just(["steady"]),
    dry_run=st.booleans(),
)
starts = objects(
    game_date=st.sampled_from([DAY.isoformat(), "TODAY", "TOMORROW"]),
    min_minutes=st.floats(0, 48),
    force=st.booleans(),
)
ranges = objects(
    **{"from": st.just(DAY.isoformat()), "to": st.sampled_from([DAY.isoformat(), "2026-01-22"])},
    reason=st.just("backfill"),
    only=st.sampled_from(["all", "missing", "failed"]),
    max_concurrent_dates=st.integers(1, 10),
    backwards=st.booleans(),
    metadata=st.dictionaries(texts, anything, max_size=2),
    dry_run=st.booleans(),
)
orders = objects(reason=st.just("because"), checks=st.just(["coverage"]))
spans = objects(days=st.integers(1, 5), **{"from": st.just(DAY.isoformat()), "to": st.just(DAY.isoformat())})
