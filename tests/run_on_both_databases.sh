#!/usr/bin/env bash
# Every test on SQLite, then those that are not marked `one_database` on PostgreSQL.
# Further arguments go to pytest. The exit status is bad if either run was.
set -u
cd "$(dirname "$0")/.."
python=${PYTHON:-python}
# One file stays with one process, so that what its tests share is made once; in the order of their names,
# which brings the long walks in the browser first.
set -- -n "${TEST_PROCESSES:-2}" --dist loadfile --no-loadscope-reorder "$@"
failed=0

echo "== SQLite"
env -u DATABASE_URL "$python" -m pytest "$@" || failed=1

echo "== PostgreSQL"
"$python" tests/with_postgresql.py "$python" -m pytest --on-second-database "$@" || failed=1

[ "$failed" = 0 ] || echo "Tests failed on at least one database; see above." >&2
exit "$failed"
