"""What the emulator does not have of CloudFormation, and a template without it."""

from __future__ import annotations

from typing import Any

MISSING = frozenset(
    {
        "AWS::ApplicationAutoScaling::ScalableTarget",
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        "AWS::AutoScaling::WarmPool",
        "AWS::Backup::BackupSelection",
        "AWS::ECS::CapacityProvider",
        "AWS::ECS::ClusterCapacityProviderAssociations",
    }
)
"""Types of resources; MiniStack 1.5.33 refuses a template with any of them."""


def closed(template: dict[str, Any]) -> dict[str, Any]:
    """The template without what the emulator lacks. Where others refer to that, they get its name in the template."""
    gone = {name for name, resource in template["Resources"].items() if missing(resource)}
    kept = {name: resource for name, resource in template["Resources"].items() if name not in gone}
    parameters = {name: _known(parameter) for name, parameter in template.get("Parameters", {}).items()}
    resources = {name: _without(gone, one) for name, one in kept.items()}
    return template | {"Parameters": parameters, "Resources": resources}


def missing(resource: dict[str, Any]) -> bool:
    """Whether the emulator lacks the resource; alarms on several metrics at once are missing as well."""
    return resource["Type"] in MISSING or "Metrics" in resource.get("Properties", {})


def _known(parameter: dict[str, Any]) -> dict[str, Any]:
    """What AWS itself publishes in its parameter store, such as images of machines, is not there."""
    if parameter["Type"].startswith("AWS::SSM::Parameter::Value<"):
        return {"Type": "String", "Default": "not-emulated"}
    return parameter


def _without(gone: set[str], value: Any) -> Any:
    match value:
        case {"DesiredCount": _, **rest}:  # it has no Docker to run tasks in, and takes no number from a parameter
            return {"DesiredCount": 0} | {key: _without(gone, one) for key, one in rest.items()}
        case {"Ref": str(name)} if name in gone:
            return name
        case {"DependsOn": str(name), **rest} if name in gone:
            return _without(gone, rest)
        case dict():
            return {key: _without(gone, one) for key, one in value.items()}
        case list():
            return [_without(gone, one) for one in value]
    return value
