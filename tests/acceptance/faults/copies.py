"""Repeated deliveries of earlier messages: requests, verifications, change events and triggers."""

from __future__ import annotations

import base64
import json
import urllib.request
import uuid
from typing import Any

from acceptance.faults.rig import Rig
from support.polling import wait_until

DELIVERY_SECONDS = 120.0
LINES = {"worker": "POST /: 204", "verifier": "POST /verify: 204"}


class Copies:
    """Delivers copies of messages, and waits until the functions have acknowledged all."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._due = {function: rig.log_count(function, line) for function, line in LINES.items()}

    def send_requests(self, batch_id: str, number: int, round_: int = 1) -> None:
        """Publish copies of the batch's requests, in turn."""
        requests = self._rig.store.collection("prediction_batches").document(batch_id).collection("requests")
        names = [request.id for request in requests.stream() if request.get("round") == round_]
        data = [{"batch_id": batch_id, "request_id": names[n % len(names)], "round": round_} for n in range(number)]
        self._publish("prediction-request", "worker", data)

    def send_verifications(self, batch_id: str, number: int, round_: int = 1) -> None:
        """Publish copies of the batch's verification message."""
        self._publish("prediction-verify", "verifier", [{"batch_id": batch_id, "round": round_}] * number)

    def send_events(self, batch_id: str, number: int) -> None:
        """Send change events of the batch's document, as the Firestore emulator sends them to the relay."""
        url = f"{self._rig.stack.urls['relay']}/functions/projects/p/triggers/prediction-batch-changed"
        for _ in range(number):
            _post(url, b"", {**_EVENT, "ce-id": str(uuid.uuid4()), "ce-document": f"prediction_batches/{batch_id}"})

    def send_trigger(self, day: str, message_id: str, number: int) -> list[dict[str, Any]]:
        """Push one trigger several times under one message id; return the answers."""
        data = {"game_date": day, "reason": "fault_test", "mode": "regenerate_with_supersede"}
        message = {"data": base64.b64encode(json.dumps(data).encode()).decode(), "messageId": message_id}
        body = json.dumps({"message": message, "subscription": "projects/p/subscriptions/by-hand"}).encode()
        headers = {"Content-Type": "application/json", "X-API-Key": self._rig.stack.env["API_KEY"]}
        url = self._rig.stack.urls["coordinator"] + "/regenerate-pubsub"
        return [json.loads(a or b"{}") for a in self._rig.pool.map(lambda _: _post(url, body, headers), range(number))]

    def wait_until_acknowledged(self) -> None:
        """Wait until each copy has been acknowledged."""
        for function, due in self._due.items():
            line = LINES[function]
            wait_until(
                lambda f=function, w=line, n=due: self._rig.log_count(f, w) >= n,  # type: ignore[misc]
                DELIVERY_SECONDS,
                f"{function} to acknowledge all",
            )

    def _publish(self, topic: str, function: str, data: list[dict[str, Any]]) -> None:
        path = self._rig.publisher.topic_path(self._rig.stack.env["PROJECT_ID"], topic)
        for future in [self._rig.publisher.publish(path, json.dumps(one).encode()) for one in data]:
            future.result(timeout=30)
        self._due[function] += len(data)


_EVENT = {
    "ce-specversion": "1.0",
    "ce-type": "google.cloud.firestore.document.v1.updated",
    "ce-source": "//firestore.googleapis.com/local",
    "ce-database": "(default)",
    "ce-namespace": "(default)",
}


def _post(url: str, body: bytes, headers: dict[str, str]) -> bytes:
    request = urllib.request.Request(url, body, headers, method="POST")  # noqa: S310
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        content: bytes = answer.read()
    return content
