"""One suite, every Archive; and what is the bucket's alone, against a stand-in for Cloud Storage on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from regen.adapters.archives import archive_at
from regen.adapters.bucket import ArchiveRefused, Bucket, patient
from regen.adapters.folder import Folder
from regen.adapters.memory.archive import MemoryArchive
from regen.domain.errors import AccessDenied, InvalidInput, RateLimited, Unavailable
from regen.ports import Archive
from support.cloud_storage import BUCKET, CloudStorage, cloud_storage

NAME = "inputs/2026-01-20/regen_2026-01-20_late_a1b2c3d4/r1-0f.msgpack"
CONTENT = bytes(range(256)) * 40


@pytest.fixture(scope="module")
def server() -> Iterator[CloudStorage]:
    with cloud_storage() as storage:
        yield storage


@pytest.fixture
def storage(server: CloudStorage) -> CloudStorage:
    server.objects.clear()
    server.asked.clear()
    server.next_status.clear()
    server.page = 1000
    return server


@pytest.fixture
def bucket(storage: CloudStorage) -> Bucket:
    return Bucket(BUCKET, requests.Session(), storage.url)


@pytest.fixture(params=["memory", "folder", "bucket"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Archive:
    if request.param == "memory":
        return MemoryArchive()
    if request.param == "folder":
        return archive_at(str(tmp_path / "inputs"))
    made: Bucket = request.getfixturevalue("bucket")
    return made


def test_what_was_kept_is_read_byte_by_byte(archive: Archive) -> None:
    archive.keep(NAME, CONTENT)
    assert archive.read(NAME) == CONTENT


def test_an_object_that_is_there_is_left_as_it_is(archive: Archive) -> None:
    archive.keep(NAME, CONTENT)
    archive.keep(NAME, b"something else")
    assert archive.read(NAME) == CONTENT


def test_an_object_that_is_not_there_reads_as_none(archive: Archive) -> None:
    assert archive.read(NAME) is None
    archive.keep(NAME, CONTENT)
    assert archive.read(f"{NAME}x") is None


def test_an_empty_object_is_an_object(archive: Archive) -> None:
    archive.keep("a/empty", b"")
    assert archive.read("a/empty") == b""
    assert archive.names("a/") == ["a/empty"]


def test_names_are_those_that_begin_so_in_order(archive: Archive) -> None:
    for name in ("b/2/z", "b/1/x", "b/1/y", "bb/1", "c"):
        archive.keep(name, b"1")
    assert archive.names("b/") == ["b/1/x", "b/1/y", "b/2/z"]
    assert archive.names("b/1/y") == ["b/1/y"]
    assert archive.names("d") == []


def test_many_at_once_write_one_whole_object(archive: Archive) -> None:
    contents = [bytes([n]) * 5000 for n in range(8)]
    threads = [threading.Thread(target=archive.keep, args=(NAME, content)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert archive.read(NAME) in contents
    assert archive.names("") == [NAME]


def test_a_list_of_several_pages_is_read_to_its_end(bucket: Bucket, storage: CloudStorage) -> None:
    storage.page = 2
    storage.objects.update({f"a/{n}": b"" for n in range(5)})
    assert bucket.names("a/") == [f"a/{n}" for n in range(5)]
    assert len(storage.asked) == 3


def test_an_upload_has_the_precondition_that_nothing_is_there(bucket: Bucket, storage: CloudStorage) -> None:
    bucket.keep(NAME, CONTENT)
    method, path, query = storage.asked[0]
    assert (method, path) == ("POST", f"/upload/storage/v1/b/{BUCKET}/o")
    assert query == {"uploadType": "media", "name": NAME, "ifGenerationMatch": "0"}


@pytest.mark.parametrize(
    ("status", "kind"),
    [(500, Unavailable), (503, Unavailable), (408, Unavailable), (429, RateLimited), (400, ArchiveRefused)],
)
def test_only_what_may_pass_is_worth_another_try(
    bucket: Bucket, storage: CloudStorage, status: int, kind: type[Exception]
) -> None:
    for act in (lambda: bucket.keep(NAME, CONTENT), lambda: bucket.names("a"), lambda: bucket.read(NAME)):
        storage.next_status.append(status)
        with pytest.raises(kind) as raised:
            act()
        assert type(raised.value) is kind
        assert getattr(raised.value, "dependency", None) == "Cloud Storage"
    assert not storage.objects


def test_a_refused_upload_of_what_is_there_is_done(bucket: Bucket, storage: CloudStorage) -> None:
    """The right may be asked for before the precondition: to replace takes one that the function does not have."""
    storage.objects[NAME] = CONTENT
    storage.next_status.append(403)
    bucket.keep(NAME, CONTENT)
    storage.objects.clear()
    storage.next_status.append(403)
    with pytest.raises(AccessDenied):
        bucket.keep(NAME, CONTENT)


def test_a_bucket_that_is_missing_is_no_missing_object(storage: CloudStorage) -> None:
    other = Bucket("another-bucket", requests.Session(), storage.url)
    for act in (lambda: other.keep(NAME, CONTENT), lambda: other.names("a"), lambda: other.read(NAME)):
        with pytest.raises(Unavailable, match="there is no bucket another-bucket"):
            act()


def test_a_moment_of_trouble_is_waited_out(storage: CloudStorage) -> None:
    client = Bucket(BUCKET, patient(requests.Session()), storage.url)
    storage.next_status.append(503)
    client.keep(NAME, CONTENT)
    storage.next_status.append(500)
    assert client.read(NAME) == CONTENT
    assert [method for method, _, _ in storage.asked] == ["POST", "POST", "GET", "GET"]


def test_silence_is_unavailable() -> None:
    deaf = Bucket(BUCKET, requests.Session(), "http://127.0.0.1:9")
    with pytest.raises(Unavailable, match="does not answer"):
        deaf.keep(NAME, CONTENT)


def test_a_name_cannot_leave_the_folder(tmp_path: Path) -> None:
    for name in ("../a", "a/../../b", "/etc/passwd", "", ".part"):
        with pytest.raises(InvalidInput):
            Folder(tmp_path / "inputs").keep(name, b"")
    assert list(tmp_path.iterdir()) == []
