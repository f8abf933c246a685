"""The example cases of every complete procedure are taken as they are, as the submit would take them."""

from datetime import date

import orjson
import pytest

from dossier_service.usecases.answers import check_whole, compiled
from kernel.digest import digest_of
from services_catalog.settings import HERE
from services_catalog.store.seed import read_editorial, read_own

PROCEDURES = HERE / "procedures"
OWN = {content.code: content.editorial for content in read_own(PROCEDURES)}
FULL = {code: one for code, one in {**read_editorial(PROCEDURES), **OWN}.items() if one.form}


@pytest.mark.parametrize("code", sorted(FULL))
def test_every_example_of_a_procedure_is_accepted(code: str) -> None:
    written = FULL[code].form
    assert written is not None
    form = compiled(digest_of(written), orjson.dumps(written).decode())
    assert len(FULL[code].examples) >= 3
    for example in FULL[code].examples:
        check_whole(form, example["answers"], {}, date(2026, 11, 22))
