"""Elasticsearch."""

import shutil
from collections.abc import Sequence

from motcua.cluster import packages
from motcua.cluster.engines.engine import Engine, fetches


class Elasticsearch(Engine):
    """One Elasticsearch node; its transport listens on the port after."""

    name = "elasticsearch"
    patience = 240.0  # after a kill it replays what it had not yet written out, on a machine that may be busy

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def prepare(self) -> None:
        """Lay out the folder."""
        home = self.folder / "elasticsearch"
        (home / "config").mkdir(parents=True, exist_ok=True)
        (home / "config" / "log4j2.properties").write_text(
            "status = error\n"
            "appender.console.type = Console\n"
            "appender.console.name = console\n"
            "appender.console.layout.type = PatternLayout\n"
            "appender.console.layout.pattern = [%d{ISO8601}][%-5p][%c{1}] %m%n\n"
            "rootLogger.level = warn\n"
            "rootLogger.appenderRef.console.ref = console\n"
        )
        if not (home / "modules").exists():
            shutil.copytree(packages.elasticsearch() / "modules", home / "modules")
        for name in ("lib", "plugins"):
            (home / name).mkdir(exist_ok=True)

    def command(self) -> Sequence[str]:
        """Return the program and its arguments."""
        place = packages.elasticsearch()
        modular = ["--module-path", f"{place}/libs", "--add-modules", packages.MODULES]
        opened = ["--add-opens=java.base/java.io=org.elasticsearch.preallocate"]
        said = ["-Des.distribution.type=zip", "-Dlog4j2.disable.jmx=true", "-Xmx768m", "-Xms256m"]
        main = ["-cp", f"{place}/classes", "Start", str(self.folder / "elasticsearch")]
        return [packages.java(), *modular, *opened, *said, *main, str(self.port), str(self.port + 1)]

    def answers(self) -> bool:
        """Tell whether it serves now."""
        return fetches(f"{self.url}/_cluster/health?wait_for_status=yellow&timeout=1s")
