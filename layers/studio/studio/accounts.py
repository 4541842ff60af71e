"""Accounts: registering, signing in, the profile, passwords, and closing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pynamodb.exceptions import DoesNotExist, UpdateError

from studio import (
    api_keys,
    attempts,
    clock,
    credits,
    emails,
    endpoints,
    errands,
    ids,
    jobs,
    limits,
    outbox,
    passwords,
    proofs,
    tokens,
)
from studio.errors import (
    AlreadyExists,
    Busy,
    Conflict,
    EmailTaken,
    InvalidOrder,
    JobEnded,
    NotFound,
    TooManyRequests,
    Unanswered,
    WrongCredentials,
    WrongPassword,
)
from studio.proofs import Purpose
from studio.settings import settings
from studio.tables import (
    CallbackSecret,
    Email,
    JobRow,
    OutboxRow,
    Proof,
    Transaction,
    User,
    Welcome,
    refused,
    retried,
    transaction,
)
from studio.telemetry import logger

# What was being made or stored while the account was closed has ended by then: workers hear of it within a third of
# their lease, and functions end. It is the longest that SQS keeps a message back.
CLEAR_AGAIN_SECONDS = 900
CLEAR_DELAYS = (0, CLEAR_AGAIN_SECONDS)

_HALF_CLOSED = (
    "Too much happened at once, so the account is not closed yet as far as we know. Jobs may be cancelled already. "
    "Send the request again."
)


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
    return _open(emails.kept(email), passwords.hashed(password), name)


def request(email: str, password: str, name: str | None = None) -> None:
    """Ask to register: the account begins, with its credits, when the mail to the address is answered.

    Does and takes the same whether or not there is an account.

    Raises:
        InvalidOrder: the address is not one that mail can be sent to.
        TooManyRequests: too many mails to this address.
    """
    address = emails.kept(email)
    limits.take(limits.MAILS, emails.hash_of(address))
    proofs.begin(Purpose.REGISTER, address, name=name, password_hash=passwords.hashed(password))


def confirm(value: str, password: str) -> Signup:
    """Create the account that was asked for, now that its address is proven, and sign it in.

    The mail shows whose the address is, the password who asked: only where both are the same does an account begin, so
    nobody opens one for a stranger by opening a link.

    Raises:
        InvalidOrder: `value` is not one that we mailed, or not any more.
        WrongCredentials: this is not the password that was asked with; what was mailed goes on working.
        TooManyRequests: that was wrong too often; waiting helps.
        EmailTaken: the address got an account in the meantime.
    """
    proof = proofs.shown(Purpose.REGISTER, value)
    attempts.begin(attempts.PER_PROOF, proof.id)
    if not passwords.matches(password, proof.password_hash):
        raise WrongCredentials("This is not the password that was chosen when this mail was asked for.")
    signup = _open(proof.address, proof.password_hash or "", proof.name, proof)
    attempts.forgive(attempts.PER_PROOF, proof.id)
    return signup


def login(email: str, password: str, *, network: str | None = None) -> tokens.Token:
    """A token for the account.

    Args:
        network: where the attempt comes from, so that one place can neither try many accounts nor shut out an owner
            who is elsewhere.
    Raises:
        WrongCredentials: unknown address or wrong password; both take the same time and say the same.
        TooManyRequests: too many failures; waiting helps.
    """
    account = emails.sought(email) or email.casefold()  # failures count also with what is no address
    _count(account, network)
    user = find(email)
    if not passwords.matches(password, user.password_hash if user else None) or user is None:
        raise WrongCredentials
    _forgive(account, network)
    if network is not None:
        attempts.take_back(attempts.PER_NETWORK, network)
    if passwords.outdated(user.password_hash):
        _renew_hash(user, password)
    return tokens.issue(user)


def logout_everywhere(user_id: str) -> None:
    """End every session of the user at once. API keys keep working."""
    User(user_id).update(actions=[User.ver.add(1)], condition=User.id.exists())
    logger.info("all sessions ended", extra={"user": user_id})


def profile(user_id: str) -> User:
    """The account row."""
    try:
        return User.get(user_id, consistent_read=True)
    except DoesNotExist as error:
        raise NotFound from error


def exists(user_id: str) -> bool:
    """Whether the account is there, and not closed."""
    try:
        profile(user_id)
    except NotFound:
        return False
    return True


def rename(user_id: str, name: str | None) -> User:
    """Change the name, None for no name."""
    user = profile(user_id)
    user.update(actions=[User.name.remove() if name is None else User.name.set(name)], condition=User.id.exists())
    return user


def change_password(user_id: str, current: str, new: str) -> tokens.Token:
    """Set a new password and end every session; returns the token of a new one.

    Raises:
        WrongPassword: `current` is not the password.
        TooManyRequests: that was wrong too often.
    """
    user = _proven(user_id, current)
    try:
        return tokens.issue(_with_password(user, new))
    except Conflict as error:  # meanwhile it was changed, so `current` is not it any more
        raise WrongPassword from error


def forgot(email: str) -> None:
    """Ask for a mail with which the password can be reset. Does and takes the same for addresses without an account.

    Raises:
        InvalidOrder: the address is not one that mail can be sent to.
        TooManyRequests: too many mails to this address.
    """
    address = emails.kept(email)
    limits.take(limits.MAILS, emails.hash_of(address))
    proofs.begin(Purpose.RESET, address)


def reset_password(value: str, new: str, *, network: str | None = None) -> None:
    """Set a new password with what was mailed, and end every session, API key and receiver of callbacks. It works once.

    Whoever had the account until now may be somebody else, who registered the address before its owner, or who found
    the password out. What they left behind would outlive the password.

    Args:
        network: where that happens, so that who failed there may sign in at once.
    Raises:
        InvalidOrder: `value` is not one that we mailed, or not any more; also after any other change of the password.
    """
    user = _reset(proofs.shown(Purpose.RESET, value), passwords.hashed(new))
    _clear_access(user.id)  # keys have ended by now; if this fails it is told, and another mail does it again
    logger.info("password reset", extra={"user": user.id})
    _forgive(emails.key_of(user.email), network)
    attempts.forgive(attempts.PER_OWNER, user.id)


def close(user_id: str, password: str) -> None:
    """End the account: running jobs are cancelled and refunded, sessions and keys end, what is personal goes.

    The account itself goes at once; its files and jobs follow within minutes. Ledger and settlements stay, under an id
    that leads to nobody.

    Raises:
        WrongPassword: this is not the password.
        TooManyRequests: that was wrong too often.
        Unanswered: too many writers at once; jobs may be cancelled by now, and repeating it goes on from there.
    """
    user = _proven(user_id, password)
    try:
        proofs.forget(user.email)  # the only rows that are found by the address, which is not known afterwards
        for _ in cancelled_jobs(user_id):
            pass
        for errand in _remove(user):
            outbox.send(errand)
    except Busy as error:
        raise Unanswered(_HALF_CLOSED) from error
    except NotFound:  # a try whose answer was lost, or a twin of this request, has closed it
        for delay in CLEAR_DELAYS:
            outbox.send_left(errands.row_id("erase", user_id, delay_seconds=delay))
    logger.info("account closed", extra={"user": user_id})


def cancelled_jobs(user_id: str) -> Iterator[None]:
    """Cancel and refund what has not ended, a job at each step."""
    for job in JobRow.by_user.query(user_id, filter_condition=JobRow.open_shard.exists()):
        _cancel(user_id, job.id)
        yield


def id_of(email: str) -> str:
    """Id of the account with this address.

    Raises:
        NotFound: there is none.
    """
    user = find(email)
    if user is None:
        raise NotFound("There is no account with this address.")
    return str(user.id)


def find(email: str) -> User | None:
    """The account with this address, however it is written."""
    key = emails.sought(email)
    if key is None:
        return None
    try:
        claim = Email.get(key, consistent_read=True)
        return User.get(claim.user_id, consistent_read=True)
    except DoesNotExist:
        return None


def _open(address: str, password_hash: str, name: str | None, proof: Proof | None = None) -> Signup:
    user = User(
        ids.new("usr"),
        email=address,
        name=name,
        password_hash=password_hash,
        created_at=clock.iso(clock.now()),
    )
    try:
        _create(user, proof)
    except (EmailTaken, InvalidOrder):
        if not _owns(user, address):
            raise
        # Otherwise it is ours: the answer to the first try was lost, not the account.
    logger.info("account registered", extra={"user": user.id})
    return Signup(user, tokens.issue(user))


def _owns(user: User, address: str) -> bool:
    try:
        return bool(Email.get(emails.key_of(address), consistent_read=True).user_id == user.id)
    except DoesNotExist:
        return False


@retried
def _create(user: User, proof: Proof | None) -> None:
    with transaction() as tx:
        if proof:
            proofs.redeem(tx, proof)
        tx.create(
            Email(emails.key_of(user.email), user_id=user.id),
            condition=Email.address.does_not_exist(),
            otherwise=EmailTaken(),
        )
        tx.create(user, condition=User.id.does_not_exist(), otherwise=AlreadyExists("this user exists"))
        credits.open_account(tx, user.id, _welcomed(tx, user.email))


def _welcomed(tx: Transaction, address: str) -> int:
    """The credits that an account of this address begins with: those of signup once, later only its former debt."""
    key = emails.hash_of(address)
    try:
        known = Welcome.get(key, consistent_read=True)
    except DoesNotExist:
        first = Conflict("the address was welcomed meanwhile")
        tx.create(Welcome(key, debt=0), condition=Welcome.hash.does_not_exist(), otherwise=first)
        return settings().signup_credits
    unchanged = Conflict("the address has another debt by now")
    tx.change(Welcome(key), [Welcome.debt.set(known.debt)], condition=Welcome.debt == known.debt, otherwise=unchanged)
    return -int(known.debt)


@retried
def _remove(user: User) -> list[OutboxRow]:
    """Take away everything that says who it was, together with the errands that clear the rest, now and once more.

    What stays of the address is a hash of it, with what the account owes, so that closing is no way to new credits.
    """
    with transaction() as tx:
        welcome = Welcome(emails.hash_of(user.email), debt=credits.close_account(tx, user.id))
        tx.create(welcome, condition=Welcome.hash.does_not_exist() | Welcome.hash.exists(), otherwise=Conflict())
        gone = NotFound("There is no such account.")
        tx.remove(User(user.id), condition=User.id.exists(), otherwise=gone)
        tx.remove(Email(emails.key_of(user.email)), condition=Email.user_id == user.id, otherwise=gone)
        return [errands.queue(tx, "erase", user.id, delay_seconds=delay) for delay in CLEAR_DELAYS]


def _proven(user_id: str, password: str) -> User:
    """The account, once its password was shown. Failures have a count of their own: strangers cannot reach it."""
    user = profile(user_id)
    attempts.begin(attempts.PER_OWNER, user_id)
    if not passwords.matches(password, user.password_hash):
        raise WrongPassword
    attempts.forgive(attempts.PER_OWNER, user_id)
    return user


def _count(account: str, network: str | None) -> None:
    """Count an attempt to sign in; what others have done to the account is no failure of this place."""
    if network is not None:
        attempts.begin(attempts.PER_NETWORK, network)
    place = _place(account, network)
    attempts.begin(attempts.PER_PLACE, place)
    try:
        attempts.begin(attempts.PER_ACCOUNT, account)
    except TooManyRequests:
        attempts.take_back(attempts.PER_PLACE, place)
        raise


def _forgive(account: str, network: str | None) -> None:
    """Forget the failures of the account, and those from this network among them."""
    attempts.forgive(attempts.PER_PLACE, _place(account, network))
    attempts.forgive(attempts.PER_ACCOUNT, account)


def _place(account: str, network: str | None) -> str:
    return f"{account} {network or ''}"


def _with_password(user: User, password: str) -> User:
    """Store the password and raise `ver`, if nobody changed either since `user` was read."""
    try:
        user.update(
            actions=[User.password_hash.set(passwords.hashed(password)), User.ver.add(1)],
            condition=User.id.exists() & (User.password_hash == user.password_hash),
        )
    except UpdateError as error:
        if not refused(error):
            raise
        raise Conflict("the password was changed by somebody else") from error
    logger.info("password changed", extra={"user": user.id})
    return user


@retried
def _reset(proof: Proof, password_hash: str) -> User:
    """Store the password that a proof allows, and raise `ver`; the proof ends exactly when that is done."""
    try:
        user = profile(proof.user_id or "")
    except NotFound as error:
        raise proofs.void() from error
    if user.password_hash == password_hash:  # a try whose answer was lost had stored it; nobody else makes this hash
        return user
    if user.ver != proof.user_ver:
        raise proofs.void()
    try:
        _store(user, proof, password_hash)
    except InvalidOrder:
        if profile(user.id).password_hash != password_hash:
            raise
    return user


def _store(user: User, proof: Proof, password_hash: str) -> None:
    with transaction() as tx:
        proofs.redeem(tx, proof)
        tx.change(
            User(user.id),
            [
                User.password_hash.set(password_hash),
                User.ver.add(1),
                User.reset_at.set(clock.iso(clock.now())),
            ],
            condition=User.ver == user.ver,
            otherwise=Conflict("the password was changed by somebody else"),
        )


def _clear_access(user_id: str) -> None:
    """Delete what programs come in with and what they are told through."""
    for key in api_keys.all_of(user_id):
        key.delete()
    for endpoint in endpoints.all_of(user_id):
        endpoint.delete()
    CallbackSecret(user_id).delete()


def _renew_hash(user: User, password: str) -> None:
    try:
        user.update(
            actions=[User.password_hash.set(passwords.hashed(password))],
            condition=User.password_hash == user.password_hash,
        )
    except UpdateError as error:
        if not refused(error):
            raise
        logger.info("password hash was changed by somebody else", extra={"user": user.id})


def _cancel(user_id: str, job_id: str) -> None:
    try:
        jobs.cancel(user_id, job_id)
    except JobEnded:
        logger.info("job ended by itself", extra={"job": job_id})
