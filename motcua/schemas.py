"""Each service's schema on PostgreSQL, which is also its role, and the two roles beside them."""

SCHEMA_OF = {
    "catalog": "services_catalog",
    "search": "search",
    "dossiers": "dossiers",
    "citizen": "citizen_service",
    "exchange": "exchange",
    "gateway": "gateway",
}
SCHEMAS = tuple(SCHEMA_OF.values())
OWNER = "motcua_owner"
AUDITOR = "motcua_auditor"
ROLES = (*SCHEMAS, OWNER, AUDITOR)
