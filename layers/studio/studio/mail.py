"""Mails: plain text, one receiver, through SES."""

from __future__ import annotations

from email_validator import validate_email

from studio import aws
from studio.settings import settings
from studio.telemetry import logger


def send(to: str, subject: str, text: str) -> None:
    """Hand one mail to SES; raises `ClientError` when it is refused.

    SES takes ASCII: domains go in Punycode. Before the ``@`` there is no such thing, so accounts of former times with
    other letters there are written to no more than they ever could be.
    """
    receiver = validate_email(to, check_deliverability=False).ascii_email
    if receiver is None:
        logger.warning("no mail can be sent to this address", extra={"subject": subject})
        return
    aws.client("sesv2").send_email(
        FromEmailAddress=settings().mail_from,
        Destination={"ToAddresses": [receiver]},
        Content={
            "Simple": {
                "Subject": {"Data": subject, "Charset": "UTF-8"},
                "Body": {"Text": {"Data": text, "Charset": "UTF-8"}},
            }
        },
    )
