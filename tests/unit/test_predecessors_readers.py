"""The readers of the predecessor's topic: each change of what is current sends its own message, with both percentages."""

from __future__ import annotations

from typing import Any

from regen.services.state.deps import PHASE_TOPIC
from support.league import DAY, entry, players
from support.web_bench import Web

DATE = DAY.isoformat()


def _told(web: Web) -> list[dict[str, Any]]:
    return [dict(data) for data in web.bench.queue.of(PHASE_TOPIC)]


def test_a_promotion_is_told_in_the_predecessors_form() -> None:
    web = Web(players(8))
    said = web.post("/start", {"game_date": DATE, "correlation_id": "a1b2c3d4", "parent_processor": "phase4"})
    web.bench.drain()
    (message,) = _told(web)
    batch_id, rows = (said.json or {})["batch_id"], len(web.bench.current())
    assert message.pop("duration_seconds") >= 0
    assert message.pop("timestamp").startswith(DATE)
    assert message.pop("trigger_message_id")
    assert message == {
        "processor_name": "prediction_coordinator",
        "phase": "phase_5_predictions",
        "execution_id": batch_id,
        "correlation_id": "a1b2c3d4",
        "game_date": DATE,
        "output_table": "player_prop_predictions",
        "output_dataset": "nba_predictions",
        "status": "success",
        "record_count": rows,
        "records_failed": 0,
        "parent_processor": "phase4",
        "trigger_source": "api_key",
        "error_message": None,
        "error_type": None,
        "metadata": {
            "batch_id": batch_id,
            "expected_players": 8,
            "completed_players": 8,
            "total_predictions": rows,
            "completion_percentage": 100.0,
            "completion_pct": 100.0,
        },
    }


def test_only_a_change_of_what_is_current_is_told() -> None:
    web = Web([*players(12), entry("broken", broken=True)])
    done = web.bench.run()
    (partial,) = _told(web)
    assert (partial["status"], partial["records_failed"], partial["metadata"]["completion_pct"]) == ("partial", 1, 92.3)
    web.bench.slate([*players(3), *(entry(f"broken{n}", broken=True) for n in range(9))])
    assert web.bench.run("t2").status.value == "rejected"
    assert len(_told(web)) == 1, "a rejected batch has changed nothing"
    web.post(f"/batches/{done.batch_id}/rollback", {})
    web.bench.drain()
    back = _told(web)[-1]
    assert (len(_told(web)), back["status"], back["record_count"]) == (2, "no_data", 0), "there was nothing before it"
