"""Routes about the service itself."""

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api.views import CrewView, Health
from studio import workers
from studio.settings import settings

router = APIGatewayHttpRouter()


@router.get("/health", summary="Is the API up?", tags=["service"], security=[])
def health() -> Health:
    """Answers as soon as the API can run; needs no token. `workers` lists who announced within the last minute."""
    return Health(stage=settings().stage, workers=[CrewView.of(crew) for crew in workers.present()])
