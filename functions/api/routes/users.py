"""Routes about the caller's own account."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import ConfigDict, Field

from api import paging
from api.views import CreditsView, EntryView, FileView, Page, UserView
from edge.caller import caller
from edge.responses import LIST, READ, WRITE, problems
from edge.views import View
from studio import accounts, credits, exports, limits, operators, purchases
from studio.credits import Kind
from studio.passwords import MAX_BYTES

router = APIGatewayHttpRouter()


class ProfileChange(View):
    """What may be changed of a profile."""

    model_config = ConfigDict(strict=True)

    name: str | None = Field(min_length=1, max_length=100, description="`null` for none.")


class Farewell(View):
    """Proof that it is the owner who closes the account."""

    model_config = ConfigDict(strict=True)

    password: str = Field(max_length=MAX_BYTES)


@router.get(
    "/api/v1/users/profile",
    summary="Your account",
    tags=["users"],
    responses={200: {"description": "The account."}, **problems(*READ)},
)
def profile() -> UserView:
    """The account behind the token."""
    who = caller(router)
    return UserView.of(accounts.profile(who.user_id), operator=operators.is_one(who))


@router.patch(
    "/api/v1/users/profile",
    summary="Change your profile",
    tags=["users"],
    responses={200: {"description": "The account."}, **problems(401, *WRITE)},
)
def change_profile(change: Annotated[ProfileChange, Body()]) -> UserView:
    """Change the name. The address is who you are, and stays."""
    who = caller(router)
    return UserView.of(accounts.rename(who.user_id, change.name), operator=operators.is_one(who))


@router.get(
    "/api/v1/users/export",
    summary="Everything we have about you",
    tags=["users"],
    responses={200: {"description": "A JSON file."}, **problems(401, 429)},
)
def export() -> FileView:
    """Account, ledger, purchases, jobs and pictures with links, personas, keys, receivers and deliveries, as one file.

    The file is kept for a day.
    """
    user_id = caller(router).user_id
    with limits.unless_failed(limits.EXPORTS, user_id):
        return FileView.of(exports.write(user_id))


@router.delete(
    "/api/v1/users/me",
    summary="Close your account",
    tags=["users"],
    status_code=204,
    responses={204: {"description": "The account is gone."}, **problems(401, 403, 429, 503, *WRITE)},
)
def close(farewell: Annotated[Farewell, Body()]) -> Response[None]:
    """Cancel and refund what runs, end tokens and keys, and delete what is personal. There is no way back.

    Files and jobs are cleared within minutes. The ledger stays, under an id that leads to nobody.
    """
    accounts.close(caller(router).user_id, farewell.password)
    return Response(204, body=None)


@router.get(
    "/api/v1/users/credits",
    summary="Your credits",
    tags=["users"],
    responses={200: {"description": "The balance."}, **problems(*READ)},
)
def balance() -> CreditsView:
    """What can be spent, and what running jobs hold."""
    now = credits.of(caller(router).user_id)
    return CreditsView(balance=now.balance, held=now.held)


@router.get(
    "/api/v1/users/transactions",
    summary="Your ledger",
    tags=["users"],
    responses={200: {"description": "A page, newest first."}, **problems(*LIST)},
)
def transactions(
    limit: Annotated[int, Query(ge=1, le=credits.MAX_PAGE)] = 20,
    cursor: Annotated[str | None, Query(description="`nextCursor` of the page before.")] = None,
    kind: Annotated[Kind | None, Query(description="Only entries of this kind.")] = None,
) -> Page[EntryView]:
    """Every change of the balance with the balance after it."""
    page = credits.entries(caller(router).user_id, limit=limit, below=paging.number(cursor), kind=kind)
    invoices = purchases.invoice_urls({entry.purchase_id for entry in page.entries if entry.purchase_id})
    return Page[EntryView](
        data=[EntryView.of(entry, invoices.get(entry.purchase_id or "")) for entry in page.entries],
        has_more=page.next_number is not None,
        next_cursor=paging.cursor(page.next_number),
    )
