#!/bin/sh
# Run once by the PostgreSQL image over an empty data folder: one role for each service, one that owns the tables.
# Passwords come from files, never from this script. What a role may do is granted by `motcua migrate`.
set -eu
secrets=${POSTGRES_SECRETS:-/run/secrets}
run() { psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres "$@"; }
role() {
    run --set=role="$1" --set=password="$(cat "$secrets/pg_$1")" <<'SQL'
CREATE ROLE :"role" LOGIN PASSWORD :'password';
SQL
}
role motcua_owner
role keycloak
for each in services_catalog search dossiers citizen_service exchange gateway; do
    role "$each"
done
run <<'SQL'
-- sorts by code point, as the program does
CREATE DATABASE motcua OWNER motcua_owner TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C';
CREATE DATABASE keycloak OWNER keycloak;
REVOKE ALL ON DATABASE motcua FROM PUBLIC;
REVOKE ALL ON DATABASE keycloak FROM PUBLIC;
GRANT CONNECT ON DATABASE motcua TO services_catalog, search, dossiers, citizen_service, exchange, gateway;
SQL
