"""Kafka."""

import secrets
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from motcua.cluster import packages
from motcua.cluster.engines.engine import DidNotStart, Engine

BROKER_ID = 1


class Kafka(Engine):
    """One Kafka broker (KRaft); the controller listens on the port after."""

    name = "kafka"

    def __init__(self, folder: Path, port: int, *, heap: str = "512m") -> None:
        super().__init__(folder, port)
        self.heap = heap

    def prepare(self) -> None:
        """Lay out the folder."""
        data, settings = self.folder / "kafka", self.folder / "kafka.properties"
        lines = {
            "process.roles": "broker,controller",
            "node.id": str(BROKER_ID),
            "controller.quorum.voters": f"{BROKER_ID}@127.0.0.1:{self.port + 1}",
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{self.port + 1}",
            "controller.listener.names": "CONTROLLER",
            "log.dirs": str(data),
            "num.partitions": "12",
            "auto.create.topics.enable": "false",
            "offsets.topic.replication.factor": "1",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "unclean.leader.election.enable": "false",
            "group.initial.rebalance.delay.ms": "0",
            "broker.session.timeout.ms": "3000",
            "broker.heartbeat.interval.ms": "500",
            "log.retention.check.interval.ms": "5000",
            "log.cleaner.backoff.ms": "500",
        }
        settings.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
        if not (data / "meta.properties").exists():
            shutil.rmtree(data, ignore_errors=True)
            identity = secrets.token_urlsafe(16).replace("-", "_")  # the tool takes a leading "-" for an option
            tool = [packages.java(), "-cp", f"{packages.kafka()}/*", "kafka.tools.StorageTool", "format"]
            done = subprocess.run(
                [*tool, "-t", identity, "-c", str(settings)], check=False, capture_output=True, text=True
            )
            if done.returncode:
                raise DidNotStart(f"kafka format: {(done.stdout + done.stderr)[-500:]}")

    def command(self) -> Sequence[str]:
        """Return the program and its arguments."""
        program = [packages.java(), f"-Xmx{self.heap}", "-XX:+UseG1GC", "-cp", f"{packages.kafka()}/*"]
        return [*program, "kafka.Kafka", str(self.folder / "kafka.properties")]
