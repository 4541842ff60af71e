"""Mails: plain text, one receiver, through SES."""

from __future__ import annotations

from studio import aws
from studio.settings import settings


def send(to: str, subject: str, text: str) -> None:
    """Hand one mail to SES; raises `ClientError` when it is refused."""
    aws.client("sesv2").send_email(
        FromEmailAddress=settings().mail_from,
        Destination={"ToAddresses": [to]},
        Content={
            "Simple": {
                "Subject": {"Data": subject, "Charset": "UTF-8"},
                "Body": {"Text": {"Data": text, "Charset": "UTF-8"}},
            }
        },
    )
