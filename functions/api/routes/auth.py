"""Routes for registering, signing in and out."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import ConfigDict, Field, field_validator

from api.caller import caller
from api.routes.responses import READ, WRITE, problems
from api.views import SignupView, TokenView, UserView, View
from studio import accounts, tokens
from studio.passwords import MAX_BYTES, MIN_CHARACTERS

router = APIGatewayHttpRouter()


class Credentials(View):
    """E-mail and password."""

    model_config = ConfigDict(strict=True)

    email: str = Field(max_length=254, description="RFC 5321 length limit.")
    password: str = Field(max_length=MAX_BYTES)


class Registration(Credentials):
    """A new account."""

    password: str = Field(min_length=MIN_CHARACTERS, max_length=MAX_BYTES)
    name: str | None = Field(None, min_length=1, max_length=100)

    @field_validator("password")
    @classmethod
    def _fits(cls, password: str) -> str:
        if len(password.encode()) > MAX_BYTES:
            raise ValueError(f"must be at most {MAX_BYTES} bytes")
        return password


@router.post(
    "/api/v1/auth/register",
    summary="Register",
    tags=["auth"],
    status_code=201,
    responses={201: {"description": "The account, signed in."}, **problems(409, *WRITE)},
)
def register(registration: Annotated[Registration, Body()]) -> Response[SignupView]:
    """Create an account with free credits and a token of seven days."""
    signup = accounts.register(registration.email, registration.password, registration.name)
    body = SignupView(
        user=UserView.of(signup.user), token=signup.token.value, expires_in=signup.token.expires_in
    )  # fmt: skip
    return Response(201, "application/json", body)


@router.post(
    "/api/v1/auth/login",
    summary="Sign in",
    tags=["auth"],
    responses={200: {"description": "A token."}, **problems(401, *WRITE)},
)
def login(credentials: Annotated[Credentials, Body()]) -> TokenView:
    """A token of seven days."""
    return TokenView.of(accounts.login(credentials.email, credentials.password))


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
