"""`template.yaml` says the same as the code: names, keys, routes, queues, rights."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

import pytest

from infra.local.stack import ROOT, template
from studio import callbacks, events, news
from studio.catalog import ORDERS
from studio.settings import MAX_SIGNUP_CREDITS, Settings
from studio.tables import ALL_MODELS

TEMPLATE = template()
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]
ENVIRONMENT = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    return {name: r.get("Properties", {}) for name, r in RESOURCES.items() if r["Type"] == kind}


def test_environment_names_are_the_settings_fields():
    names = {name for name in ENVIRONMENT if not name.startswith("POWERTOOLS_")}
    assert names == {field.upper() for field in Settings.model_fields}
    assert "POWERTOOLS_SERVICE_NAME" not in ENVIRONMENT, "metrics would be told apart by it, and no alarm knows of it"


@pytest.mark.parametrize("stack", ["studio-prod", "studio-staging", "e2e-12345678901"])
def test_the_environment_of_a_function_fits_into_the_4_kb_that_lambda_gives_it(stack):
    said = sum(len(name) + _length(value, stack) for name, value in ENVIRONMENT.items())
    assert said < 4096 - 200, "names of our own, such as web origins, need room too"


@pytest.mark.parametrize("model", ALL_MODELS, ids=lambda model: model.__name__)
def test_tables_have_the_keys_and_indexes_of_their_models(model):
    setting = model.Meta.__dict__["table_name"]._field
    table = RESOURCES[_always(ENVIRONMENT[setting.upper()])["Ref"]]["Properties"]
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
    usual = TEMPLATE["Globals"]["Function"]["Timeout"]
    for source in of_type("AWS::Lambda::EventSourceMapping").values():
        queue = RESOURCES[source["EventSourceArn"]["Fn::GetAtt"][0]]["Properties"]
        timeout = RESOURCES[source["FunctionName"]["Ref"]]["Properties"].get("Timeout", usual)
        assert queue["VisibilityTimeout"] >= 6 * timeout
        assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_routes_are_those_of_the_resolvers():
    from api.handler import app as api
    from dispatcher.callback import app as runpod
    from operators.handler import app as operators
    from payments.handler import app as payments

    feature = re.compile(rf"^POST /api/v1/jobs/({'|'.join(ORDERS)})$")
    for app, integration, more in (
        (api, "ApiIntegration", {"$default"}),
        (payments, "PaymentsIntegration", set()),
        (operators, "OperatorIntegration", set()),
        (runpod, "RunPodCallbackIntegration", set()),
    ):
        target = {"Fn::Sub": f"integrations/${{{integration}}}"}
        routes = of_type("AWS::ApiGatewayV2::Route").values()
        declared = {route["RouteKey"] for route in routes if route["Target"] == target}
        served = set()
        for route in app._static_routes + app._dynamic_routes:
            key = f"{route.method} {route.path}".replace("<", "{").replace(">", "}")
            served.add("POST /api/v1/jobs/{feature}" if feature.match(key) else key)
        assert declared == served | more


def test_handlers_exist():
    for name, function in of_type("AWS::Serverless::Function").items():
        module, _, attribute = function["Handler"].rpartition(".")
        assert (ROOT / "functions" / f"{module.replace('.', '/')}.py").exists(), name
        assert attribute == "handler"


def test_the_media_bucket_is_closed_and_cleans_up():
    bucket = RESOURCES["MediaBucket"]["Properties"]
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    deny = RESOURCES["MediaBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"][0]
    assert (deny["Effect"], deny["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert {rule["Id"] for rule in bucket["LifecycleConfiguration"]["Rules"]} == {
        "outputs",
        "inputs",
        "incoming",
        "exports",
        "fragments",
    }
    assert bucket["CorsConfiguration"]["CorsRules"][0]["AllowedOrigins"] == {
        "Fn::Split": [",", {"Ref": "AllowedOrigin"}]
    }


def test_no_secret_is_written_in_the_template():
    secret = RESOURCES["SigningSecret"]["Properties"]
    assert "SecretString" not in secret
    assert secret["GenerateSecretString"]["PasswordLength"] >= 43, "256 bits in letters and digits"


def test_only_payments_may_read_the_keys_of_stripe_and_nobody_finds_them_in_the_template():
    readers = {
        name
        for name, function in of_type("AWS::Serverless::Function").items()
        if '"StripeSecret' in json.dumps(function["Policies"])
    }
    assert readers == {"PaymentsFunction", "ReconcileFunction"}
    assert set(RESOURCES["StripeSecret"]["Properties"]) == {"Description"}
    for name, function in of_type("AWS::Serverless::Function").items():
        assert ({"Ref": "StripeLayer"} in function.get("Layers", [])) == (name in readers), name


def test_only_what_looks_at_the_network_of_a_caller_knows_what_proxies_show():
    readers = {
        name
        for name, function in of_type("AWS::Serverless::Function").items()
        if '"ProxySecret' in json.dumps(function["Policies"])
    }
    assert readers == {"ApiFunction"}
    uses = re.compile(r"from edge\.caller import .*\bnetwork\b")
    assert {p.parts[-3] for p in (ROOT / "functions").rglob("*.py") if uses.search(p.read_text())} == {"api"}
    assert RESOURCES["ProxySecret"]["Properties"]["GenerateSecretString"]["PasswordLength"] >= 43
    assert TEMPLATE["Outputs"]["ProxySecretArn"]["Value"] == {"Ref": "ProxySecret"}, "the page's stack is given it"


def test_without_runpod_nothing_of_it_is_there():
    optional = {name for name, r in RESOURCES.items() if r.get("Condition") in ("UsesRunPod", "OnlyRunPod")}
    assert optional == {name for name in RESOURCES if name.startswith(("RunPod", "Dispatcher", "Dispatches"))}
    assert len(optional) > 15
    assert TEMPLATE["Parameters"]["GpuBackend"]["Default"] == "ecs"
    everything_else = {name: r for name, r in RESOURCES.items() if name not in optional}
    outputs = {name: o for name, o in TEMPLATE["Outputs"].items() if "Condition" not in o}
    environment = {name: value for name, value in ENVIRONMENT.items() if "Fn::If" not in value}
    told = json.dumps([everything_else, outputs, environment])
    assert [name for name in optional if f'"{name}"' in told or f"${{{name}" in told] == []


def test_a_worker_at_runpod_gets_less_than_one_of_our_own_and_only_its_user_gets_it():
    policy = of_type("AWS::IAM::ManagedPolicy")["RunPodWorkerPolicy"]
    rights = {
        (action, json.dumps(s["Resource"])) for s in policy["PolicyDocument"]["Statement"] for action in s["Action"]
    }
    (own,) = of_type("AWS::IAM::Role")["WorkerRole"]["Policies"]
    own_rights = {(a, json.dumps(s["Resource"])) for s in own["PolicyDocument"]["Statement"] for a in s["Action"]}
    assert rights < own_rights
    assert {action.partition(":")[0] for action, _ in rights} == {"dynamodb", "s3", "events", "polly"}
    assert [name for name, r in RESOURCES.items() if '"RunPodWorkerPolicy"' in json.dumps(r)] == ["RunPodWorkerUser"]
    assert not of_type("AWS::IAM::AccessKey"), "keys are made by the operator, never by the template"


def test_only_what_speaks_to_runpod_may_read_its_key_and_nobody_finds_it_in_the_template():
    readers = {
        name
        for name, function in of_type("AWS::Serverless::Function").items()
        if '"RunPodSecret' in json.dumps(function["Policies"])
    }
    assert readers == {"DispatcherFunction", "RunPodCallbackFunction", "RunPodReconcileFunction", "RunPodStopFunction"}
    assert set(RESOURCES["RunPodSecret"]["Properties"]) == {"Description"}


def test_the_functions_of_callbacks_reach_only_what_callbacks_are_made_of():
    reached = {
        name: {
            resource
            for statement in function["Policies"][0]["Statement"]
            for resource in re.findall(r"\w+(?:Table|Queue|Bucket|Secret|Bus)\b", json.dumps(statement["Resource"]))
        }
        for name, function in of_type("AWS::Serverless::Function").items()
        if function["Handler"].startswith("callbacks.")
    }
    assert reached == {
        "FanFunction": {
            "JobsTable",
            "EndpointsTable",
            "DeliveriesTable",
            "LimitsTable",
            "DeliveriesQueue",
            "NewsQueue",
        },
        "SendFunction": {
            "EndpointsTable",
            "CallbackSecretsTable",
            "DeliveriesTable",
            "LimitsTable",
            "DeliveriesQueue",
        },
        "DueFunction": {"DeliveriesTable", "DeliveriesQueue"},
    }
    for name in reached:
        assert "VpcConfig" not in RESOURCES[name]["Properties"], "a sender inside could reach what is inside"


def test_whoever_decodes_files_of_strangers_or_fetches_them_reaches_nothing_else():
    """No money, no accounts, no jobs, no results; and nobody else takes files from where strangers put them."""
    for name, kinds in (("ArrivedFunction", {"dynamodb", "s3", "sqs"}), ("IngestFunction", {"dynamodb", "s3"})):
        function = of_type("AWS::Serverless::Function")[name]
        rights = [(a, json.dumps(s["Resource"])) for s in function["Policies"][0]["Statement"] for a in s["Action"]]
        assert {action.partition(":")[0] for action, _ in rights} == kinds
        assert {resource for action, resource in rights if action.startswith("dynamodb")} == {
            json.dumps({"Fn::GetAtt": [table, "Arn"]}) for table in ("UploadsTable", "LimitsTable")
        }
        (counts,) = [s for s in function["Policies"][0]["Statement"] if "LimitsTable" in json.dumps(s["Resource"])]
        assert counts["Action"] == ["dynamodb:UpdateItem"]
        assert counts["Condition"] == {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["looks at uploads#*"]}}
        assert not any("outputs" in resource or "exports" in resource for _, resource in rights)
        assert "VpcConfig" not in function, "whoever fetches from inside could reach what is inside"
    takers = {
        name
        for name, function in of_type("AWS::Serverless::Function").items()
        for s in function["Policies"][0]["Statement"]
        if "s3:DeleteObject" in s["Action"] and "incoming" in json.dumps(s["Resource"])
    }
    assert takers == {"ArrivedFunction", "IngestFunction", "ErrandsFunction"}, "the last clears closed accounts"
    (source,) = [s for s in of_type("AWS::Lambda::EventSourceMapping").values() if "Arrived" in str(s["FunctionName"])]
    assert source["EventSourceArn"] == {"Fn::GetAtt": ["ArrivalsQueue", "Arn"]}
    assert RESOURCES["ArrivalsRule"]["Properties"]["EventPattern"]["detail"]["object"] == {
        "key": [{"prefix": "incoming/"}]
    }


def test_the_bus_lets_exactly_those_news_through_that_are_called_for():
    ends, way = RESOURCES["NewsRule"]["Properties"]["EventPattern"]["$or"]
    told = {kind: news in callbacks.ON_THE_WAY for kind, news in callbacks.OF_EVENTS.items()}
    assert set(ends["detail-type"]) == {kind for kind, on_the_way in told.items() if not on_the_way}
    assert set(ends["source"]) == {events.JOBS_SOURCE, events.CREDITS_SOURCE}
    assert set(way["detail-type"]) == {kind for kind, on_the_way in told.items() if on_the_way}
    assert way["source"] == [events.WORKER_SOURCE], "a worker cannot tell of an end"


def test_jobs_are_counted_from_exactly_the_news_of_their_ends():
    pattern = RESOURCES["TalliesRule"]["Properties"]["EventPattern"]
    ends = (news.JobCompleted, news.JobFailed, news.JobCancelled)
    assert set(pattern["detail-type"]) == {kind.detail_type for kind in ends}
    assert pattern["source"] == [events.JOBS_SOURCE], "a worker cannot count a job"


def test_live_updates_hear_of_everything_that_happens_to_a_job():
    pattern = RESOURCES["RealtimeRule"]["Properties"]["EventPattern"]
    assert set(pattern["detail-type"]) == {kind.detail_type for kind in news.OF_JOBS}
    assert set(pattern["source"]) == {kind.source for kind in news.OF_JOBS}


def test_functions_of_live_updates_may_send_to_connections_and_change_no_job():
    manage = {}
    for name, function in of_type("AWS::Serverless::Function").items():
        statements = function["Policies"][0]["Statement"]
        told = json.dumps([s["Resource"] for s in statements if s["Action"] == ["execute-api:ManageConnections"]])
        manage[name] = set(re.findall(r"/live/([A-Z]+)/@connections/\*", told))
        if name.startswith("Realtime"):
            rights = {(action, json.dumps(s["Resource"])) for s in statements for action in s["Action"]}
            on_jobs = {action for action, resource in rights if "JobsTable" in resource}
            assert on_jobs <= {"dynamodb:GetItem", "dynamodb:Query"}, name
            accounts = re.compile("UsersTable|SessionsTable|ApiKeysTable")
            on_accounts = {action for action, resource in rights if accounts.search(resource)}
            assert on_accounts <= {"dynamodb:BatchGetItem"}, f"{name}: only whether somebody is still signed in"
    assert {name: methods for name, methods in manage.items() if methods} == {
        "RealtimeConnectFunction": {"GET", "DELETE"},
        "RealtimeMessageFunction": {"POST", "DELETE"},
        "RealtimePushFunction": {"POST", "DELETE"},
        "ErrandsFunction": {"DELETE"},
    }


def test_a_worker_publishes_in_its_own_name_only():
    (own,) = of_type("AWS::IAM::Role")["WorkerRole"]["Policies"]
    policies = [own["PolicyDocument"], of_type("AWS::IAM::ManagedPolicy")["RunPodWorkerPolicy"]["PolicyDocument"]]
    for policy in policies:
        (publish,) = [s for s in policy["Statement"] if s["Action"] == ["events:PutEvents"]]
        assert publish["Condition"] == {"ForAllValues:StringEquals": {"events:source": [events.WORKER_SOURCE]}}


def test_no_private_receiver_is_called_unless_an_operator_names_it():
    assert TEMPLATE["Parameters"]["PrivateReceivers"]["Default"] == ""


def test_only_the_operator_can_grant_credits():
    grants = of_type("AWS::Serverless::Function")["GrantsFunction"]
    assert "Events" not in grants
    reaching = {name for name, r in RESOURCES.items() if "GrantsFunction" in json.dumps(r)}
    assert reaching == {"GrantsErrorsAlarm"}


def test_the_audit_comes_when_the_night_is_reconciled_and_once():
    audit, reconcile = (of_type("AWS::Serverless::Function")[name] for name in ("AuditFunction", "ReconcileFunction"))
    times = [f["Events"]["EveryNight"]["Properties"]["ScheduleExpression"] for f in (reconcile, audit)]
    minutes = [60 * int(hour) + int(minute) for minute, hour in (re.findall(r"\d+", time) for time in times)]
    assert minutes[0] * 60 + reconcile["Timeout"] <= minutes[1] * 60
    assert audit["EventInvokeConfig"] == {"MaximumRetryAttempts": 0}
    assert audit["Events"]["EveryNight"]["Properties"]["RetryPolicy"] == {"MaximumRetryAttempts": 0}
    assert audit["Timeout"] == 900, "as long as Lambda allows: a slow night is no reason to stop"


def test_only_people_with_iam_rights_appoint_operators():
    functions = of_type("AWS::Serverless::Function")
    assert "Events" not in functions["AppointFunction"]
    assert {name for name, r in RESOURCES.items() if "AppointFunction" in json.dumps(r)} == {"AppointErrorsAlarm"}
    rights = {name: _rights(name, "OperatorsTable") for name in functions}
    assert {name: given for name, given in rights.items() if given} == {
        "AppointFunction": {"dynamodb:GetItem", "dynamodb:PutItem"},
        "ApiFunction": {"dynamodb:GetItem"},
        "OperatorFunction": {"dynamodb:GetItem"},
    }


def test_what_operators_look_with_writes_nothing_but_the_quota_of_whoever_asks():
    (policy,) = of_type("AWS::Serverless::Function")["OperatorFunction"]["Policies"]
    rights = {(action, json.dumps(s["Resource"])) for s in policy["Statement"] for action in s["Action"]}
    reading = ("GetItem", "BatchGetItem", "Query", "Scan", "GetSecretValue")
    writing = {(action, resource) for action, resource in rights if not action.endswith(reading)}
    assert writing == {("dynamodb:UpdateItem", json.dumps({"Fn::GetAtt": ["LimitsTable", "Arn"]}))}
    money = ("BalancesTable", "LedgerTable", "PurchasesTable", "MediaBucket", "StripeSecret")
    assert [name for name in money if name in json.dumps(policy)] == []


def test_no_function_deletes_or_replaces_ledger_entries():
    for name, function in of_type("AWS::Serverless::Function").items():
        for statement in function["Policies"][0]["Statement"]:
            if statement["Resource"] == {"Fn::GetAtt": ["LedgerTable", "Arn"]}:
                assert set(statement["Action"]) <= {"dynamodb:GetItem", "dynamodb:PutItem"}, name


def _always(value: Any) -> Any:
    """A value of the environment as it is where everything optional is there."""
    return value["Fn::If"][1] if "Fn::If" in value else value


def _by_role(keys: list[dict[str, str]]) -> dict[str, str]:
    return {key["KeyType"]: key["AttributeName"] for key in keys}


def _by_name(definitions: list[dict[str, str]]) -> dict[str, str]:
    return {d["AttributeName"]: d["AttributeType"] for d in definitions}


def test_every_stage_deploys_with_the_capabilities_that_its_resources_need():
    stages = tomllib.loads((ROOT / "samconfig.toml").read_text())
    needed = {"CAPABILITY_IAM"}
    if of_type("AWS::Serverless::Application"):
        needed.add("CAPABILITY_AUTO_EXPAND")
    for name in ("dev", "staging", "prod"):
        assert set(stages[name]["deploy"]["parameters"]["capabilities"].split()) == needed, name


def test_whoever_submits_may_read_what_it_left_in_the_outbox():
    assert "dynamodb:GetItem" in _rights("ApiFunction", "OutboxTable")


def test_mails_are_sent_in_our_own_names_unless_the_local_studio_says_otherwise():
    (sends,) = [
        s
        for s in of_type("AWS::Serverless::Function")["ErrandsFunction"]["Policies"][0]["Statement"]
        if s["Action"] == ["ses:SendEmail"]
    ]
    own = {"Fn::Sub": "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/*"}
    assert sends["Resource"] == {"Fn::If": ["AnyMailIdentity", "*", own]}
    assert TEMPLATE["Parameters"]["AnyMailSender"]["Default"] == "false"


def test_whoever_credits_a_purchase_may_see_whether_its_account_is_still_there():
    for name in ("PaymentsFunction", "ReconcileFunction"):
        assert _rights(name, "UsersTable") == {"dynamodb:GetItem", "dynamodb:ConditionCheckItem"}
    assert _rights("GrantsFunction", "PurchasesTable") == {"dynamodb:GetItem", "dynamodb:UpdateItem"}


def test_whoever_clears_closed_accounts_may_leave_the_rest_to_another_errand():
    assert "sqs:SendMessage" in _rights("ErrandsFunction", "ErrandsQueue")


def _rights(function: str, table: str) -> set[str]:
    """What a function may do to the rows of a table, or the messages of a queue."""
    statements = of_type("AWS::Serverless::Function")[function]["Policies"][0]["Statement"]
    return {action for s in statements if f'"{table}"' in json.dumps(s["Resource"]) for action in s["Action"]}


def _length(value: Any, stack: str) -> int:
    """How long a value is at most once CloudFormation has named its resource `stack-logical-13 signs`."""
    match value:
        case {"Fn::If": [_, *both]}:
            return max(_length(one, stack) for one in both)
        case {"Ref": name} if name in TEMPLATE["Parameters"]:
            return len(str(TEMPLATE["Parameters"][name].get("Default", "")))
        case {"Ref": name}:
            queue = "https://sqs.ap-southeast-1.amazonaws.com/123456789012/"
            return len(f"{stack}-{name}-") + 13 + len(queue) * (RESOURCES[name]["Type"] == "AWS::SQS::Queue")
        case {"Fn::GetAtt": [name, _]}:  # secrets, which end in a dash and six signs
            return len(f"arn:aws:secretsmanager:ap-southeast-1:123456789012:secret:{stack}-{name}-") + 13 + 7
        case {"Fn::Sub": text}:
            return len(text)
    return len(str(value))


def test_no_stage_can_be_told_to_give_more_at_signup_than_the_audit_takes_for_right():
    assert TEMPLATE["Parameters"]["SignupCredits"]["MaxValue"] == MAX_SIGNUP_CREDITS
