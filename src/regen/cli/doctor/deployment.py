"""What is deployed, and how its parts are named: as infra/ names them."""

from __future__ import annotations

from msgspec import Struct

from regen.client.platform import Platform, Record

INVOKE = "run.routes.invoke"
APPLY = "apply again: `terraform -chdir=infra apply`"


class Deployment(Struct, frozen=True, dict=True):
    """What is asked about.

    Attributes:
        name: begins the names of functions and accounts (Terraform's `name`).
    """

    platform: Platform
    region: str
    name: str = "regen"

    def audience(self, service: str) -> str:
        """The audience of the tokens that a function takes."""
        return f"https://{self.region}-{self.platform.project}.cloudfunctions.net/{self.name}-{service}"

    def account(self, purpose: str) -> str:
        """A service account of the deployment."""
        return f"{self.name}-{purpose}@{self.platform.project}.iam.gserviceaccount.com"

    def service(self, service: str) -> Record:
        """The Cloud Run service below a function."""
        return self.platform.get("run", f"/locations/{self.region}/services/{self.name}-{service}")

    def may_invoke(self, service: str) -> bool:
        """Whether the caller may call a function; of a public one everybody may."""
        path = f"/locations/{self.region}/services/{self.name}-{service}"
        return INVOKE in self.platform.permitted([INVOKE], "run", path)
