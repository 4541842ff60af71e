"""Accounts: registering, signing in, and the profile."""

from __future__ import annotations

from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email
from pynamodb.exceptions import DoesNotExist

from studio import clock, credits, ids, passwords, tokens
from studio.errors import AlreadyExists, EmailTaken, Fault, InvalidOrder, NotFound, WrongCredentials
from studio.settings import settings
from studio.tables import Email, User, retried, transaction
from studio.telemetry import logger


@dataclass(frozen=True, slots=True)
class Signup:
    """A new account and its first token."""

    user: User
    token: tokens.Token


def register(email: str, password: str, name: str | None = None) -> Signup:
    """Create the account with its signup credits, all or nothing, and sign it in.

    Raises:
        EmailTaken: the address belongs to an account already; nothing is written.
        InvalidOrder: the address is not one that mail can be sent to.
    """
    address = _address(email)
    user = User(
        ids.new("usr"),
        email=address,
        name=name,
        password_hash=passwords.hashed(password),
        created_at=clock.iso(clock.now()),
    )
    try:
        _create(user)
    except EmailTaken:
        if Email.get(address.casefold(), consistent_read=True).user_id != user.id:
            raise
        # Otherwise it is ours: the answer to the first try was lost, not the account.
    logger.info("account registered", extra={"user": user.id})
    return Signup(user, tokens.issue(user.id))


def login(email: str, password: str) -> tokens.Token:
    """A token for the account.

    Raises:
        WrongCredentials: unknown address or wrong password; both take the same time and say the same.
    """
    user = _find(email)
    if not passwords.matches(password, user.password_hash if user else None) or user is None:
        raise WrongCredentials
    return tokens.issue(user.id)


def profile(user_id: str) -> User:
    """The account row."""
    try:
        return User.get(user_id)
    except DoesNotExist as error:
        raise NotFound from error


@retried
def _create(user: User) -> None:
    with transaction() as tx:
        tx.create(
            Email(user.email.casefold(), user_id=user.id),
            condition=Email.address.does_not_exist(),
            otherwise=EmailTaken(),
        )
        tx.create(user, condition=User.id.does_not_exist(), otherwise=AlreadyExists("this user exists"))
        credits.open_account(tx, user.id, settings().signup_credits)


def _find(email: str) -> User | None:
    try:
        claim = Email.get(_address(email).casefold(), consistent_read=True)
        return User.get(claim.user_id, consistent_read=True)
    except (DoesNotExist, InvalidOrder):
        return None


def _address(email: str) -> str:
    try:
        return validate_email(email, check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise InvalidOrder(faults=(Fault("/email", str(error)),)) from error
