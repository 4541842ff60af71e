"""What a deployment that earns money has: releases that come slowly and go back, backups, protection from deletion."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from samtranslator.translator.transform import transform

from infra.local.stack import nested, template

PLAIN = template()
ARCHIVE = {"Bucket": "artifacts", "Key": "code.zip"}
BACKED_UP = {
    "UsersTable", "EmailsTable", "WelcomesTable", "ApiKeysTable", "BalancesTable", "LedgerTable", "SettlementsTable",
    "PersonasTable", "PurchasesTable", "PaymentEventsTable", "EndpointsTable", "CallbackSecretsTable", "OperatorsTable",
}  # fmt: skip
NOT_BACKED_UP = {
    "SessionsTable": "people sign in again",
    "ProofsTable": "people ask for another mail",
    "JobsTable": "kept for 30 days, less than the 35 that tables themselves can go back",
    "RequestsTable": "kept for a day",
    "OutboxTable": "on its way within a minute",
    "DeliveriesTable": "callbacks on their way, and their log",
    "UploadsTable": "kept for days",
    "LimitsTable": "kept for minutes",
    "DispatchesTable": "on their way through RunPod",
    "PacesTable": "estimates, made anew",
    "TalliesTable": "sums of what others keep",
    "TicketsTable": "kept for seconds",
    "ConnectionsTable": "open connections",
    "WorkersTable": "kept for a minute",
}


@pytest.fixture(scope="module", params=["dev", "prod"])
def made(request) -> SimpleNamespace:
    """What AWS makes of the template for a stage: its transform sees the values of parameters."""
    return SimpleNamespace(stage=request.param, resources=transformed(Stage=request.param, Release="r1"))


def transformed(**parameters: str) -> dict[str, Any]:
    """The resources that SAM makes of the template with these parameters."""
    parsed = template()
    for name, value in parameters.items():
        assert value in parsed["Parameters"][name].get("AllowedValues", [value])
        parsed["Parameters"][name]["Default"] = value
    for resource in parsed["Resources"].values():
        match resource["Type"]:
            case "AWS::Serverless::Function":
                resource["Properties"]["CodeUri"] = ARCHIVE
            case "AWS::Serverless::LayerVersion":
                resource["Properties"]["ContentUri"] = ARCHIVE
    resources: dict[str, Any] = transform(parsed, {}, SimpleNamespace(load=_managed_policies))["Resources"]
    return resources


def _managed_policies() -> dict[str, str]:
    """The ones that SAM adds by itself; where it runs it asks IAM for them."""
    return {name: f"arn:aws:iam::aws:policy/{name}" for name in ("AWSXRayDaemonWriteAccess", "AWSXrayWriteOnlyAccess")}


def of_type(resources: dict[str, Any], kind: str) -> dict[str, Any]:
    return {name: resource for name, resource in resources.items() if resource["Type"] == kind}


def test_in_prod_a_release_of_what_customers_call_begins_with_a_tenth_and_goes_back_on_an_alarm(made):
    groups = of_type(made.resources, "AWS::CodeDeploy::DeploymentGroup")
    if made.stage != "prod":
        assert not groups
        return
    assert groups.keys() == {"ApiFunctionDeploymentGroup", "PaymentsFunctionDeploymentGroup"}
    for name, group in groups.items():
        function = name.removesuffix("DeploymentGroup")
        wanted = group["Properties"]
        assert wanted["DeploymentConfigName"]["Fn::Sub"][1] == {"ConfigName": "Canary10Percent10Minutes"}
        ended, failed = (
            made.resources[alarm["Name"]["Ref"]]["Properties"] for alarm in wanted["AlarmConfiguration"]["Alarms"]
        )
        # The first sees what ends an invocation; a function answers its own exceptions, so only the second sees these.
        assert (ended["Namespace"], ended["MetricName"]) == ("AWS/Lambda", "Errors")
        assert ended["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": function}}]
        assert (ended["Threshold"], ended["Period"]) == (0, 300)
        reckoned = {one["Id"]: one["MetricStat"] for one in failed["Metrics"] if "MetricStat" in one}
        assert {id_: one["Metric"]["MetricName"] for id_, one in reckoned.items()} == {
            "failed": "5xx",
            "requests": "Count",
        }
        for one in reckoned.values():
            assert one["Metric"]["Dimensions"] == [{"Name": "ApiId", "Value": {"Ref": "HttpApi"}}]
            assert (one["Stat"], one["Period"]) == ("Sum", 300)
        for alarm in (ended, failed):
            assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
            assert alarm["EvaluationPeriods"] == 1, "the alarm begins and ends within the canary of 600 seconds"
        assert "DEPLOYMENT_STOP_ON_ALARM" in wanted["AutoRollbackConfiguration"]["Events"]


@pytest.mark.parametrize(
    ("failed", "requests", "goes_back"),
    [
        (1, 10, False),  # somebody found a request that fails
        (4, 4, False),
        (5, 500, False),  # one in a hundred
        (6, 500, True),
        (10, 100, True),  # a broken release with its tenth
        (5, 50, True),  # the fewest requests of five minutes with which such a release is noticed
    ],
)
def test_a_release_goes_back_when_more_than_one_in_a_hundred_requests_fails_and_not_for_a_few(
    failed, requests, goes_back
):
    alarm = PLAIN["Resources"]["ServerErrorRateAlarm"]["Properties"]
    (percent,) = [one["Expression"] for one in alarm["Metrics"] if one["ReturnData"]]
    reckon = percent.replace("IF(", "either(")
    numbers = {"failed": failed, "requests": requests, "either": lambda condition, yes, no: yes if condition else no}
    assert (eval(reckon, {"__builtins__": {}}, numbers) > alarm["Threshold"]) is goes_back  # our template


def test_an_exception_in_a_route_is_no_error_of_lambda():
    """Why Lambda's own metric is not enough for a release."""
    from edge import frame

    gate = SimpleNamespace(addresses={}, identify=lambda _: None, check_role=lambda *_: None, check_body=lambda _: None)
    event = {"routeKey": "GET /x", "rawPath": "/x", "requestContext": {"requestId": "r", "http": {"method": "GET"}}}

    def broken(*_: object) -> dict[str, Any]:
        raise RuntimeError("a release that is broken")

    assert frame.answered(event, gate, broken)["statusCode"] == 500


@pytest.mark.parametrize(("tracing", "traced"), [({}, False), ({"Tracing": "Active"}, True)])
def test_functions_send_traces_when_they_are_asked_to_and_have_the_right_only_then(tracing, traced):
    resources = transformed(**tracing)
    functions = of_type(resources, "AWS::Lambda::Function")
    assert len(functions) > 20
    for name, function in functions.items():
        assert ("TracingConfig" in function["Properties"]) is traced, name
        role = resources[function["Properties"]["Role"]["Fn::GetAtt"][0]]
        assert ("ray" in json.dumps(role["Properties"]["ManagedPolicyArns"]).lower()) is traced, name
        assert not traced or function["Properties"]["TracingConfig"] == {"Mode": {"Ref": "Tracing"}}, name


def test_every_release_has_a_version_of_its_own(made):
    assert of_type(made.resources, "AWS::Lambda::Version").keys() == {
        "ApiFunctionVersionr1",
        "PaymentsFunctionVersionr1",
    }
    longest = PLAIN["Parameters"]["Release"]["AllowedPattern"]
    assert longest.endswith("{0,10}"), "SAM names a version by no more than ten characters of it"
    (rule,) = PLAIN["Rules"].values()
    assert rule["RuleCondition"] == {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}
    assert rule["Assertions"][0]["Assert"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "Release"}, ""]}]}


@pytest.mark.parametrize("function", ["ApiFunction", "PaymentsFunction"])
def test_requests_come_to_the_release_in_prod_and_to_the_newest_code_elsewhere(made, function):
    kind = function.removesuffix("Function")
    alias = {"Ref": f"{function}Aliaslive"}
    integration = made.resources[f"{kind}Integration"]["Properties"]["IntegrationUri"]
    assert integration == {"Fn::If": ["IsProd", alias, {"Fn::GetAtt": [function, "Arn"]}]}
    allowed = made.resources[f"{kind}Permission"]["Properties"]["FunctionName"]
    assert allowed == {"Fn::If": ["IsProd", alias, {"Ref": function}]}


def test_every_table_is_backed_up_or_has_a_reason_not_to_be():
    tables = of_type(PLAIN["Resources"], "AWS::DynamoDB::Table").keys()
    assert not BACKED_UP & NOT_BACKED_UP.keys()
    assert tables == BACKED_UP | NOT_BACKED_UP.keys()
    _, arns = PLAIN["Resources"]["Backups"]["Properties"]["Parameters"]["Tables"]["Fn::Join"]
    assert {arn["Fn::GetAtt"][0] for arn in arns} == BACKED_UP
    assert all(arn["Fn::GetAtt"][1] == "Arn" for arn in arns)


def test_the_vault_of_backups_has_a_name_that_is_short_enough_and_nobody_elses():
    """AWS takes 50 characters; a nested stack's own name may have 128, and a vault outlives its stack."""
    name = nested("infra/backup.yaml")["Resources"]["Vault"]["Properties"]["BackupVaultName"]
    of_stack = {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}
    assert name == {
        "Fn::Join": ["-", ["studio", {"Ref": "Stage"}, {"Fn::Select": [4, {"Fn::Split": ["-", of_stack]}]}]]
    }
    longest = max(len(stage) for stage in PLAIN["Parameters"]["Stage"]["AllowedValues"])
    assert len("studio--") + longest + 12 <= 50
    assert PLAIN["Resources"]["Backups"]["Properties"]["Parameters"]["Stage"] == {"Ref": "Stage"}


def test_backups_are_asked_for_and_outlive_the_stack():
    assert PLAIN["Resources"]["Backups"]["Condition"] == "HasBackups"
    assert PLAIN["Parameters"]["BackupDays"]["Default"] == 0
    vault = nested("infra/backup.yaml")["Resources"]["Vault"]
    assert vault["DeletionPolicy"] == vault["UpdateReplacePolicy"] == "Retain"


def test_in_prod_no_table_is_deleted_by_mistake():
    for table in of_type(PLAIN["Resources"], "AWS::DynamoDB::Table").values():
        assert table["Properties"]["DeletionProtectionEnabled"] == {"Fn::If": ["IsProd", True, False]}
