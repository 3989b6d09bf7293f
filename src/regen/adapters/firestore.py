"""The port `BatchStore` on Firestore: batched writes with preconditions, no transactions (their locks wait under contention)."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from google.api_core import exceptions as api
from google.api_core.retry import Retry
from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from regen.domain.errors import AccessDenied, AlreadyExists, Conflict, InvalidInput, RateLimited, Unavailable
from regen.ports import Condition, Snapshot, Write

SERVICE = "Firestore"
_NAME = "__name__"
"""A document's path, as queries name it."""
_OF_THE_DATABASE = ("datastore mode", "requires an index", "index is currently building", "does not exist for project")
"""What a failed precondition or `not found` says where no document is meant, so that reading again cannot help."""
TIMEOUT_SECONDS = 20.0
_READ_RETRY = Retry(
    predicate=lambda e: isinstance(e, api.ServiceUnavailable | api.InternalServerError | api.DeadlineExceeded),
    initial=0.1,
    maximum=2.0,
    timeout=TIMEOUT_SECONDS,
)


class FirestoreStore:
    """The documents of one database.

    Attributes:
        reads: number of documents read, for the bill (an empty query counts as one).
        writes: number of documents written.
    """

    def __init__(self, client: firestore.Client) -> None:
        self._client = client
        self._count = threading.Lock()
        self.reads = 0
        self.writes = 0

    def get(self, path: str) -> Snapshot | None:
        with _typed():
            found = self._client.document(path).get(retry=_READ_RETRY, timeout=TIMEOUT_SECONDS)
        self._counted(reads=1)
        return _snapshot(found) if found.exists else None

    def get_many(self, paths: Sequence[str]) -> list[Snapshot | None]:
        references = [self._client.document(p) for p in paths]
        with _typed():
            found = list(self._client.get_all(references, retry=_READ_RETRY, timeout=TIMEOUT_SECONDS))
        self._counted(reads=len(paths))
        by_path = {f.reference.path: _snapshot(f) for f in found if f.exists}
        return [by_path.get(p) for p in paths]

    def commit(self, writes: Sequence[Write]) -> None:
        batch = self._client.batch()
        for write in writes:
            self._add(batch, write)
        with _typed(writing=True):
            # Not retried here: a commit that may have happened is for the caller to read again and decide.
            batch.commit(retry=None, timeout=TIMEOUT_SECONDS)
        self._counted(writes=len(writes))

    def find(
        self,
        collection: str,
        where: Sequence[Condition] = (),
        *,
        limit: int | None = None,
        order_by: str | None = None,
        descending: bool = False,
        fields: Sequence[str] | None = None,
        after: Snapshot | None = None,
    ) -> list[Snapshot]:
        query: Any = self._client.collection(collection)
        for name, op, value in where:
            query = query.where(filter=FieldFilter(name, op, value))
        if order_by:
            direction = firestore.Query.DESCENDING if descending else firestore.Query.ASCENDING
            query = query.order_by(order_by, direction=direction)
            if after:
                query = query.order_by(_NAME, direction=direction)
                query = query.start_after({order_by: after.data[order_by], _NAME: self._client.document(after.path)})
        if fields is not None:
            query = query.select(list(fields))
        if limit is not None:
            query = query.limit(limit)
        with _typed():
            found = [_snapshot(s) for s in query.stream(retry=_READ_RETRY, timeout=TIMEOUT_SECONDS * 3)]
        self._counted(reads=max(1, len(found)))
        return found

    def _add(self, batch: Any, write: Write) -> None:  # noqa: ANN401 - the client's WriteBatch
        reference = self._client.document(write.path)
        if write.op == "create":
            batch.create(reference, dict(write.data))
        elif write.op == "put":
            batch.set(reference, dict(write.data))
        elif write.op == "update":
            option = self._client.write_option(last_update_time=write.version) if write.version else None
            batch.update(reference, dict(write.data), option=option)
        else:
            option = self._client.write_option(last_update_time=write.version) if write.version else None
            batch.delete(reference, option=option)

    def _counted(self, reads: int = 0, writes: int = 0) -> None:
        with self._count:
            self.reads += reads
            self.writes += writes


def _snapshot(found: Any) -> Snapshot:  # noqa: ANN401 - the client's DocumentSnapshot
    return Snapshot(found.reference.path, _plain(found.to_dict() or {}), found.update_time)


def _plain(value: Any) -> Any:  # noqa: ANN401 - any value that a document can hold
    """The value with the client's datetime type replaced by the standard one."""
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    if isinstance(value, datetime):
        return datetime.combine(value.date(), value.time(), UTC)
    return value


@contextmanager
def _typed(*, writing: bool = False) -> Iterator[None]:
    """The client's errors, as ours.

    Args:
        writing: a document's precondition can fail. Of a read the same status speaks of the database: no index, none there.
    """
    try:
        yield
    except api.AlreadyExists as error:
        raise AlreadyExists(str(error.message)).of(SERVICE) from error
    except (api.FailedPrecondition, api.PreconditionFailed, api.NotFound, api.Conflict) as error:
        if writing and not any(word in str(error.message).lower() for word in _OF_THE_DATABASE):
            raise Conflict(str(error.message)).of(SERVICE) from error
        raise Unavailable(f"Firestore: {error.message}").of(SERVICE) from error
    except api.TooManyRequests as error:
        raise RateLimited(str(error.message)).of(SERVICE) from error
    except (api.Forbidden, api.Unauthorized) as error:
        raise AccessDenied(f"Firestore: {error.message}").of(SERVICE) from error
    except api.BadRequest as error:
        raise InvalidInput("document", f"what Firestore accepts: {error.message}") from error
    except (api.GoogleAPICallError, api.RetryError, ConnectionError) as error:
        raise Unavailable(f"Firestore: {error}").of(SERVICE) from error
