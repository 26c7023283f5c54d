"""The same world and the same stories as the scenarios have: here it is the shell around the core that is looked at."""

from tests.scenarios.stage import (
    changing,
    company,
    pytest_collection_modifyitems,
    pytest_runtest_makereport,
    story,
    world,
)

__all__ = ["changing", "company", "pytest_collection_modifyitems", "pytest_runtest_makereport", "story", "world"]
