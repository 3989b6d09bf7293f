"""Identity tokens in the form of Google's for push and schedules, signed with a local key."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import crypt, jwt

LIFETIME = 3600
RENEWAL = 300


class TokenSigner:
    """Signs tokens for accounts. `certs` has the certificates for checking them by key id, as Google serves them."""

    def __init__(self, issuer: str, audience: str, now: Callable[[], float] = time.time) -> None:
        self._issuer, self._audience, self._now = issuer, audience, now
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        key_id = secrets.token_hex(20)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
        self._signer = crypt.RSASigner.from_string(private, key_id)  # type: ignore[no-untyped-call]
        self.certs = {key_id: _certificate(key, now())}
        self._tokens: dict[str, tuple[float, str]] = {}
        self._lock = threading.Lock()

    def bearer(self, account: str) -> str:
        """The `Authorization` header of a service account; a token is reused for most of its hour."""
        with self._lock:
            renew_at, token = self._tokens.get(account, (0.0, ""))
            if self._now() >= renew_at:
                token = self._sign(account)
                self._tokens[account] = self._now() + LIFETIME - RENEWAL, token
        return f"Bearer {token}"

    def _sign(self, account: str) -> str:
        issued = int(self._now())
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "azp": account,
            "sub": account,
            "email": account,
            "email_verified": True,
            "iat": issued,
            "exp": issued + LIFETIME,
        }
        return str(jwt.encode(self._signer, claims).decode())  # type: ignore[no-untyped-call]


def _certificate(key: rsa.RSAPrivateKey, now: float) -> str:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "regen local stack")])
    start = datetime.fromtimestamp(now, UTC) - timedelta(days=1)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    signed = builder.not_valid_before(start).not_valid_after(start + timedelta(days=30)).sign(key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode()
