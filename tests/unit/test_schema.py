"""`stacks/schema.json` says what the settings accept, so that editors help and do not mislead."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it comes without types
import pytest
import yaml

from infra.cli.schema import SCHEMA, main, stack_schema

STACKS = sorted(SCHEMA.parent.glob("Pulumi.*.yaml"))
BAD_STACKS = sorted((Path(__file__).parent / "bad_stacks").glob("*.yaml"))

# Mistakes that need the shop, a provider's limits or two values at once to be seen.
BEYOND_A_SCHEMA = {
    "alicloud_bucket_domain_with_scheme",
    "alicloud_certificate_by_name",
    "alicloud_instance_of_a_stack",
    "alicloud_instance_with_a_forbidden_word",
    "alicloud_memory_between_sizes",
    "alicloud_variable_of_the_runtime",
    "alicloud_waits_for_an_instance",
    "aws_certificate_by_name",
    "aws_domain_with_scheme",
    "aws_email_without_host",
    "aws_waits_for_an_instance",
    "environment_no_such_number",
    "environment_nul",
    "environment_of_function_compute",
    "environment_of_lambda",
    "environment_too_large",
    "instances_min_over_default",
    "instances_min_over_max",
    "memory_above_lambda",
    "memory_below_lambda",
    "memory_not_of_function_compute",
    "queue_seen_too_soon",
    "payments_without_the_fake",
    "ready_twice_at_once",
    "ready_under_the_usual",
    "timeout_behind_route",
    "traffic_quieter_than_quiet",
}


VALIDATOR = jsonschema.Draft7Validator(stack_schema())


def valid(stack: Any) -> bool:
    """Whether the schema takes this stack file's content."""
    return bool(VALIDATOR.is_valid(stack))


def load(path: Path) -> Any:
    """A stack file's content."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_the_written_schema_is_the_models_own() -> None:
    """A changed setting comes with a changed schema: `make schema` writes it."""
    assert main(["--check"]) == 0


def test_a_stale_schema_fails_the_check_and_writing_mends_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The check says what to run, and running it is enough."""
    path = tmp_path / "schema.json"
    assert main(["--check"], path) == 1
    assert "run make schema" in capsys.readouterr().err
    assert main([], path) == 0
    assert main(["--check"], path) == 0
    path.write_text(path.read_text(encoding="utf-8") + " ", encoding="utf-8")
    assert main(["--check"], path) == 1


def test_an_unknown_argument_writes_nothing(tmp_path: Path) -> None:
    """A misspelt --check must not pass by rewriting the file."""
    assert main(["--chek"], tmp_path / "schema.json") == 2
    assert list(tmp_path.iterdir()) == []


def test_the_schema_is_a_schema() -> None:
    """Editors read it as draft 7."""
    jsonschema.Draft7Validator.check_schema(stack_schema())


@pytest.mark.parametrize("stack", STACKS, ids=lambda stack: stack.name)
def test_every_stack_of_ours_is_valid_and_names_the_schema(stack: Path) -> None:
    """The first line tells an editor where the schema is."""
    text = stack.read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=schema.json\n")
    assert valid(yaml.safe_load(text))


def test_the_local_stack_is_there() -> None:
    """The test above must not pass for want of files."""
    assert "Pulumi.local.yaml" in [stack.name for stack in STACKS]


@pytest.mark.parametrize("stack", BAD_STACKS, ids=lambda stack: stack.stem)
def test_a_bad_stack_is_marked_in_the_editor_where_a_schema_can(stack: Path) -> None:
    """The list of what it cannot see is exact, so that it does not grow unseen."""
    assert valid(load(stack)) == (stack.stem in BEYOND_A_SCHEMA)


def test_pulumis_own_keys_and_the_providers_settings_are_known() -> None:
    """The engine writes some of them itself, and an editor must not mark them."""
    stack = {
        "encryptionsalt": "v1:salt:check",
        "secretsprovider": "passphrase",
        "encryptedkey": "key",
        "environment": ["shared"],
        "config": {
            "shop:settings": {"target": "local"},
            "aws:region": "eu-central-1",
            "alicloud:region": "cn-hangzhou",
            "pulumi:tags": {"team": "shop"},
        },
    }
    assert valid(stack)
    assert not valid({**stack, "encryptionsal": "v1"})
    assert not valid({"config": {**stack["config"], "shop:setings": {}}})  # type: ignore[dict-item]


def _undescribed(node: Any, path: str = "") -> Iterator[str]:
    for group in ("properties", "patternProperties"):
        for key, inner in node.get(group, {}).items():
            if not inner.get("description"):
                yield f"{path}/{key}"
            yield from _undescribed(inner, f"{path}/{key}")


def test_every_key_has_a_description_for_the_editor_to_show() -> None:
    """Whoever completes a key learns what it does."""
    assert list(_undescribed(stack_schema())) == []
