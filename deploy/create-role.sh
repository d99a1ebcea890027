#!/bin/sh
# The application's role: no superuser, so that row-level security binds it. Runs once, on an empty volume.
set -eu
psql --username postgres --set password="$PARSTOCK_DB_PASSWORD" <<'SQL'
CREATE ROLE parstock LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD :'password';
CREATE DATABASE parstock OWNER parstock;
SQL
