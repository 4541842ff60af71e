"""What the deployment tells the code: names of tables, queues and buckets, and the few numbers an operator sets."""

from __future__ import annotations

from functools import cache

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Environment of every function and worker; `template.yaml` sets exactly these names (a test compares them)."""

    model_config = SettingsConfigDict(frozen=True, case_sensitive=False, extra="ignore")

    stage: str = Field(description="dev, staging or prod; part of logs and of the token issuer")
    users_table: str
    emails_table: str
    sessions_table: str
    balances_table: str
    ledger_table: str
    jobs_table: str
    settlements_table: str
    requests_table: str
    outbox_table: str
    limits_table: str
    personas_table: str
    workers_table: str
    jobs_queue_url: str
    drafts_queue_url: str
    event_bus_name: str
    media_bucket: str
    signing_secret_arn: str
    signup_credits: int = Field(ge=0, description="credits granted once at registration")
    lease_seconds: int = Field(ge=2, description="how long a silent worker keeps a job before another may take it")
    download_url_seconds: int = Field(ge=60, le=3600, description="life of a presigned download URL")


@cache
def settings() -> Settings:
    """The settings of this process, read on first use; every missing name is reported at once."""
    return Settings()
