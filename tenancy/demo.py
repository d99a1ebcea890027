"""The log-ins of the demo shop: made by its command, shown on the sign-in page while it runs."""

from __future__ import annotations

from dataclasses import dataclass

from tenancy.permissions import Role


@dataclass(frozen=True, slots=True)
class DemoLogin:
    role: Role
    email: str
    password: str

    @property
    def label(self) -> str:
        return str(self.role.label)


DEMO_PASSWORD = "parstock"  # noqa: S105 - shown to everybody on purpose
DEMO_LOGINS = tuple(
    DemoLogin(role, f"{role.value}@demo.example", DEMO_PASSWORD)
    for role in (Role.OWNER, Role.MANAGER, Role.CLERK, Role.VIEWER)
)
