"""A house that was lived in, for the tests of releases and erasures: made once, put back for each test."""

from __future__ import annotations

import forget_house as house
import pytest

from dataweir import Project
from dataweir.flow import label, run
from dataweir.flow.sharing import export, review
from dataweir.flow.sharing import forget as flow
from dataweir.output import Output

OUTPUT = Output(json=True)


def in_this_process(patch: pytest.MonkeyPatch) -> None:
    for module in (run, label, export, flow):
        patch.setattr(module, "Engine", house.Here)


@pytest.fixture(scope="session")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> house.Kept:
    """The house after a run, labels, a release and a candidate that waits."""
    folder = house.build(tmp_path_factory.mktemp("forget") / "house")
    with pytest.MonkeyPatch.context() as patch:
        in_this_process(patch)
        project = Project.open(folder)
        project.run()
        label.label(project, None, OUTPUT)
        made = export.export(project, "research", "alice", OUTPUT)
        review.review(project, made.id, "approved", "bob", "looked at it")
        review.publish(project, "research", None, "bob")
        export.export(project, "research", "alice", OUTPUT)
    return house.Kept(folder, tmp_path_factory.mktemp("copy") / "house")


@pytest.fixture
def project(lived_in: house.Kept, monkeypatch: pytest.MonkeyPatch) -> Project:
    in_this_process(monkeypatch)
    return Project.open(lived_in.restore())
