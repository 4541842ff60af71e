"""Routes about the service itself."""

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from botocore.exceptions import BotoCoreError
from pynamodb.exceptions import PynamoDBException

from api.views import CrewView, Health
from studio import workers
from studio.settings import settings

router = APIGatewayHttpRouter()


@router.get("/health", summary="Is the API up?", tags=["service"])
def health() -> Health:
    """Answers as soon as the API can run; needs no token. `workers` lists who announced within the last minute."""
    try:
        crews = workers.present()
    except (PynamoDBException, BotoCoreError):
        return Health(status="degraded", stage=settings().stage, workers=[])
    return Health(status="ok", stage=settings().stage, workers=[CrewView.of(crew) for crew in crews])
