"""`template.yaml` says the same as the code: names, keys, routes, queues, rights."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from infra.local.stack import ROOT, template
from studio.catalog import ORDERS
from studio.settings import Settings
from studio.tables import ALL_MODELS

TEMPLATE = template()
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]
ENVIRONMENT = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    return {name: r.get("Properties", {}) for name, r in RESOURCES.items() if r["Type"] == kind}


def test_environment_names_are_the_settings_fields():
    names = {name for name in ENVIRONMENT if not name.startswith("POWERTOOLS_")}
    assert names == {field.upper() for field in Settings.model_fields}


@pytest.mark.parametrize("model", ALL_MODELS, ids=lambda model: model.__name__)
def test_tables_have_the_keys_and_indexes_of_their_models(model):
    setting = model.Meta.__dict__["table_name"]._field
    table = RESOURCES[ENVIRONMENT[setting.upper()]["Ref"]]["Properties"]
    schema = model._get_schema()
    assert _by_role(table["KeySchema"]) == _by_role(schema["key_schema"])
    assert _by_name(table["AttributeDefinitions"]) == _by_name(schema["attribute_definitions"])
    for ours, theirs in (
        ("GlobalSecondaryIndexes", "global_secondary_indexes"),
        ("LocalSecondaryIndexes", "local_secondary_indexes"),
    ):
        found = {
            i["IndexName"]: (_by_role(i["KeySchema"]), i["Projection"]["ProjectionType"]) for i in table.get(ours, [])
        }
        wanted = {
            i["index_name"]: (_by_role(i["key_schema"]), i["projection"]["ProjectionType"])
            for i in schema.get(theirs) or []
        }
        assert found == wanted
    expires = [a.attr_name for a in model.get_attributes().values() if type(a).__name__ == "TTLAttribute"]
    assert [table.get("TimeToLiveSpecification", {}).get("AttributeName")] == (expires or [None])


def test_every_table_has_a_model_and_survives_mistakes():
    tables = of_type("AWS::DynamoDB::Table")
    assert len(tables) == len(ALL_MODELS)
    for name, table in tables.items():
        assert table["BillingMode"] == "PAY_PER_REQUEST"
        assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
        assert RESOURCES[name]["DeletionPolicy"] == RESOURCES[name]["UpdateReplacePolicy"] == "Retain"


def test_every_queue_has_a_dead_letter_queue_or_is_one():
    queues = of_type("AWS::SQS::Queue")
    dead = {q["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0] for q in queues.values() if "RedrivePolicy" in q}
    assert {name for name, q in queues.items() if "RedrivePolicy" not in q} == dead
    for rule in of_type("AWS::Events::Rule").values():
        for target in rule["Targets"]:
            assert target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0] in dead
            assert target["RetryPolicy"]


def test_queues_that_feed_functions_hide_messages_six_timeouts_long_and_report_single_failures():
    timeout = TEMPLATE["Globals"]["Function"]["Timeout"]
    for source in of_type("AWS::Lambda::EventSourceMapping").values():
        queue = RESOURCES[source["EventSourceArn"]["Fn::GetAtt"][0]]["Properties"]
        assert queue["VisibilityTimeout"] >= 6 * timeout
        assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_routes_are_those_of_the_resolver():
    from api.handler import app

    declared = {route["RouteKey"] for route in of_type("AWS::ApiGatewayV2::Route").values()}
    feature = re.compile(rf"^POST /api/v1/jobs/({'|'.join(ORDERS)})$")
    served = set()
    for route in app._static_routes + app._dynamic_routes:
        key = f"{route.method} {route.path}".replace("<", "{").replace(">", "}")
        served.add("POST /api/v1/jobs/{feature}" if feature.match(key) else key)
    assert declared == served | {"$default"}


def test_handlers_exist():
    for name, function in of_type("AWS::Serverless::Function").items():
        module, _, attribute = function["Handler"].rpartition(".")
        assert (ROOT / "functions" / f"{module.replace('.', '/')}.py").exists(), name
        assert attribute == "handler"


def test_no_right_is_a_wildcard():
    statements = [
        (name, statement)
        for name, function in of_type("AWS::Serverless::Function").items()
        for policy in function["Policies"]
        for statement in policy["Statement"]
    ]
    statements += [
        (name, statement)
        for name, role in of_type("AWS::IAM::Role").items()
        for policy in role["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    assert len(statements) > 20
    for name, statement in statements:
        assert not any("*" in action for action in statement["Action"]), name
        resources = json.dumps(statement["Resource"])
        assert '"*"' not in resources, name
        assert "*" not in resources.replace('puts/*"', "").replace('incoming/*"', ""), name


def test_the_media_bucket_is_closed_and_cleans_up():
    bucket = RESOURCES["MediaBucket"]["Properties"]
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    deny = RESOURCES["MediaBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"][0]
    assert (deny["Effect"], deny["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert {rule["Id"] for rule in bucket["LifecycleConfiguration"]["Rules"]} == {
        "outputs",
        "inputs",
        "incoming",
        "fragments",
    }
    assert bucket["CorsConfiguration"]["CorsRules"][0]["AllowedOrigins"] == [{"Ref": "AllowedOrigin"}]


def test_no_secret_is_written_in_the_template():
    secret = RESOURCES["SigningSecret"]["Properties"]
    assert "SecretString" not in secret
    assert secret["GenerateSecretString"]["PasswordLength"] >= 43, "256 bits in letters and digits"


def _by_role(keys: list[dict[str, str]]) -> dict[str, str]:
    return {key["KeyType"]: key["AttributeName"] for key in keys}


def _by_name(definitions: list[dict[str, str]]) -> dict[str, str]:
    return {d["AttributeName"]: d["AttributeType"] for d in definitions}
