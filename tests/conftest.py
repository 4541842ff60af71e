"""Shared by every suite: no test may reach AWS or pick up the host's credentials by accident."""

from __future__ import annotations

import os

import pytest

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
    from studio import settings, signing_keys, workers

    workers._present.cache_clear()
    settings.settings.cache_clear()
    signing_keys.forget()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share a running studio stay in one process."""
    for item in items:
        if item.path.parent.name == "local":
            item.add_marker(pytest.mark.xdist_group("local"))
