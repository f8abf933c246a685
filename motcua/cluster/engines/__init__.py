"""The real engines as processes of this machine: started, killed as in a power cut, started again, stopped.

Blocking on purpose: the command line and the tests use them outside any event loop.
"""

from motcua.cluster.engines.elasticsearch import Elasticsearch
from motcua.cluster.engines.engine import DidNotStart, Engine, fetches, listens
from motcua.cluster.engines.kafka import Kafka
from motcua.cluster.engines.keycloak import Keycloak
from motcua.cluster.engines.minio import Minio
from motcua.cluster.engines.postgres import Postgres

__all__ = [
    "DidNotStart",
    "Elasticsearch",
    "Engine",
    "Kafka",
    "Keycloak",
    "Minio",
    "Postgres",
    "fetches",
    "listens",
]
