"""Routes about what is on sale."""

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api.views import FeaturesView, FeatureView
from studio import catalog

router = APIGatewayHttpRouter()


@router.get("/api/v1/features", summary="What is on sale", tags=["features"])
def features() -> FeaturesView:
    """Every feature with its price and the JSON Schema of its order; needs no token."""
    return FeaturesView(data=[FeatureView.of(kind) for kind in catalog.ORDERS.values()])
