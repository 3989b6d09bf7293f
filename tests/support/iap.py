"""Identity-Aware Proxy for tests: a key of its own, the assertions that it signs, and a deployment that knows the key."""

from __future__ import annotations

import base64
import json
import time
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from google.auth import jwt
from google.auth.crypt import es256

from support.web_bench import environment, signer

AUDIENCE = "/projects/123456/locations/us-central1/services/regen-console"
ACCOUNT = "regen-console@test-project.iam.gserviceaccount.com"
ANN, VERA = "ann@example.com", "vera@example.com"
"""An operator, and one who may look."""


@cache
def key(name: str) -> ec.EllipticCurvePrivateKey:
    """A private key of the proxy, or of somebody else."""
    return ec.generate_private_key(ec.SECP256R1())


def certs_url() -> str:
    """The public key as the proxy publishes it, in a data URL."""
    public = (
        key("iap")
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    encoded = base64.b64encode(json.dumps({"iap-1": public.decode()}).encode()).decode()
    return f"data:application/json;base64,{encoded}"


def assertion(email: str = ANN, signed_by: str = "iap", **changes: Any) -> str:
    """What the proxy would send for a person; with changed claims, a claim being left out by an ellipsis."""
    now = int(time.time())
    claims = {
        "iss": "https://cloud.google.com/iap",
        "aud": AUDIENCE,
        "sub": "accounts.google.com:117",
        "email": email,
        "iat": now,
        "exp": now + 600,
        **changes,
    }
    said = {name: value for name, value in claims.items() if value is not ...}
    own = es256.ES256Signer(key(signed_by), "iap-1")
    return str(jwt.encode(own, said).decode())  # type: ignore[no-untyped-call]


def deployed(**more: str) -> dict[str, str]:
    """The variables of a deployment that has a console."""
    return environment(
        REGEN_CONSOLE_ACCOUNT=ACCOUNT,
        REGEN_CONSOLE_OPERATORS=ANN,
        REGEN_IAP_AUDIENCE=AUDIENCE,
        REGEN_IAP_CERTS_URL=certs_url(),
        **more,
    )


def asked(email: str = ANN, account: str = ACCOUNT, **changes: Any) -> dict[str, str]:
    """The headers of a call by the console for a person."""
    return {"Authorization": signer().bearer(account), "X-Regen-IAP-Assertion": assertion(email, **changes)}
