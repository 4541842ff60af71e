"""Structured logs: one JSON object per event, with request and job ids as fields."""

from __future__ import annotations

from aws_lambda_powertools import Logger

logger = Logger(service="studio", log_uncaught_exceptions=True)
