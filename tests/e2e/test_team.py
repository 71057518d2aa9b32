"""The job with its catalogue on a real PostgreSQL server, as a team has it; the password is never told."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import make_url

sys.path.insert(0, str(Path(__file__).parent))
import shop

from dataweir.catalog.lock import project_lock


def test_the_job_on_postgresql(
    tmp_path: Path, postgres_database: str, run_weir: Callable[..., object], call_weir: Callable[..., object]
) -> None:
    folder = shop.build(tmp_path / "shop")
    url = make_url(postgres_database)
    assert url.password
    env = {"WEIR_CATALOG_PASSWORD": url.password}
    shown = postgres_database.replace(url.password, "${WEIR_CATALOG_PASSWORD}")
    with (folder / "weir.yaml").open("a") as file:
        file.write(f'catalog: "{shown}"\n')
    spoken = ""
    for arguments in (
        ("check",),
        ("run", "--json"),
        ("export", "research", "--as", "alice", "--json"),
        ("status", "--json"),
        ("doctor", "--json"),
    ):
        ended = (run_weir if arguments[0] == "run" else call_weir)(*arguments, cwd=folder, env=env)
        assert ended.code == 0, ended.err
        spoken += ended.out + ended.err
        if arguments[0] == "status":
            total = ended.json["total"]
            assert (total["records"], total["kept"], total["balanced"]) == (26, 17, True)
    assert url.password not in spoken
    again = run_weir("run", "--json", cwd=folder, env=env)
    assert again.json["work"] is False
    with project_lock(postgres_database):
        assert run_weir("run", cwd=folder, env=env).code == 5
    missing = call_weir("status", cwd=folder)
    assert missing.code == 2
    assert "WEIR_CATALOG_PASSWORD" in missing.err
    wrong = call_weir("status", cwd=folder, env={"WEIR_CATALOG_PASSWORD": "x"})
    assert wrong.code in (0, 2)  # a server that trusts this machine lets it in
    assert url.password not in wrong.err
