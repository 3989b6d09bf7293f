"""Keys, tokens and addresses: what none of their kind can be is refused where it comes in, and never quoted."""

from __future__ import annotations

import traceback

import pytest

from regen.client.coordinator import Coordinator
from regen.client.errors import Misused, Unreachable
from regen.client.identity import VARIABLE, Identity
from regen.domain.addresses import KEY, address_fault, is_plain, on_loopback
from regen.web.settings import Settings, SettingsInvalid, read_settings
from support.web_bench import environment

GOOD = [
    "http://127.0.0.1:9",
    "http://localhost:8080/",
    "http://[::1]:9/x",
    "https://coordinator.example",
    "HTTPS://Coordinator.example./path?a=b#c",
    "https://regen-x_1-uc.a.run.app",
    "http://x:/",
]
NO_ADDRESS = [
    "",
    "x",
    "coordinator.example",
    "127.0.0.1:9",
    "localhost:9",
    "//host/x",
    "file:///etc/passwd",
    "ftp://x/",
    "data:text/plain,x",
    "http://",
    "http:///x",
    "http://:80/",
    "http://[bad",
    "http://[::1",
    "http://x:abc/",
    "http://x:99999/",
    "http://x:-1/",
    "http://127.0.0.1:9\r",
    "http://127.0.0.1:9/\n",
    " http://x",
    "http://x y/",
    "http://x/\x7f",
    "http://x/\u00fc",
    "http://\u00e9.example/",
    "\ufeffhttp://x",
    "http://x/\udcff",
    "http://ann:supersecret@x/",
    "http://supersecret@x/",
    "http://a..b/",
    f"http://{'a' * 64}.example/",
    f"http://{'a.' * 130}b/",
    "http://x\\y/",
    "http://-x/",
]
SECRET = "supersecret0123456789"
NO_KEY = [
    f"{SECRET}\r",
    f"{SECRET}\n",
    f"a\n{SECRET}",
    f"{SECRET}\r\nX-Evil: 1",
    f" {SECRET}",
    f"{SECRET}\t",
    f"\ufeff{SECRET}",
    f"{SECRET}\u20ac",
    f"schl\u00fcssel{SECRET}",
    f"{SECRET}\udcff",
    f"{SECRET}\x00",
    f"{SECRET}\x7f",
    f"{SECRET}\x85",
]
ON_CLOUD = {
    "K_SERVICE": "c",
    "REGEN_BACKEND": "gcp",
    "REGEN_OIDC_CERTS_URL": "https://www.googleapis.com/oauth2/v1/certs",
    "REGEN_INPUTS_STORE": "gs://inputs-of-a-test",
}
LINKS = ("REGEN_RUNBOOK_URL", "REGEN_COORDINATOR_URL", "REGEN_CONSOLE_URL")


def read(**variables: str) -> tuple[Settings | None, str]:
    """The settings, or what is wrong with them."""
    try:
        return read_settings(environment(**variables)), ""
    except SettingsInvalid as error:
        return None, str(error)


@pytest.mark.parametrize("address", ["http://[", "http://[127.0.0.1", "", None, "http://127.0.0.1.evil/", "127.0.0.1"])
def test_what_cannot_be_read_is_not_this_machine(address: str | None) -> None:
    assert not on_loopback(address)
    assert all(map(on_loopback, GOOD[:3]))


@pytest.mark.parametrize("address", GOOD)
def test_an_address_is_taken(address: str) -> None:
    assert address_fault(address) is None


@pytest.mark.parametrize("address", NO_ADDRESS)
def test_what_is_no_address_is_said_without_quoting_it(address: str) -> None:
    fault = address_fault(address)
    assert fault
    assert fault.isprintable()
    assert SECRET[:11] not in fault


@pytest.mark.parametrize("key", NO_KEY)
def test_what_no_header_can_hold_is_no_key(key: str) -> None:
    assert not is_plain(key)
    assert not KEY.fullmatch(key)


@pytest.mark.parametrize("key", NO_KEY)
def test_a_function_takes_no_key_that_none_can_send(key: str) -> None:
    taken, refused = read(REGEN_API_KEYS=f"ops:{key}")
    assert SECRET not in refused
    assert taken is None or all(is_plain(value) for value in taken.api_keys.values())


@pytest.mark.parametrize("address", [*NO_ADDRESS, "https://[", "https://x:abc/", "https://x:99999/", "https://a@b/"])
@pytest.mark.parametrize("on_cloud", [False, True])
def test_no_webhook_is_set_that_cannot_be_called(address: str, *, on_cloud: bool) -> None:
    taken, refused = read(REGEN_WEBHOOK_URL=address, **(ON_CLOUD if on_cloud else {}))
    if taken is None:
        assert "REGEN_WEBHOOK_URL" in refused
        assert "supersecret" not in refused
    else:
        assert not taken.webhook_url or address_fault(taken.webhook_url) is None, "what stands around it is left out"


@pytest.mark.parametrize("variable", LINKS)
@pytest.mark.parametrize(
    "address", ["https://x:abc/", "https://x:99999/", "https://x.y:1:2/", "https://a:supersecret@b/"]
)
def test_no_link_is_set_that_cannot_be_called(variable: str, address: str) -> None:
    with pytest.raises(SettingsInvalid, match=variable) as refused:
        read_settings(environment(**{variable: address}))
    assert "supersecret" not in str(refused.value)
    assert read_settings(environment(**{variable: "https://x.example/y"}))


def whole(error: BaseException) -> str:
    """All that a trace of it would show."""
    return "".join(traceback.TracebackException.from_exception(error).format(chain=True))


@pytest.mark.parametrize("key", [key for key in NO_KEY if "\x00" not in key and "\x7f" not in key])
@pytest.mark.parametrize("header", ["key", "token", "further"])
def test_a_header_that_cannot_be_sent_is_not_quoted(key: str, header: str) -> None:
    """`ValueError: Invalid header value b'supersecret...'` ended the command with a trace."""
    url = "http://127.0.0.1:9"
    coordinator = Coordinator(
        url,
        key if header == "key" else "k",
        pauses=(),
        identity=Identity(url, {}, token=key if header == "token" else None),
        further=(lambda: {"Authorization": key}) if header == "further" else dict,
    )
    with pytest.raises(Unreachable) as refused:
        coordinator.get("/batches")
    assert SECRET not in whole(refused.value)


@pytest.mark.parametrize("address", [address for address in NO_ADDRESS if address])
def test_a_client_asks_at_no_address_that_is_none(address: str) -> None:
    with pytest.raises(Misused, match="the coordinator's address") as refused:
        Coordinator(address, "k", pauses=()).get("/batches")
    assert "supersecret" not in whole(refused.value)


@pytest.mark.parametrize("token", NO_KEY)
def test_an_identity_token_with_a_line_end_is_refused(token: str) -> None:
    with pytest.raises(Misused, match=VARIABLE) as refused:
        Identity("https://x", {"PATH": "", VARIABLE: token}).renew()
    assert SECRET not in whole(refused.value)


@pytest.mark.parametrize("name", ["\udcff", "a\ud800b", "\udfff/x"])
def test_a_lone_surrogate_in_a_path_ends_in_no_trace(name: str) -> None:
    coordinator = Coordinator("http://127.0.0.1:9", "k", pauses=())
    with pytest.raises(Unreachable):
        coordinator.batch(name)
    with pytest.raises(Unreachable):
        coordinator.batches(status=name)
