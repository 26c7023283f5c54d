"""Fixtures of every test that plays on the real engine: a world for each process, a story for each test."""

from collections.abc import AsyncIterator, Generator

import pytest

from tests.scenarios.company import lay
from tests.scenarios.dialogue import Story
from tests.scenarios.world import World, world_in

WORLDS = frozenset({"world", "story", "production", "short_lived", "company"})
PASSED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.stash[PASSED] = report.passed
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if WORLDS.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.engine)


@pytest.fixture(scope="session")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with world_in(tmp_path_factory.mktemp("world")) as here:
        yield here


@pytest.fixture(scope="session")
async def company(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A world whose directory the scenarios change."""
    folder = tmp_path_factory.mktemp("company")
    async with world_in(folder, directory=lay(folder / "directory.json")) as here:
        yield here


@pytest.fixture
async def changing(company: World, request: pytest.FixtureRequest) -> AsyncIterator[Story]:
    """A story in that world, whose directory begins as everybody's."""
    company.staffed()
    async for told in _told(company, request):
        yield told


@pytest.fixture
async def story(world: World, request: pytest.FixtureRequest) -> AsyncIterator[Story]:
    """A story under an agreement in which nothing comes due by itself. It ends with `ends` or `is_called_off`."""
    async for told in _told(world, request):
        yield told


async def _told(world: World, request: pytest.FixtureRequest) -> AsyncIterator[Story]:
    told = Story(world)
    told.agrees()
    yield told
    passed = request.node.stash.get(PASSED, False)
    await told.leaves()
    assert told.over or not passed, "the scenario stops before its end: say how it ends, so that the books are compared"
