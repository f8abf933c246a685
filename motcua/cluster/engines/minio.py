"""MinIO, the S3 server."""

import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import obstore
from obstore.store import S3Store

from motcua.cluster import packages
from motcua.cluster.engines.engine import Engine, fetches, keep_secret

CONFLICT, NOT_YET = 409, 503


class Minio(Engine):
    """One MinIO server over one folder. Its root user is made with it; a bucket by ``make_bucket``."""

    name = "minio"

    def __init__(self, folder: Path, port: int) -> None:
        super().__init__(folder, port)
        self.user_file = folder / "minio.user"
        self.password_file = folder / "minio.password"

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def credentials(self) -> tuple[str, str]:
        """The root user's name and password."""
        return self.user_file.read_text(), self.password_file.read_text()

    def url(self, bucket: str = "motcua") -> str:
        """Return the address of a bucket, as ``MOTCUA_S3`` wants it."""
        return f"{self.address}/{bucket}"

    def settings(self, bucket: str = "motcua") -> dict[str, str]:
        """Return the environment of a service that keeps its files here."""
        user, password = self.credentials
        return {"MOTCUA_S3": self.url(bucket), "AWS_ACCESS_KEY_ID": user, "AWS_SECRET_ACCESS_KEY": password}

    def make_bucket(self, bucket: str = "motcua") -> None:
        """Make a bucket; one that is there stays. Names have 3 to 63 lower-case letters, digits or dashes."""
        user, password = self.credentials
        store = S3Store(
            bucket,
            endpoint=self.address,
            access_key_id=user,
            secret_access_key=password,
            region="us-east-1",
            virtual_hosted_style_request=False,
            client_options={"allow_http": True},
        )
        signed = obstore.sign(store, "PUT", "", timedelta(minutes=1))
        end = time.monotonic() + self.patience
        while not _put(signed, last=time.monotonic() > end):
            time.sleep(0.1)

    def prepare(self) -> None:
        """Lay out the folder."""
        (self.folder / "minio").mkdir(exist_ok=True)
        keep_secret(self.user_file)
        keep_secret(self.password_file)

    def environment(self) -> Mapping[str, str]:
        """Return what it is told by its environment."""
        user, password = self.credentials
        return {"MINIO_ROOT_USER": user, "MINIO_ROOT_PASSWORD": password, "MINIO_BROWSER": "off"}

    def command(self) -> Sequence[str]:
        """Return the program and its arguments."""
        where = ["--address", f"127.0.0.1:{self.port}", str(self.folder / "minio")]
        return [str(packages.minio()), "server", "--quiet", *where]

    def answers(self) -> bool:
        """Tell whether it serves now."""
        return fetches(f"{self.address}/minio/health/ready")


def _put(signed: str, *, last: bool) -> bool:
    """Make the bucket of a signed address; False while the server, though healthy, has not read its users yet."""
    try:
        urllib.request.urlopen(urllib.request.Request(signed, method="PUT"), timeout=30).close()
    except urllib.error.HTTPError as refused:
        if refused.code == NOT_YET and not last:
            return False
        if refused.code != CONFLICT:
            raise
    return True
