"""A client of the AI Creative Studio.

from ai_creative_studio import Studio

with Studio(token="acs_live_…") as studio:
    job = studio.jobs.submit("image-generation", prompt="A lighthouse at sunset")
    job.wait().download(to="pictures")
"""

from ai_creative_studio import errors, models, orders, webhooks
from ai_creative_studio._async.jobs import AsyncJob
from ai_creative_studio._async.studio import AsyncStudio
from ai_creative_studio._retries import Retries
from ai_creative_studio._sync.jobs import Job
from ai_creative_studio._sync.studio import Studio
from ai_creative_studio.errors import (
    ApiError,
    BadSignature,
    InsufficientCredits,
    InvalidOrder,
    JobCancelled,
    JobFailed,
    RateLimited,
    StudioError,
    Unreachable,
    WaitTimeout,
)

__all__ = [
    "ApiError",
    "AsyncJob",
    "AsyncStudio",
    "BadSignature",
    "InsufficientCredits",
    "InvalidOrder",
    "Job",
    "JobCancelled",
    "JobFailed",
    "RateLimited",
    "Retries",
    "Studio",
    "StudioError",
    "Unreachable",
    "WaitTimeout",
    "errors",
    "models",
    "orders",
    "webhooks",
]
