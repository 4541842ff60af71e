"""Mails of the local studio: nothing leaves the machine, whoever keeps it running sees them on the console."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    import boto3

LOOK_SECONDS = 1.0
_MESSAGES = "/_ministack/ses/messages"


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that the studio handed to SES."""

    id: str
    to: str
    subject: str
    text: str


class Mailbox:
    """Everything that the emulated SES was given."""

    def __init__(self, session: boto3.Session, endpoint_url: str, sender: str) -> None:
        self._url = endpoint_url
        ses = session.client("sesv2", endpoint_url=endpoint_url)
        if sender not in {known["IdentityName"] for known in ses.list_email_identities()["EmailIdentities"]}:
            ses.create_email_identity(EmailIdentity=sender)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="mailbox", daemon=True)

    def letters(self) -> list[Letter]:
        """All mails, oldest first."""
        found = httpx.get(self._url + _MESSAGES, timeout=10, trust_env=False).raise_for_status().json()["messages"]
        return [
            Letter(mail["MessageId"], ", ".join(mail["To"]), mail["Subject"], mail["BodyText"])
            for account in found.values()
            for mail in account
        ]

    def show(self) -> None:
        """Print every new mail from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Print no more."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _watch(self) -> None:
        seen = {letter.id for letter in self.letters()}
        while not self._stopping.wait(LOOK_SECONDS):
            try:
                fresh = [letter for letter in self.letters() if letter.id not in seen]
            except httpx.HTTPError:  # the emulator is stopping, or busy
                continue
            for letter in fresh:
                seen.add(letter.id)
                print(f"\nmail to {letter.to}: {letter.subject}\n\n{letter.text}", flush=True)
