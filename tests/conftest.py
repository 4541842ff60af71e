"""Shared by every suite: no test may reach AWS or pick up the host's credentials by accident."""

from __future__ import annotations

import os
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ |= {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "POWERTOOLS_LOG_LEVEL": "WARNING",
    "POWERTOOLS_SERVICE_NAME": "studio",
    "STUDIO_VOICE": "offline",
}


@pytest.fixture(autouse=True)
def _fresh_process_state() -> None:
    """What a Lambda process reads once must not leak from test to test."""
    from studio import proxies, settings, signing_keys, workers

    workers._present.cache_clear()
    settings.settings.cache_clear()
    signing_keys.forget()
    proxies.forget()


WHOLE_STUDIO = ("tests/local/", "tests/web/")
MIDDLE = "tests/local/test_m"
"""Of the files of the first folder, in the order of their names: each half takes about as long, mostly with waiting."""
POLITENESS = 10
"""Niceness of tests that only compute: about a tenth of the time of those that wait for a whole studio to do things."""


def pytest_xdist_auto_num_workers() -> int:
    """Two more than there are cores: tests of the whole studio leave theirs idle half of the time."""
    return min(os.cpu_count() or 1, 4) + 2


class Together(LoadScopeScheduling):
    """Three processes for the tests that share a studio each, and files as units for the others.

    The groups of xdist 3.8 do nothing under pytest 9.2, where an item's id cannot be changed any more.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        folder = next((folder for folder in WHOLE_STUDIO if file.startswith(folder)), None)
        return f"{folder} {file > MIDDLE}" if folder else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together:
    return Together(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of the whole studio come first: they take longest."""
    items.sort(key=_whole_studio, reverse=True)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Where tests run side by side, those that only compute make room."""
    if "PYTEST_XDIST_WORKER" in os.environ and not _whole_studio(item):
        os.setpriority(os.PRIO_PROCESS, 0, POLITENESS)


def _whole_studio(item: pytest.Item) -> bool:
    return item.nodeid.startswith(WHOLE_STUDIO)
