"""Routes for registering, signing in and out, and passwords."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import AfterValidator, ConfigDict, Field

from api.account_views import JwksView, JwkView, MailedView
from api.views import SignupView, TokenView, UserView
from edge.caller import caller, network
from edge.responses import READ, WRITE, problems
from edge.views import View
from studio import accounts, limits, signing_keys, tokens
from studio.accounts import Signup
from studio.passwords import MAX_BYTES, MIN_CHARACTERS
from studio.settings import settings

router = APIGatewayHttpRouter()


def _fits(password: str) -> str:
    if len(password.encode()) > MAX_BYTES:
        raise ValueError(f"must be at most {MAX_BYTES} bytes")
    return password


Address = Annotated[
    str, Field(max_length=254, description="RFC 5321 length limit.", json_schema_extra={"format": "email"})
]
Password = Annotated[str, Field(max_length=MAX_BYTES)]
NewPassword = Annotated[str, Field(min_length=MIN_CHARACTERS, max_length=MAX_BYTES), AfterValidator(_fits)]
Mailed = Annotated[str, Field(max_length=200, description="What stands behind `=` in the link of the mail.")]


class Credentials(View):
    """E-mail and password."""

    model_config = ConfigDict(strict=True)

    email: Address
    password: Password


class Registration(View):
    """A new account."""

    model_config = ConfigDict(strict=True)

    email: Address
    password: NewPassword
    name: str | None = Field(None, min_length=1, max_length=100)


class Confirmation(View):
    """What was mailed to a new customer, and the password that they chose before."""

    model_config = ConfigDict(strict=True)

    token: Mailed
    password: Annotated[Password, Field(description="The one that the account was asked for with.")]


class PasswordChange(View):
    """The password of now and the one from now on."""

    model_config = ConfigDict(strict=True)

    current_password: Password
    new_password: NewPassword


class Forgotten(View):
    """Whose password is forgotten."""

    model_config = ConfigDict(strict=True)

    email: Address


class PasswordReset(View):
    """What was mailed, and the password from now on."""

    model_config = ConfigDict(strict=True)

    token: Mailed
    password: NewPassword


@router.post(
    "/api/v1/auth/register",
    summary="Register",
    tags=["auth"],
    status_code=201,
    responses={
        201: {"description": "The account, signed in.", "content": {"application/json": {"model": SignupView}}},
        202: {
            "description": "Where addresses are verified: the account begins with `/api/v1/auth/verify`.",
            "content": {"application/json": {"model": MailedView}},
        },
        **problems(409, 429, 503, *WRITE),
    },
)
def register(registration: Annotated[Registration, Body()]) -> Response[SignupView | MailedView]:
    """Create an account with free credits and a token of seven days."""
    limits.take(limits.signups(), network(router))
    order = (registration.email, registration.password, registration.name)
    if settings().verify_addresses:
        accounts.request(*order)
        return Response(202, "application/json", MailedView())
    return Response(201, "application/json", _signup(accounts.register(*order)))


@router.post(
    "/api/v1/auth/verify",
    summary="Confirm an address",
    tags=["auth"],
    status_code=201,
    responses={201: {"description": "The account, signed in."}, **problems(401, 409, 429, 503, *WRITE)},
)
def verify(confirmation: Annotated[Confirmation, Body()]) -> Response[SignupView]:
    """Create the account that was asked for, with its free credits. Works once, for a day, with the password of then.

    401 `wrong_credentials` with another password; what was mailed goes on working.
    """
    limits.take(limits.signups(), network(router))
    return Response(201, "application/json", _signup(accounts.confirm(confirmation.token, confirmation.password)))


@router.post(
    "/api/v1/auth/login",
    summary="Sign in",
    tags=["auth"],
    responses={200: {"description": "A token."}, **problems(401, 429, 503, *WRITE)},
)
def login(credentials: Annotated[Credentials, Body()]) -> TokenView:
    """A token of seven days. After five failures from one network each further one must wait, longer each time."""
    return TokenView.of(accounts.login(credentials.email, credentials.password, network=network(router)))


@router.post(
    "/api/v1/auth/logout",
    summary="Sign out",
    tags=["auth"],
    status_code=204,
    responses={204: {"description": "The token no longer works."}, **problems(*READ)},
)
def logout() -> Response[None]:
    """Revoke the token of this request, at once."""
    tokens.revoke(caller(router))
    return Response(204, body=None)


@router.post(
    "/api/v1/auth/logout-all",
    summary="Sign out everywhere",
    tags=["auth"],
    status_code=204,
    responses={204: {"description": "No token of the account works any more."}, **problems(*READ)},
)
def logout_all() -> Response[None]:
    """Revoke every token of the account, this one too. API keys keep working."""
    accounts.logout_everywhere(caller(router).user_id)
    return Response(204, body=None)


@router.post(
    "/api/v1/auth/password",
    summary="Change the password",
    tags=["auth"],
    responses={200: {"description": "A new token; those before have ended."}, **problems(401, 403, 429, *WRITE)},
)
def change_password(change: Annotated[PasswordChange, Body()]) -> TokenView:
    """Set a new password. Every token ends, and the answer has the only one that works."""
    token = accounts.change_password(caller(router).user_id, change.current_password, change.new_password)
    return TokenView.of(token)


@router.post(
    "/api/v1/auth/forgot",
    summary="Ask for a new password",
    tags=["auth"],
    status_code=202,
    responses={202: {"description": "If there is an account, a mail is on its way."}, **problems(429, *WRITE)},
)
def forgot(forgotten: Annotated[Forgotten, Body()]) -> Response[MailedView]:
    """Mail a link to the address, if it has an account; the answer never tells."""
    limits.take(limits.signups(), network(router))
    accounts.forgot(forgotten.email)
    return Response(202, "application/json", MailedView())


@router.post(
    "/api/v1/auth/reset",
    summary="Set a new password",
    tags=["auth"],
    status_code=204,
    responses={204: {"description": "Sign in with the new password."}, **problems(429, 503, *WRITE)},
)
def reset(order: Annotated[PasswordReset, Body()]) -> Response[None]:
    """Set a new password with what was mailed. Works once, for half an hour.

    Every token, API key and endpoint for callbacks ends: who made them may have been somebody else.
    """
    limits.take(limits.signups(), network(router))
    accounts.reset_password(order.token, order.password, network=network(router))
    return Response(204, body=None)


@router.get(
    "/.well-known/jwks.json",
    summary="Keys that tokens are signed with",
    tags=["auth"],
    responses={200: {"description": "A JWK set (RFC 7517)."}},
)
def jwks() -> Response[JwksView]:
    """Whoever wants to check tokens themselves can; only we know whether one was revoked."""
    keys = JwksView(keys=[JwkView.model_validate(key.jwk) for key in signing_keys.published()])
    headers: dict[str, str | list[str]] = {"Cache-Control": f"public, max-age={signing_keys.REREAD_SECONDS}"}
    return Response(200, "application/json", keys, headers=headers)


def _signup(signup: Signup) -> SignupView:
    return SignupView(
        user=UserView.of(signup.user), token=signup.token.value, expires_in=signup.token.expires_in
    )  # fmt: skip
