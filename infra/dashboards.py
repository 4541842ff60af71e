"""Writes two dashboards from one list of graphs: `infra/monitoring.yaml` for CloudWatch, and one for Grafana.

    PYTHONPATH=.:functions:layers/studio python -m infra.dashboards

`${Name}` in a dimension is a parameter of the one and a variable of the other, which finds its value in CloudWatch.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio import telemetry
from studio.catalog import ORDERS

FOLDER = Path(__file__).resolve().parent
CLOUDWATCH, GRAFANA = FOLDER / "monitoring.yaml", FOLDER / "grafana" / "studio.json"
WIDTH, HEIGHT, COLUMNS = 8, 6, 3
PERIOD_SECONDS = 300
QUEUES = {"jobs": "JobsQueueName", "low": "LowQueueName", "drafts": "DraftsQueueName"}
ROUTES = ("submits", "changes", "reads", "hooks", "nowhere")


@dataclass(frozen=True, slots=True)
class Line:
    """One metric of a graph."""

    metric: str
    statistic: str
    label: str
    namespace: str = telemetry.NAMESPACE
    dimensions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Every:
    """All metrics of one name whose dimensions are these, of the stack where it names what is measured."""

    metric: str
    statistic: str
    dimensions: tuple[str, ...]
    namespace: str = telemetry.NAMESPACE
    containing: str = ""

    @property
    def search(self) -> str:
        """The expression that CloudWatch finds them by."""
        schema = ",".join((self.namespace, *self.dimensions))
        own = 'stage="${Stage}"' if self.namespace == telemetry.NAMESPACE else f"${{Stack}} {self.containing}".strip()
        return f"SEARCH('{{{schema}}} MetricName=\"{self.metric}\" {own}', '{self.statistic}', {PERIOD_SECONDS})"


@dataclass(frozen=True, slots=True)
class Graph:
    """A picture of some metrics, and what their numbers are."""

    title: str
    unit: str
    lines: tuple[Line | Every, ...]


def own(metric: str, statistic: str, label: str, **dimensions: str) -> Line:
    """A metric of our own; every one is told apart by the stage."""
    return Line(metric, statistic, label, dimensions=(("stage", "${Stage}"), *dimensions.items()))


def of_routes(metric: str, statistic: str) -> tuple[Line, ...]:
    """One of our metrics of requests, for each class of routes."""
    return tuple(own(metric, statistic, routes, routes=routes) for routes in ROUTES)


def of_cards(metric: str) -> tuple[Line, ...]:
    """One of our metrics of cards."""
    return own(metric, "Average", "mean"), own(metric, "Maximum", "most")


def of_queues(metric: str) -> tuple[Line, ...]:
    """A metric of SQS for each queue of jobs."""
    return tuple(
        Line(metric, "Maximum", queue, "AWS/SQS", (("QueueName", f"${{{parameter}}}"),))
        for queue, parameter in QUEUES.items()
    )


def of_api(metric: str, statistic: str, label: str) -> Line:
    """A metric of API Gateway."""
    return Line(metric, statistic, label, "AWS/ApiGateway", (("ApiId", "${HttpApiId}"),))


GRAPHS = (
    Graph("Requests", "count", of_routes(telemetry.API_ERRORS, "SampleCount")),
    Graph("Slowest twentieth of requests", "ms", of_routes(telemetry.API_LATENCY, "p95")),
    Graph("Share of requests that failed by our fault", "share", of_routes(telemetry.API_ERRORS, "Average")),
    Graph(
        "As API Gateway sees it",
        "count",
        (of_api("Count", "Sum", "all"), of_api("4xx", "Sum", "refused"), of_api("5xx", "Sum", "failed")),
    ),
    Graph("API Gateway, slowest twentieth", "ms", (of_api("Latency", "p95", "with network and authorization"),)),
    Graph("Functions that failed", "count", (Every("Errors", "Sum", ("FunctionName",), "AWS/Lambda"),)),
    Graph("Jobs that wait", "count", of_queues("ApproximateNumberOfMessagesVisible")),
    Graph("Jobs that are worked on", "count", of_queues("ApproximateNumberOfMessagesNotVisible")),
    Graph("Oldest message", "s", of_queues("ApproximateAgeOfOldestMessage")),
    Graph("Time until work begins, median", "s", tuple(own(telemetry.JOB_WAITED, "p50", q, queue=q) for q in QUEUES)),
    Graph("Time of work, median", "s", tuple(own(telemetry.JOB_RAN, "p50", f, feature=f) for f in ORDERS)),
    Graph("Time of each stage, mean", "s", (Every(telemetry.STAGE_RAN, "Average", ("feature", "phase", "stage")),)),
    Graph(
        "Workers that are ready",
        "count",
        (
            *(own(telemetry.WORKERS_READY, "Maximum", queue, queue=queue) for queue in ("jobs", "drafts")),
            own(telemetry.WORKERS_HEARD, "Maximum", "all"),
            own(telemetry.QUEUES_UNATTENDED, "Maximum", "queues without anybody"),
        ),
    ),
    Graph("How busy cards are", "share", of_cards(telemetry.CARDS_BUSY)),
    Graph("How full cards are", "share", of_cards(telemetry.CARDS_MEMORY)),
    Graph(
        "Credits",
        "count",
        (
            own(telemetry.CREDITS_SOLD, "Sum", "sold"),
            own(telemetry.CREDITS_EARNED, "Sum", "earned"),
            own(telemetry.CREDITS_RETURNED, "Sum", "given back"),
        ),
    ),
    Graph("Share of the price of jobs that went back", "share", (own(telemetry.REFUNDED, "Average", "mean"),)),
    Graph(
        "Callbacks",
        "share",
        (own(telemetry.CALLBACKS_DELIVERED, "Average", "share of attempts that were taken"),),
    ),
    Graph("Attempts of callbacks", "count", (own(telemetry.CALLBACKS_DELIVERED, "SampleCount", "attempts"),)),
    Graph(
        "Dead letters",
        "count",
        (Every("ApproximateNumberOfMessagesVisible", "Maximum", ("QueueName",), "AWS/SQS", "DeadLetters"),),
    ),
    Graph(
        "What the night found",
        "count",
        (
            own(telemetry.AUDIT_VIOLATIONS, "Maximum", "broken promises"),
            own(telemetry.STRIPE_UNTOLD, "Maximum", "news of payments that no webhook told"),
            own(telemetry.STRIPE_FAILED, "Maximum", "news of payments that could not be followed"),
            own(telemetry.PURCHASES_TO_REVIEW, "Maximum", "purchases that wait for people"),
        ),
    ),
    Graph("Delayed writes", "count", (Every("WriteThrottleEvents", "Sum", ("TableName",), "AWS/DynamoDB"),)),
)
_HEAD = """\
AWSTemplateFormatVersion: "2010-09-09"
Description: AI Creative Studio - the dashboard

# Made by infra/dashboards.py, with the same graphs as infra/grafana/studio.json. Nested into template.yaml.

Parameters:
  Stage: {Type: String}
  Stack:
    Type: String
    Description: Name of the studio's stack, with which the names of its functions, queues and tables begin
  JobsQueueName: {Type: String}
  LowQueueName: {Type: String}
  DraftsQueueName: {Type: String}
  HttpApiId: {Type: String}

Resources:
  Dashboard:
    Type: AWS::CloudWatch::Dashboard
    Properties:
      DashboardName: !Ref Stack
      DashboardBody:
        Fn::Sub: |
"""
_TAIL = """
Outputs:
  DashboardUrl:
    Value: !Sub "https://${AWS::Region}.console.aws.amazon.com/cloudwatch/home?region=${AWS::Region}#dashboards:name=${Dashboard}"
"""


def cloudwatch() -> str:
    """The nested template."""
    widgets = [
        {
            "type": "metric",
            "x": at % COLUMNS * WIDTH,
            "y": at // COLUMNS * HEIGHT,
            "width": WIDTH,
            "height": HEIGHT,
            "properties": {
                "title": graph.title,
                "region": "${AWS::Region}",
                "period": PERIOD_SECONDS,
                "yAxis": {"left": {"label": graph.unit, "showUnits": False}},
                "metrics": [_metric(line, number) for number, line in enumerate(graph.lines)],
            },
        }
        for at, graph in enumerate(GRAPHS)
    ]
    lines = ",\n".join(json.dumps(widget, ensure_ascii=False) for widget in widgets)
    body = f'{{"widgets": [\n{lines}\n]}}'
    return _HEAD + "".join(f"          {line}\n" for line in body.splitlines()) + _TAIL


def _metric(line: Line | Every, number: int) -> list[Any]:
    if isinstance(line, Every):
        return [{"expression": line.search, "id": f"e{number}", "label": ""}]
    named = [part for dimension in line.dimensions for part in dimension]
    return [line.namespace, line.metric, *named, {"stat": line.statistic, "label": line.label}]


def grafana() -> str:
    """The dashboard that is imported into Grafana; it asks for the data source and finds the rest."""
    panels = [
        {
            "id": at + 1,
            "type": "timeseries",
            "title": graph.title,
            "datasource": {"type": "cloudwatch", "uid": "${datasource}"},
            "gridPos": {"x": at % COLUMNS * WIDTH, "y": at // COLUMNS * HEIGHT, "w": WIDTH, "h": HEIGHT},
            "fieldConfig": {"defaults": {"unit": _UNITS[graph.unit]}, "overrides": []},
            "targets": [_target(line, chr(ord("A") + number)) for number, line in enumerate(graph.lines)],
        }
        for at, graph in enumerate(GRAPHS)
    ]
    dashboard = {
        "title": "AI Creative Studio",
        "uid": "ai-creative-studio",
        "schemaVersion": 39,
        "editable": True,
        "refresh": "1m",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": _variables()},
        "panels": panels,
    }
    return json.dumps(dashboard, indent=1, ensure_ascii=False) + "\n"


_UNITS = {"count": "short", "ms": "ms", "s": "s", "share": "percentunit"}


def _target(line: Line | Every, letter: str) -> dict[str, Any]:
    common = {
        "refId": letter,
        "datasource": {"type": "cloudwatch", "uid": "${datasource}"},
        "region": "$region",
        "queryMode": "Metrics",
        "metricQueryType": 0,
        "namespace": line.namespace,
        "metricName": line.metric,
        "statistic": line.statistic,
        "period": str(PERIOD_SECONDS),
        "matchExact": True,
    }
    if isinstance(line, Every):
        return common | {"metricEditorMode": 1, "expression": line.search, "dimensions": {}}
    return common | {"metricEditorMode": 0, "label": line.label, "dimensions": dict(line.dimensions)}


def _variables() -> list[dict[str, Any]]:
    datasource = {"type": "cloudwatch", "uid": "${datasource}"}
    asked: list[dict[str, Any]] = [
        {"name": "datasource", "type": "datasource", "query": "cloudwatch"},
        {"name": "region", "type": "query", "datasource": datasource, "query": "regions()", "refresh": 1},
        {"name": "Stage", "type": "custom", "query": "prod,staging,dev"},
        {"name": "Stack", "type": "textbox", "query": "studio-prod"},
        {
            "name": "HttpApiId",
            "type": "query",
            "datasource": datasource,
            "refresh": 2,
            "query": "dimension_values($region,AWS/ApiGateway,Count,ApiId)",
        },
    ]
    found = [
        {
            "name": parameter,
            "type": "query",
            "datasource": datasource,
            "refresh": 2,
            "hide": 2,
            "query": "dimension_values($region,AWS/SQS,ApproximateAgeOfOldestMessage,QueueName)",
            "regex": f"/^${{Stack}}-{parameter.removesuffix('Name')}-.*/",
        }
        for parameter in QUEUES.values()
    ]
    return asked + found


def files() -> dict[Path, str]:
    """What belongs into each file."""
    return {CLOUDWATCH: cloudwatch(), GRAFANA: grafana()}


if __name__ == "__main__":
    for path, content in files().items():
        path.write_text(content)
