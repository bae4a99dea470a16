"""A handler of one line answers after one `up`, whichever cloud is emulated."""

import pytest

from tests.support.project import Project
from tests.support.steps import Step

HANDLER = "def lambda_handler(event, context): return {'statusCode': 200, 'body': '处理成功'}"
FUNCTION = 'name="hello", handler="app.handlers.hello.lambda_handler"'
ROUTE = 'method="GET", path="/hello", function="hello"'


def check_hello(project: Project) -> None:
    answer = project.get("/hello")
    assert (answer.status_code, answer.content) == (200, "处理成功".encode())
    assert answer.text == "处理成功"
    assert project.serves()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """From one cloud to the other by default, both ways with --soak."""
    if "emulate" in metafunc.fixturenames:
        soak = metafunc.config.getoption("--soak")
        metafunc.parametrize("emulate", ["aws", "alicloud"] if soak else ["aws"])


def test_a_file_and_two_lines_make_a_function_and_their_removal_ends_it(
    project: Project, emulate: str
) -> None:
    project.settings(f"target: local\nlocal:\n  emulate: {emulate}\n")
    project.up().ok()
    assert project.get("/hello").status_code == 404

    project.write("app/handlers/hello.py", HANDLER)
    assert project.preview().ok().steps == ()
    project.add(FUNCTION, ROUTE)
    assert project.up().ok().steps == (
        Step("Function hello", "create"),
        Step("Gateway gateway", "update", ('routes["GET /hello"]',)),
    )
    check_hello(project)

    other = "alicloud" if emulate == "aws" else "aws"
    project.edit("stacks/Pulumi.local.yaml", f"emulate: {emulate}", f"emulate: {other}")
    assert project.up().ok().steps == (
        # its entrypoint is the other cloud's
        Step("Function health", "update", ("emulate", "fingerprint", "handler", "modules")),
        Step("Function hello", "update", ("emulate",)),
        Step("Gateway gateway", "update", ("emulate",)),
    )
    check_hello(project)

    project.edit("infra/shop.py", f"    Function({FUNCTION}),\n", "")
    project.edit("infra/shop.py", f"    Route({ROUTE}),\n", "")
    assert project.up().ok().steps == (
        Step("Function hello", "delete"),
        Step("Gateway gateway", "update", ('routes["GET /hello"]',)),
    )
    assert project.get("/hello").status_code == 404
    assert project.serves()
