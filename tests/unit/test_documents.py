"""Documents: every command is run by a test or says why not, links lead somewhere, and the diagram has every part."""

from __future__ import annotations

import ast
import json
import re
import shlex
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.session import Session

from infra.changelog import section
from infra.local.stack import ROOT, template
from studio import grants
from tests.documents import blocks, documents

HERE = "tests/unit/test_documents.py"
LOCAL = "tests/local/test_documents.py"
AWS = "needs an AWS account; its service, operation and options are checked by " + HERE + "::test_aws_commands_exist"
DEMO = "tests/local/test_studio.py::test_the_demo_leaves_a_report_and_nothing_else"
STAGE = f"{LOCAL}::test_a_stage_is_walked_through_and_torn_down"
BOX = "tests/local/test_gpu_service.py::test_a_box_without_ecs_is_told_the_same"
RESTORE = "tests/local/test_restore.py::test_after_a_restore_customers_have_what_they_had_at_that_second"
LONG = "is what you are running, or takes longer than all of it"

TABLE: list[tuple[str, str, str]] = [
    ("README.md", r"make demo", DEMO),
    ("docs/QUICKSTART.md", r"make demo .*", f"{LOCAL}::test_a_fresh_clone_makes_a_picture"),
    ("docs/QUICKSTART.md", r"git clone .*", "a stranger's first command; tests begin after it"),
    ("docs/QUICKSTART.md", r"make up", "tests/local/test_studio.py::test_accounts_jobs_and_files_survive_a_restart"),
    ("README.md", r"make test", LONG),
    ("README.md", r"(?!make ).*", f"{LOCAL}::test_the_commands_of_the_readme_work"),
    ("docs/QUICKSTART.md", r"(?!make |git |python3 -m venv|client/).*", f"{LOCAL}::test_the_quick_start_works"),
    ("docs/QUICKSTART.md", r"(python3 -m venv|client/).*", f"{LOCAL}::test_the_client_of_the_quick_start_works"),
    ("docs/API.md", r".*", f"{LOCAL}::test_every_example_of_the_reference_answers"),
    ("docs/CLIENTS.md", r"pip install .*", f"{LOCAL}::test_the_client_of_the_quick_start_works"),
    (
        "docs/CLIENTS.md",
        r"studio (login|features|jobs run image-generation|jobs list|jobs watch|credits|listen).*",
        "tests/local/test_client.py::test_the_command_logs_in_runs_and_shows_a_signed_callback",
    ),
    (
        "docs/CLIENTS.md",
        r"studio jobs (run cloth-swap|cancel|download) .*",
        f"{LOCAL}::test_the_other_commands_of_the_client_work",
    ),
    ("docs/CLIENTS.md", r"cd clients/typescript && npm ci .*", "tests/unit/client/test_typescript.py"),
    ("docs/RELIABILITY.md", r"make audit.*", "tests/invariants/test_audit.py"),
    ("docs/TESTING.md", r"make (test|soak|lint)", LONG),
    ("docs/TESTING.md", r"\.venv/bin/python -m pytest .*", f"{HERE}::test_files_that_commands_name_are_there"),
    ("docs/GPU_SERVICE.md", r"(.*gpu_handlers\.engines prefetch|export PATH=).*", "downloads weights"),
    ("docs/GPU_SERVICE.md", r"docker .*", "needs Docker; tests/unit/test_image.py does what can be done without"),
    ("docs/GPU_SERVICE.md", r"kubectl .*", "needs a cluster"),
    ("docs/GPU_SERVICE.md", r"PYTHONPATH=\S+ \.venv/bin/python -m infra\.worker_settings .*", BOX),
    ("docs/GPU_SERVICE.md", r"set -a && .*|AWS_PROFILE=worker .*queue_worker.*", "is what `make up` starts, too"),
    ("docs/GPU_SERVICE.md", r"(curl|sudo bash) .*ecs-anywhere-install.*", "installs Amazon's agent on a machine"),
    ("docs/GPU_SERVICE.md", r"(aws|STACK=|export AWS|for|physical|output).*", AWS),
    ("docs/DEPLOYMENT.md", r"\.tools/sam/.*", "needs an AWS account; `make lint` validates with the same SAM"),
    ("docs/DEPLOYMENT.md", r"curl .*health.*", "needs the deployed stage"),
    ("docs/DEPLOYMENT.md", r"(PYTHONPATH=\S+ )?\.venv/bin/python -m infra\.e2e .*", STAGE),
    ("docs/DEPLOYMENT.md", r"\.venv/bin/python -m infra\.teardown .*", STAGE),
    ("docs/DEPLOYMENT.md", r"\.venv/bin/python -m infra\.restore .*", RESTORE),
    ("docs/DEPLOYMENT.md", r"ECR=.*|docker .*|aws ecr get-login-password .*", "needs Docker and an AWS account"),
    ("docs/DEPLOYMENT.md", r"make (audit|operator) .*", "needs the deployed stage; the local studio takes the same"),
    ("docs/DEPLOYMENT.md", r"curl -G https://api\.stripe\.com/.*", "needs an account at Stripe"),
    ("docs/DEPLOYMENT.md", r"(aws (?!ecr get)|STACK=|TABLE=|export|(output|kept|failed)\(\)|failed|for|until).*", AWS),
    ("docs/WEB.md", r"(aws|STACK=).*", AWS),
    ("docs/WEB.md", r"make .*", LONG),
    ("docs/runbooks/", r"(?!make |curl ).*", AWS),
    ("docs/runbooks/", r"(make audit|curl) .*", "needs the deployed stage; the local studio takes the same"),
    ("clients/", r".*", "the same as in docs/CLIENTS.md, for those who have only the package"),
    ("samples/", r".*", "drew the samples, which are committed"),
]  # fmt: skip
"""File, commands (a regular expression over the whole one), and the test that runs them, or the reason why none does.

Of `make up` and `make audit` the test runs what they start, without make.
"""

HIGH_LEVEL = {
    ("s3", "sync"),
    ("cloudformation", "deploy"),
    ("logs", "tail"),
    ("s3", "cp"),
    ("s3", "ls"),
    ("s3", "rb"),
    ("ecs", "deploy"),
    ("ecr", "get-login-password"),
}
"""Commands of the AWS CLI that are no operations of a service."""
OF_THE_CLI = {
    "cli-binary-format", "cli-read-timeout", "no-cli-pager",
    "notification-endpoint", "output", "paths", "profile", "query", "region",
}  # fmt: skip
CLI_WAITS_SECONDS = 60
"""For an answer, unless it is told otherwise."""
EVERY = [
    (block.file, block.line, command) for file in documents() for block in blocks(file) for command in block.commands
]


def claims(file: str, command: str) -> list[str]:
    flat = " ".join(command.split())
    return [how for where, pattern, how in TABLE if file.startswith(where) and re.fullmatch(pattern, flat, re.DOTALL)]


@pytest.mark.parametrize(("file", "line", "command"), EVERY, ids=lambda value: str(value)[:60])
def test_a_command_is_run_by_a_test_or_says_why_not(file, line, command):
    found = claims(file, command)
    assert len(found) == 1, f"{file}:{line} {command!r} is claimed {len(found)} times in {HERE}: {found}"


def test_the_table_has_nothing_that_is_not_in_a_document():
    unused = [
        row
        for row in TABLE
        if not row[0].endswith("/")
        and not any(file.startswith(row[0]) and row[2] in claims(file, command) for file, _, command in EVERY)
    ]
    optional = {"docs/GPU_SERVICE.md", "docs/WEB.md"}
    assert [row for row in unused if row[0] not in optional] == []


def test_tests_that_the_table_names_are_there():
    for path, name in {
        tuple(how.split("::")) if "::" in how else (how, "") for *_, how in TABLE if how.startswith("tests/")
    }:
        text = (ROOT / path).read_text()
        names = [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
        assert not name or name in names, f"{path}::{name}"


def of_aws(command: str) -> list[list[str]]:
    """The words after each `aws` of a command; one inside another one is one of its own."""
    flat = " ".join(command.split())
    inner = re.findall(r"\$\(aws ([^()]*)\)", flat)
    outer = re.findall(
        r"(?:^|\{ |&& |; |; do |until |\| )aws (.*?)(?=; \}|; do |; done|; aws |$)", re.sub(r"\$\([^()]*\)", "X", flat)
    )
    found = [shlex.split(text) for text in inner + outer]
    return [words[: words.index("|")] if "|" in words else words for words in found]


def aws_commands() -> list[tuple[str, list[str]]]:
    """Where, and the words of the command."""
    return [(f"{file}:{line}", words) for file, line, command in EVERY for words in of_aws(command)]


NOT_OF_AWS = r"STACK=[\w-]+|export( AWS_(DEFAULT_)?REGION=[\w-]+)+|SINCE=\$\(\( \(\$\(date .*|DEAD=\$\(physical \w+\)"
"""Commands in rows of AWS that only name something."""


def test_every_command_that_is_said_to_be_checked_as_one_of_aws_is():
    claimed = [(file, command) for file, _, command in EVERY if claims(file, command) == [AWS]]
    assert len(claimed) > 20
    unchecked = [one for one in claimed if not of_aws(one[1]) and not re.fullmatch(NOT_OF_AWS, one[1])]
    assert unchecked == []


def test_every_aws_in_a_command_is_found():
    for file, line, command in EVERY:
        called = re.findall(r"(?<![\w/.-])aws (?=[a-z0-9-]+ [a-z])", command)
        assert len(of_aws(command)) == len(called), f"{file}:{line}"


def test_resources_that_the_runbooks_name_are_in_the_template():
    named = {name for _, _, command in EVERY for name in re.findall(r"\$\(physical (\w+)\)", command)}
    assert len(named) > 4
    assert named <= template()["Resources"].keys()


def test_names_of_the_shell_that_commands_use_are_defined_where_the_reader_was():
    """`output`, `of`, `physical` and `$STACK`: in the document itself, or in one that it names before."""
    for file in {file for file, _, _ in EVERY}:
        text = (ROOT / file).read_text()
        told = text + "".join(
            (ROOT / file).parent.joinpath(target).read_text() for target in re.findall(r"\]\(([\w./-]+\.md)", text)
        )
        for name in {name for one, _, command in EVERY if one == file for name in re.findall(r"\$\((\w+) \w", command)}:
            assert name in ("aws", "mktemp", "jq") or f"{name}() {{" in told, (file, name)
        if any("$STACK" in command for one, _, command in EVERY if one == file):
            assert re.search(r"^ *STACK=", told, re.MULTILINE), file


def test_aws_commands_exist():
    commands = aws_commands()
    assert len(commands) > 15
    session, loader = Session(), Loader()
    for where, words in commands:
        service, operation = words[:2]
        if (service, operation) in HIGH_LEVEL or operation == "wait":
            continue
        assert service in loader.list_available_services("service-2"), (where, service)
        model = session.get_service_model(service)
        names = {re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower(): name for name in model.operation_names}
        assert operation in names, (where, service, operation)
        shape = model.operation_model(names[operation]).input_shape
        members = {
            re.sub(r"(?<!^)(?=[A-Z](?![A-Z]|$))", "-", name).lower() for name in (shape.members if shape else {})
        }
        options = {word[2:] for word in words[2:] if re.fullmatch(r"--[a-z-]+", word)}
        unknown = {o for o in options - OF_THE_CLI if o not in members and o.removeprefix("no-") not in members}
        assert not unknown, (where, service, operation, unknown)


def test_the_cli_waits_for_functions_that_take_longer_than_it_would():
    """After a minute it gives up and invokes once more; also where a command is within a sentence."""
    functions, usual = template()["Resources"], template()["Globals"]["Function"]["Timeout"]
    waited = 0
    for file in documents():
        for command in re.findall(
            r"aws lambda invoke\b[^`]*?\$\((?:physical|output)\s+\w+?(?:Name)?\)", file.read_text()
        ):
            name = re.sub(r"Name$", "", command.removesuffix(")").split()[-1])
            if functions[name]["Properties"].get("Timeout", usual) >= CLI_WAITS_SECONDS:
                assert "--cli-read-timeout 0" in command, (file.name, command)
                waited += 1
    assert waited == 7


def test_the_page_is_uploaded_so_that_caches_ask_for_it():
    uploads = [command for file, _, command in EVERY if file == "docs/WEB.md" and command.startswith("aws s3 ")]
    assert len(uploads) == 2
    assert all("--cache-control no-cache" in command for command in uploads)


def test_make_targets_that_documents_name_are_there():
    makefile = (ROOT / "Makefile").read_text()
    named = {name for file in documents() for name in re.findall(r"`make ([a-z]+)", file.read_text())}
    named |= {command.split()[1] for _, _, command in EVERY if command.startswith("make ") and len(command.split()) > 1}
    assert len(named) > 10
    assert [name for name in sorted(named) if not re.search(rf"^{name}:", makefile, re.MULTILINE)] == []


def test_files_that_commands_name_are_there():
    for _, _, command in EVERY:
        for path in re.findall(r"(?<![\w/.-])((?:tests|infra|docs)/[\w/.-]+\.(?:py|yaml|json))", command):
            assert (ROOT / path).exists(), path


def test_links_between_documents_lead_somewhere():
    for file in documents():
        text = re.sub(r"```.*?```", "", file.read_text(), flags=re.DOTALL)
        for target in re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", text):
            path, _, anchor = target.partition("#")
            aim = (file.parent / path).resolve() if path else file
            assert aim.exists(), f"{file.relative_to(ROOT)}: {target}"
            if anchor and aim.suffix == ".md":
                heads = re.findall(r"^#+ (.+)$", aim.read_text(), re.MULTILINE)
                slugs = {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}
                assert anchor in slugs, f"{file.relative_to(ROOT)}: {target}"


def test_every_function_and_queue_is_in_the_architecture():
    told = (ROOT / "docs" / "ARCHITECTURE.md").read_text()
    resources = template()["Resources"]
    missing = [
        name
        for name, one in resources.items()
        if one["Type"] in ("AWS::Serverless::Function", "AWS::SQS::Queue") and f"`{name}`" not in told
    ]
    assert missing == [], "docs/ARCHITECTURE.md has a table of functions and one of queues"
    (diagram,) = re.findall(r"```mermaid\n(.*?)```", told, re.DOTALL)
    named = set(re.findall(r"\b([A-Z]\w+(?:Function|Queue|DeadLetters))\b", diagram))
    assert len(named) > 15
    named |= set(re.findall(r"`([A-Z]\w+(?:Function|Queue|DeadLetters))`", told))
    assert named <= resources.keys(), "what is gone is gone from the document too"


def test_parameters_that_the_guide_names_are_there():
    guide = (ROOT / "docs" / "DEPLOYMENT.md").read_text()
    parsed: dict[str, Any] = template()
    for name in re.findall(r"`([A-Z]\w+)=[\w<]", guide):
        assert name in parsed["Parameters"] or name == "X", name
    for name in set(re.findall(r"\$\(output (\w+)\)", guide)) | set(re.findall(r"output `(\w+)`", guide)):
        assert name in parsed["Outputs"], name
    for row in re.findall(r"^\| (`Gpu.*?|`Draft.*?|`Desk.*?) \|", guide, re.MULTILINE):
        assert set(re.findall(r"`(\w+)`", row)) <= parsed["Parameters"].keys()


def test_the_grant_of_the_guide_is_one():
    guide = (ROOT / "docs" / "DEPLOYMENT.md").read_text()
    (payload,) = re.findall(r"GrantsFunctionName\)\" \\\n  --payload '(.*?)'", guide)
    assert grants.parse(json.loads(payload)).credits == 20


def test_the_webhooks_of_the_guide_are_those_that_are_followed():
    from studio.purchases import FOLLOWED

    guide = (ROOT / "docs" / "DEPLOYMENT.md").read_text()
    listed = re.findall(r"`((?:checkout|charge|refund|invoice|radar)\.[\w.]+)`", guide)
    assert all(name.startswith((*FOLLOWED, "checkout.session.", "invoice.paid")) for name in listed)
    assert all(any(name.startswith(prefix) for name in listed) for prefix in FOLLOWED)


def test_the_changelog_has_the_version_that_is_built():
    (version,) = re.findall(r'^version = "([\d.]+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert section(f"v{version}").startswith("### Added")
    with pytest.raises(SystemExit, match="says nothing"):
        section("v99.0.0")


def test_every_document_is_reached_from_the_readme():
    reached: set[str] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        file = waiting.pop()
        if str(file) in reached or not file.is_file():
            continue
        reached.add(str(file))
        if file.suffix == ".md":
            waiting += [(file.parent / t).resolve() for t in re.findall(r"\]\(([\w./-]+\.md)", file.read_text())]
    known = [file for file in documents() if file.parts[-2] not in ("python", "typescript", "samples", "benchmarks")]
    assert [str(file.relative_to(ROOT)) for file in known if str(file) not in reached] == []
