"""Both dashboards show the same metrics, each of which somebody publishes, and all of our own."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

import pytest

from infra import dashboards
from infra.local.stack import ROOT, nested, template
from studio import measures, telemetry
from studio.waiting import SERVED_BY

# What AWS publishes, from the user guides of the services.
OF_AWS = {
    "AWS/SQS": {
        "ApproximateAgeOfOldestMessage": "QueueName",
        "ApproximateNumberOfMessagesNotVisible": "QueueName",
        "ApproximateNumberOfMessagesVisible": "QueueName",
    },
    "AWS/Lambda": {"Errors": "FunctionName"},
    "AWS/ApiGateway": {"4xx": "ApiId", "5xx": "ApiId", "Count": "ApiId", "Latency": "ApiId"},  # HTTP APIs
    "AWS/DynamoDB": {"WriteThrottleEvents": "TableName"},
}
NAMES = {name: value for name, value in vars(telemetry).items() if name.isupper() and isinstance(value, str)}
SEARCH = re.compile(r"SEARCH\('\{([^,]+),([\w,]+)\} MetricName=\"(\w+)\"")
Shown = tuple[str, str, tuple[str, ...]]


def published() -> dict[str, set[tuple[str, ...]]]:
    """Our own metrics by name with what their calls tell them apart by, as the code has it."""
    found: dict[str, set[tuple[str, ...]]] = {}
    for folder in ("functions", "layers/studio/studio"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "measure":
                    assert isinstance(node.args[0], ast.Name), "metrics are named by the constants of telemetry"
                    apart = tuple(sorted(str(keyword.arg) for keyword in node.keywords))
                    found.setdefault(NAMES[node.args[0].id], set()).add(apart)
    return found


def of_cloudwatch() -> set[Shown]:
    body = nested("infra/monitoring.yaml")["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    shown: set[Shown] = set()
    for widget in json.loads(body)["widgets"]:
        for metric in widget["properties"]["metrics"]:
            if isinstance(metric[0], dict):
                shown.add(_searched(metric[0]["expression"]))
            else:
                namespace, name, *named, _ = metric
                shown.add((namespace, name, tuple(sorted(named[::2]))))
    return shown


def of_grafana() -> set[Shown]:
    shown: set[Shown] = set()
    for panel in json.loads(dashboards.GRAFANA.read_text())["panels"]:
        for target in panel["targets"]:
            if target["metricEditorMode"] == 1:
                shown.add(_searched(target["expression"]))
            else:
                shown.add((target["namespace"], target["metricName"], tuple(sorted(target["dimensions"]))))
    return shown


def _searched(expression: str) -> Shown:
    namespace, dimensions, metric = SEARCH.findall(expression)[0]
    return namespace, metric, tuple(sorted(dimensions.split(",")))


def test_the_committed_dashboards_are_those_the_code_makes():
    made = dashboards.files()
    assert {path: path.read_text() for path in made} == made, "run `make dashboards`"


def test_both_show_the_same():
    assert of_cloudwatch() == of_grafana()
    assert len(of_cloudwatch()) > 15


def test_every_metric_of_aws_is_one_that_aws_publishes():
    for namespace, metric, dimensions in of_cloudwatch():
        if namespace != telemetry.NAMESPACE:
            assert (OF_AWS[namespace][metric],) == dimensions


def test_every_metric_of_our_own_is_measured_somewhere_in_the_code_and_told_apart_as_there():
    own = {(metric, apart) for namespace, metric, apart in of_cloudwatch() if namespace == telemetry.NAMESPACE}
    measured = {(name, tuple(sorted(("stage", *one)))) for name, apart in published().items() for one in apart}
    assert own == measured, "and everything that is measured is shown"
    assert {name: set(apart) for name, (apart,) in published().items()} == {
        name: set(telemetry.DIMENSIONS.get(name, ())) for name in published()
    }


def test_every_value_of_a_graph_is_one_that_the_code_uses():
    shown = json.loads(dashboards.GRAFANA.read_text())["panels"]
    routes = {t["dimensions"]["routes"] for p in shown for t in p["targets"] if "routes" in t["dimensions"]}
    classes = {
        "POST /api/v1/jobs/x": "submits",
        "GET /health": "reads",
        "PATCH /api/v1/users/profile": "changes",
        "POST /api/v1/payments/webhook": "hooks",
        "$default": "nowhere",
    }
    assert {route: measures._class_of(route) for route in classes} == classes
    assert routes == set(classes.values())
    queues = {t["dimensions"]["queue"] for p in shown for t in p["targets"] if "queue" in t["dimensions"]}
    assert queues == SERVED_BY.keys()


def test_the_template_hands_in_every_parameter():
    monitoring = template()["Resources"]["Monitoring"]["Properties"]
    assert monitoring["Parameters"].keys() == nested(monitoring["Location"])["Parameters"].keys()


def test_every_variable_of_grafana_is_declared():
    dashboard = json.loads(dashboards.GRAFANA.read_text())
    declared = {variable["name"] for variable in dashboard["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(dashboard)))
    assert used == declared


@pytest.mark.parametrize("place", ["cloudwatch", "grafana"])
def test_graphs_do_not_lie_on_each_other(place):
    def places() -> list[tuple[int, int, int, int]]:
        if place == "grafana":
            panels: list[Any] = json.loads(dashboards.GRAFANA.read_text())["panels"]
            return [(g["x"], g["y"], g["w"], g["h"]) for g in (panel["gridPos"] for panel in panels)]
        body = nested("infra/monitoring.yaml")["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
        return [(w["x"], w["y"], w["width"], w["height"]) for w in json.loads(body)["widgets"]]

    taken = [(x + i, y + j) for x, y, w, h in places() for i in range(w) for j in range(h)]
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24
