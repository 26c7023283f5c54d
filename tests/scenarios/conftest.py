"""One world for each process of tests; a story for each scenario, which must have been told to its end."""

from tests.scenarios.stage import (
    changing,
    company,
    pytest_collection_modifyitems,
    pytest_runtest_makereport,
    story,
    world,
)

__all__ = ["changing", "company", "pytest_collection_modifyitems", "pytest_runtest_makereport", "story", "world"]
