"""What the deployment tells the code: names of tables, queues and buckets, and the few numbers an operator sets."""

from __future__ import annotations

import os
from functools import cache
from typing import cast

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

MAX_SIGNUP_CREDITS = 100_000
"""No stage gives more to a new account, whatever its operator sets; to the audit a larger beginning is a forgery."""


class WorkerSettings(BaseSettings):
    """What a worker needs and all it is told, wherever it runs; `infra/gpu.yaml` sets exactly these names."""

    model_config = SettingsConfigDict(frozen=True, case_sensitive=False, extra="ignore")

    stage: str = Field(description="dev, staging or prod; part of logs and of the token issuer")
    jobs_table: str
    workers_table: str
    jobs_queue_url: str
    low_queue_url: str = Field(description="paid jobs that may wait")
    drafts_queue_url: str
    event_bus_name: str
    media_bucket: str
    lease_seconds: int = Field(ge=2, description="how long a silent worker keeps a job before another may take it")


class Settings(WorkerSettings):
    """Environment of every function; `template.yaml` sets exactly these names (a test compares them)."""

    users_table: str
    emails_table: str
    welcomes_table: str
    sessions_table: str
    api_keys_table: str
    proofs_table: str
    balances_table: str
    ledger_table: str
    settlements_table: str
    requests_table: str
    outbox_table: str
    limits_table: str
    personas_table: str
    paces_table: str
    operators_table: str
    tallies_table: str
    purchases_table: str
    payment_events_table: str
    endpoints_table: str
    callback_secrets_table: str
    deliveries_table: str
    tickets_table: str
    connections_table: str
    uploads_table: str
    deliveries_queue_url: str
    errands_queue_url: str
    ingest_function: str = Field(description="name of the function that looks at pictures when asked")
    signing_secret_arn: str
    stripe_secret_arn: str = Field(description="JSON {secretKey, webhookSecrets: [...]}; several while one is rolled")
    stripe_api_base: str = Field(description="where Stripe answers; empty for Stripe itself")
    starter_price: str = Field(description="id of Stripe's price of this package")
    pro_price: str
    enterprise_price: str
    gpu_hour_usd: float = Field(ge=0, description="what an hour of a worker costs, in US dollars")
    redirect_origins: str = Field(description="origins that a checkout may send the payer back to, with commas between")
    private_receivers: str = Field(
        description="host:port of callback receivers that need not be public, with commas between; empty on AWS"
    )
    dispatches_table: str = Field(
        description="jobs on their way through RunPod; empty without RunPod, as the next four"
    )
    runpod_endpoint: str = Field(description="id of the serverless endpoint")
    runpod_api_base: str = Field(description="where RunPod answers, up to `/v2`; empty for RunPod itself")
    runpod_secret_arn: str = Field(description="JSON {apiKey}")
    runpod_callback_secret_arn: str = Field(description="key that callbacks of RunPod are recognised by")
    public_url: str = Field(description="where this API answers from outside, for RunPod to call back")
    realtime_url: str = Field(description="where customers connect for live updates, wss://…")
    connections_url: str = Field(description="where we send to those connections")
    signup_credits: int = Field(ge=0, le=MAX_SIGNUP_CREDITS, description="credits granted once at registration")
    verify_addresses: bool = Field(description="whether an account begins only when its address was proven by mail")
    mail_from: str = Field(description="sender of mails, an identity verified at SES")
    web_url: str = Field(description="where the links in mails lead")
    request_quota: int = Field(ge=1, description="requests of an account in 15 minutes, reads apart")
    read_quota: int = Field(ge=1, description="reads of an account in 15 minutes")
    signup_quota: int = Field(ge=1, description="registrations, and mails asked for, from one network in 15 minutes")
    proxies: int = Field(ge=0, description="how many proxies of ours, such as CloudFront, stand before API Gateway")
    proxy_secret_arn: str = Field(description="what the last of them shows with every request, so that it is believed")
    low_credits: int = Field(ge=0, description="a balance that falls below this is announced once")
    max_active_jobs: int = Field(ge=1, description="paid jobs of one user that may wait or run at the same time")
    output_retention_days: int = Field(ge=1, description="how long jobs and their files are kept, as the bucket does")
    download_url_seconds: int = Field(ge=60, le=3600, description="life of a presigned download URL")


@cache
def settings() -> Settings:
    """The settings of this process, read on first use; every missing name is reported at once.

    A worker (`STUDIO_SETTINGS=worker`) has no other fields than `WorkerSettings`: names of tables that its role may not
    touch are none of its business, and using one is an error here before it is one at AWS.
    """
    if os.environ.get("STUDIO_SETTINGS") == "worker":
        return cast(Settings, WorkerSettings())
    return Settings()
