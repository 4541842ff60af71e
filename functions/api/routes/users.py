"""Routes about the caller's own account."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api import paging
from api.caller import caller
from api.routes.responses import LIST, READ, problems
from api.views import CreditsView, EntryView, Page, UserView
from studio import accounts, credits

router = APIGatewayHttpRouter()


@router.get(
    "/api/v1/users/profile",
    summary="Your account",
    tags=["users"],
    responses={200: {"description": "The account."}, **problems(*READ)},
)
def profile() -> UserView:
    """The account behind the token."""
    return UserView.of(accounts.profile(caller(router).user_id))


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
) -> Page[EntryView]:
    """Every change of the balance with the balance after it."""
    page = credits.entries(caller(router).user_id, limit=limit, below=paging.number(cursor))
    return Page[EntryView](
        data=[EntryView.of(entry) for entry in page.entries],
        has_more=page.next_number is not None,
        next_cursor=paging.cursor(page.next_number),
    )
