"""No cache keeps what answers somebody who is signed in: every GET of every service, as its document lists them."""

import re

from tests.running import Portal

NEVER_ENDS = ("/stream",)


def test_every_personal_answer_is_private_and_kept_by_no_cache(one_process: Portal) -> None:
    with one_process.client("citizen-1") as person:
        paths = person.get("/openapi.json").json()["paths"]
        asked = {
            re.sub(r"\{[^}]*\}", "H26-261121-0001", path)
            for path, operations in paths.items()
            if "get" in operations and not path.endswith(NEVER_ENDS)
        }
        personal = 0
        for path in sorted(asked):
            answer = person.get(path)
            kept = answer.headers.get("cache-control", "")
            if "public" in kept:
                continue
            personal += 1
            assert kept in ("private, no-store", "no-store"), (path, kept)
            if answer.status_code < 400:
                assert kept == "private, no-store" and answer.headers["vary"].find("Authorization") >= 0, path
    for path in ("dossiers/v1/dossiers", "dossiers/v1/papers", "me/v1/profile", "me/v1/preferences", "me/v1/notices"):
        assert f"/api/{path}" in asked
    assert personal > 12
