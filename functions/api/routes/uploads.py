"""Routes for pictures that orders refer to."""

from typing import Annotated, Literal

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import ConfigDict, Field

from api.views import UploadStandingView, UploadView
from edge.caller import caller
from edge.responses import READ_ONE, WRITE, problems
from edge.views import View
from studio import uploads

router = APIGatewayHttpRouter()


class UploadRequest(View):
    """What is going to be uploaded."""

    model_config = ConfigDict(strict=True)

    content_type: Literal["image/jpeg", "image/png", "image/webp"] = Field(description="Type of the picture.")


@router.post(
    "/api/v1/uploads",
    summary="Begin an upload",
    tags=["uploads"],
    status_code=201,
    responses={201: {"description": "Where to send the file."}, **problems(401, *WRITE)},
)
def begin(request: Annotated[UploadRequest, Body()]) -> Response[UploadView]:
    """A form for one picture of up to 20 MiB; use `id` in an order once the file is sent."""
    target = uploads.begin(caller(router).user_id, request.content_type)
    return Response(201, "application/json", UploadView.of(target))


@router.get(
    "/api/v1/uploads/<upload_id>",
    summary="One upload",
    tags=["uploads"],
    responses={200: {"description": "What became of it."}, **problems(*READ_ONE)},
)
def show(upload_id: str) -> UploadStandingView:
    """Files are looked at within seconds. An order does not have to wait for it: it looks at once."""
    return UploadStandingView.of(uploads.standing(caller(router).user_id, upload_id))
