"""What of app/ a function needs: no file too many, none too few, and one name for it all."""

import errno
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.bundle import (
    BundleError,
    HandlerMissingError,
    ImportMissingError,
    SourceCache,
    SourceError,
    SourceFile,
    StagingError,
    bundle,
    closure,
    entry_modules,
    fingerprint,
    handler_path,
    prune,
    stage,
    staging_problem,
)
from infra.model import Function

ROOT = Path(__file__).parents[2]
ESSAY = "def lambda_handler(event, context):\n    return {'statusCode': 200, 'body': '处理成功'}\n"
HELLO = Function(name="hello", handler="app.handlers.hello.lambda_handler")


def write(root: Path, files: dict[str, str | bytes]) -> Path:
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def paths(root: Path, *modules: str) -> list[str]:
    return [file.path for file in closure(root, modules)]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Two functions, `a` and `b`, that share one module and have one each."""
    return write(
        tmp_path,
        {
            "app/__init__.py": "",
            "app/handlers/__init__.py": "",
            "app/handlers/a.py": "from app import shared, only_a\nROUTES = {'GET /a': 1}\n",
            "app/handlers/b.py": "import app.shared\nimport app.only_b as b\nROUTES = {}\n",
            "app/entrypoints/__init__.py": "",
            **{
                f"app/entrypoints/{name}.py": "import json\n"
                for cloud in ("aws", "alicloud")
                for name in (cloud, *(f"{cloud}_{each}" for each in ("http", "queue", "schedule")))
            },
            "app/shared.py": "",
            "app/only_a.py": "",
            "app/only_b.py": "",
        },
    )


def test_a_closure_holds_the_module_its_parents_and_what_they_import(project: Path) -> None:
    assert paths(project, "app.handlers.a") == [
        "app/__init__.py",
        "app/handlers/__init__.py",
        "app/handlers/a.py",
        "app/only_a.py",
        "app/shared.py",
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "import app.deep.leaf",
        "import app.deep.leaf as leaf",
        "from app.deep import leaf",
        "from app.deep.leaf import value",
        "from app.deep.leaf import *",
        "from ..deep import leaf",
        "from ..deep.leaf import value",
        "from .. import deep; from app.deep import leaf",
        "import os, app.deep.leaf",
        "def late():\n    from app.deep import leaf",
        "async def late():\n    import app.deep.leaf",
        "class A:\n    def late(self):\n        import app.deep.leaf",
        "if True:\n    import app.deep.leaf",
        "if True:\n    pass\nelse:\n    import app.deep.leaf",
        "for _ in ():\n    import app.deep.leaf",
        "while False:\n    import app.deep.leaf",
        "with open('x') as f:\n    import app.deep.leaf",
        "try:\n    import app.deep.leaf\nexcept ImportError:\n    pass",
        "try:\n    pass\nexcept ImportError:\n    import app.deep.leaf",
        "try:\n    pass\nfinally:\n    import app.deep.leaf",
        "match 1:\n    case 1:\n        import app.deep.leaf",
    ],
)
def test_every_form_of_an_import_is_followed(project: Path, statement: str) -> None:
    write(
        project,
        {
            "app/deep/__init__.py": "",
            "app/deep/leaf.py": "import app.beyond\nvalue = 1\n",
            "app/beyond.py": "",
            "app/handlers/a.py": f"{statement}\nROUTES = {{}}\n",
        },
    )

    found = paths(project, "app.handlers.a")

    assert {"app/deep/__init__.py", "app/deep/leaf.py", "app/beyond.py"} <= set(found)


@pytest.mark.parametrize(
    "statement",
    [
        "import json",
        "from appendix import thing",
        "import application.deep",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import app.only_b",
        "import typing\nif typing.TYPE_CHECKING:\n    from app import only_b",
        "text = 'import app.only_b'",
        "# import app.only_b",
    ],
)
def test_what_does_not_run_or_is_not_ours_is_left_out(project: Path, statement: str) -> None:
    write(project, {"app/handlers/a.py": statement})

    assert paths(project, "app.handlers.a") == [
        "app/__init__.py",
        "app/handlers/__init__.py",
        "app/handlers/a.py",
    ]


def test_the_other_branch_of_type_checking_is_followed(project: Path) -> None:
    text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    pass\nelse:\n"
    write(project, {"app/handlers/a.py": f"{text}    import app.only_b\n"})

    assert "app/only_b.py" in paths(project, "app.handlers.a")


def test_a_circle_of_imports_ends(project: Path) -> None:
    write(project, {"app/shared.py": "import app.only_a", "app/only_a.py": "import app.shared"})

    assert "app/shared.py" in paths(project, "app.only_a")


def test_a_package_beats_a_module_of_its_name_as_in_python(project: Path) -> None:
    write(project, {"app/shared/__init__.py": ""})

    assert "app/shared/__init__.py" in paths(project, "app.handlers.a")
    assert "app/shared.py" not in paths(project, "app.handlers.a")


def test_a_module_beats_a_bare_folder_of_its_name_as_in_python(project: Path) -> None:
    write(project, {"app/shared/x.py": "", "app/handlers/a.py": "from app.shared import x"})

    assert "app/shared.py" in paths(project, "app.handlers.a")
    assert "app/shared/x.py" not in paths(project, "app.handlers.a")


def test_a_folder_without_init_is_a_package_too(project: Path) -> None:
    write(project, {"app/loose/part.py": "", "app/handlers/a.py": "from app.loose import part"})

    assert "app/loose/part.py" in paths(project, "app.handlers.a")

    write(project, {"app/handlers/a.py": "from app.loose import nothing"})
    with pytest.raises(ImportMissingError, match=r"app\.loose\.nothing"):
        paths(project, "app.handlers.a")


def test_the_closure_of_a_real_function_is_what_python_loads() -> None:
    """Nothing is missing and nothing is there in vain, told by a process that runs it."""
    program = (
        "import sys, json; sys.path.insert(0, sys.argv[1])\n"
        "import app.entrypoints.aws as entry; entry.http\n"
        "print(json.dumps([m.__file__ for n, m in sys.modules.items()"
        " if n.partition('.')[0] == 'app']))"
    )
    loaded = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, str(ROOT)],
        env={"SHOP_HANDLER": "health", "SHOP_STACK": "local"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    expected = {Path(file).relative_to(ROOT).as_posix() for file in json.loads(loaded.stdout)}

    found = bundle(ROOT, Function(name="health"), "aws")

    assert {file.path for file in found.files} == expected


def test_the_essays_own_example_is_a_function(project: Path, tmp_path: Path) -> None:
    """One file with nothing but a handler, in any language, needs no other code than itself."""
    write(project, {"app/handlers/hello.py": ESSAY})

    found = bundle(project, HELLO, "aws")
    folder = stage(found.files, tmp_path / "staged")

    assert found.handler == "app.handlers.hello.lambda_handler"
    assert [file.path for file in found.files] == [
        "app/__init__.py",
        "app/handlers/__init__.py",
        "app/handlers/hello.py",
    ]
    assert found == bundle(project, HELLO, "alicloud")
    program = "import app.handlers.hello as h; print(ascii(h.lambda_handler({}, None)))"
    run = subprocess.run(
        [sys.executable, "-S", "-c", program],
        cwd=folder,
        env={"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert run.stdout.strip() == ascii({"statusCode": 200, "body": "处理成功"})


def test_a_functions_entry_is_its_own_handler_or_the_providers() -> None:
    function = Function(name="place-order")

    assert handler_path(function, "aws") == "app.entrypoints.aws.http"
    assert handler_path(function, "alicloud") == "app.entrypoints.alicloud.http"
    assert handler_path(function, "aws", "schedule") == "app.entrypoints.aws.schedule"
    assert entry_modules(function, "alicloud", "queue") == (
        "app.entrypoints.alicloud",
        "app.entrypoints.alicloud_queue",
        "app.handlers.place_order",
    )
    assert handler_path(HELLO, "alicloud") == "app.handlers.hello.lambda_handler"
    assert entry_modules(HELLO, "alicloud") == ("app.handlers.hello",)


@pytest.mark.parametrize(
    "handler", ["hello", "app.hello", "other.hello.run", "app..run", "app/x.hello.run", "app.a b.c"]
)
def test_a_handler_that_names_no_function_of_app_is_refused(handler: str) -> None:
    with pytest.raises(HandlerMissingError) as caught:
        entry_modules(Function(name="hello", handler=handler), "aws")

    assert caught.value.problem.path == "functions.hello.handler"
    assert caught.value.problem.value == handler


def test_an_edit_changes_the_fingerprint_of_the_functions_that_import_it(project: Path) -> None:
    def both() -> tuple[str, str]:
        names = ("a", "b")
        first, second = (bundle(project, Function(name=n), "aws").fingerprint for n in names)
        return first, second

    before = both()
    write(project, {"app/only_a.py": "edited = 1\n"})
    after = both()
    assert after[0] != before[0]
    assert after[1] == before[1]

    write(project, {"app/shared.py": "edited = 1\n"})
    assert all(new != old for new, old in zip(both(), after, strict=True))

    again = both()
    write(project, {"app/unused.py": "", "app/README.md": "", "other.py": ""})
    assert both() == again


def test_two_folders_with_the_same_files_have_one_fingerprint(tmp_path: Path) -> None:
    files = {"app/__init__.py": "", "app/handlers/hello.py": ESSAY}
    roots = [write(tmp_path / name, dict(files)) for name in ("one", "two")]
    os.utime(roots[0] / "app/handlers/hello.py", (1, 1))

    first, second = (bundle(root, HELLO, "aws").fingerprint for root in roots)

    assert first == second
    assert len(first) == 64


def test_a_path_and_a_content_cannot_be_mistaken_for_each_other() -> None:
    assert fingerprint([SourceFile("a", b"b")]) != fingerprint([SourceFile("ab", b"")])


FILES = st.dictionaries(st.text("ab/.", min_size=1, max_size=4), st.binary(max_size=4), max_size=4)


@given(FILES, FILES, st.randoms())
def test_fingerprints_are_equal_when_the_files_are_and_only_then(
    first: dict[str, bytes], second: dict[str, bytes], random: object
) -> None:
    def files(of: dict[str, bytes]) -> list[SourceFile]:
        found = [SourceFile(path, content) for path, content in of.items()]
        random.shuffle(found)  # type: ignore[attr-defined]
        return found

    same = fingerprint(files(first)) == fingerprint(files(second))
    assert same is (first == second)


def test_a_cache_sees_an_edit_of_equal_length_at_once(project: Path) -> None:
    cache = SourceCache()
    seen = set()
    for turn in range(30):
        write(project, {"app/only_a.py": f"turn = {turn + 10}\n"})
        seen.add(bundle(project, Function(name="a"), "aws", cache).fingerprint)

    assert len(seen) == 30


def test_a_cache_does_not_trust_a_time_that_may_still_be_in_use(project: Path) -> None:
    """Two edits within one tick of the clock leave the same time, size and inode behind."""
    soon = time.time_ns() + 60_000_000_000
    cache = SourceCache()
    for text in ("x = 1\n", "x = 2\n"):
        write(project, {"app/shared.py": text})
        os.utime(project / "app/shared.py", ns=(soon, soon))
        found = cache.read(project, "app/shared.py")
        assert found is not None
        assert found.content == text.encode()


def test_a_cache_tells_two_old_edits_of_equal_length_apart_by_their_time(project: Path) -> None:
    cache = SourceCache()
    for second, text in enumerate(["x = 1\n", "x = 2\n"]):
        write(project, {"app/shared.py": text})
        os.utime(project / "app/shared.py", (second, second))
        found = cache.read(project, "app/shared.py")
        assert found is not None
        assert found.content == text.encode()


def test_a_cache_spares_unchanged_files(project: Path) -> None:
    for file in project.rglob("*.py"):
        os.utime(file, (1, 1))
    cache = SourceCache()

    first = cache.read(project, "app/shared.py")
    assert cache.read(project, "app/shared.py") is first

    write(project, {"app/shared.py": "x = 1\n"})
    assert cache.read(project, "app/shared.py") is not first


def refused(root: Path, function: Function) -> BundleError:
    with pytest.raises(BundleError) as caught:
        bundle(root, function, "aws")
    return caught.value


def test_a_missing_handler_file_is_named_with_what_to_write(project: Path) -> None:
    error = refused(project, HELLO)

    assert isinstance(error, HandlerMissingError)
    assert str(error).splitlines() == [
        "functions.hello: app/handlers/hello.py does not exist",
        "    the function hello has nothing to run",
        "    → create it with a function lambda_handler(event, context)",
    ]


def test_a_missing_module_of_a_function_without_handler_asks_for_routes(project: Path) -> None:
    error = refused(project, Function(name="place-order"))

    assert error.problem.value == "app/handlers/place_order.py does not exist"
    assert error.problem.remedy == "create it with ROUTES"


@pytest.mark.parametrize(
    "text",
    [
        "def other(event, context): ...",
        "class A:\n    def lambda_handler(self, event): ...",
        "def outer():\n    def lambda_handler(event, context): ...",
        "lambda_handler: object",
        "",
    ],
)
def test_a_handler_not_defined_at_top_level_is_refused(project: Path, text: str) -> None:
    write(project, {"app/handlers/hello.py": text})

    error = refused(project, HELLO)

    assert isinstance(error, HandlerMissingError)
    assert "app/handlers/hello.py defines no lambda_handler" in str(error)


@pytest.mark.parametrize(
    "text",
    [
        "from app.shared import run as lambda_handler",
        "from app.shared import lambda_handler",
        "import json as lambda_handler",
        "lambda_handler = print",
        "lambda_handler: object = print",
        "first, (lambda_handler, *rest) = print, [print]",
        "try:\n    from x import lambda_handler\nexcept ImportError:\n    lambda_handler = print",
        "if True:\n    def lambda_handler(event, context): ...",
        "async def lambda_handler(event, context): ...",
        "class lambda_handler: ...",
        "from app.shared import *",
        "def __getattr__(name): ...",
    ],
)
def test_a_handler_may_come_by_any_top_level_statement(project: Path, text: str) -> None:
    write(project, {"app/handlers/hello.py": text})

    assert bundle(project, HELLO, "aws").handler == HELLO.handler


def test_a_syntax_error_is_told_with_its_file_and_line(project: Path) -> None:
    write(project, {"app/shared.py": "x = 1\ndef f(:\n    pass\n"})

    error = refused(project, Function(name="a"))

    assert isinstance(error, SourceError)
    assert error.problem.path == "app/shared.py:2"
    assert error.problem.value == "invalid syntax"
    assert "Python 3." in error.problem.remedy


def test_a_file_that_is_not_utf_8_is_told_with_its_line(project: Path) -> None:
    write(project, {"app/shared.py": b"x = 1\ny = '\xff'\n"})

    error = refused(project, Function(name="a"))

    assert isinstance(error, SourceError)
    assert error.problem.path == "app/shared.py:2"
    assert error.problem.remedy == "save it as UTF-8"


def test_a_file_in_a_declared_encoding_is_read_as_python_does(project: Path) -> None:
    write(project, {"app/shared.py": b"# -*- coding: latin-1 -*-\nx = '\xff'\n"})

    assert bundle(project, Function(name="a"), "aws").files


def test_null_bytes_are_refused_and_not_a_crash(project: Path) -> None:
    write(project, {"app/shared.py": b"x = 1\x00\n"})

    error = refused(project, Function(name="a"))

    assert isinstance(error, SourceError)
    assert "null bytes" in error.problem.value


def test_a_folder_in_a_files_place_is_told(project: Path) -> None:
    (project / "app/handlers/hello.py").mkdir()

    error = refused(project, HELLO)

    assert isinstance(error, SourceError)
    assert error.problem.path == "app/handlers/hello.py"
    assert error.problem.value == "Is a directory"


@pytest.mark.parametrize(
    ("statement", "missing"),
    [
        ("import app.nothing", "app.nothing"),
        ("import app.shared.nothing", "app.shared.nothing"),
        ("from app.nothing import x", "app.nothing"),
        ("from .nothing import x", "app.handlers.nothing"),
        ("from ...above import x", "...above"),
    ],
)
def test_an_import_of_a_missing_module_is_told_with_its_line(
    project: Path, statement: str, missing: str
) -> None:
    write(project, {"app/handlers/a.py": f"\n{statement}\nROUTES = {{}}\n"})

    error = refused(project, Function(name="a"))

    assert isinstance(error, ImportMissingError)
    assert error.problem.path == "app/handlers/a.py:2"
    assert error.problem.value == f"imports {missing}, which does not exist"


def test_an_import_that_the_code_can_do_without_may_be_missing(project: Path) -> None:
    text = "try:\n    import app.nothing\nexcept ImportError:\n    pass\nROUTES = {}\n"
    write(project, {"app/handlers/a.py": text})

    assert bundle(project, Function(name="a"), "aws").files


def test_staged_files_are_those_of_the_closure_and_stay_as_they_are(
    project: Path, tmp_path: Path
) -> None:
    found = bundle(project, Function(name="a"), "aws")

    folder = stage(found.files, tmp_path / "new" / "staged")

    assert folder == tmp_path / "new" / "staged" / found.fingerprint
    staged = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.py")}
    assert staged == {file.path: file.content for file in found.files}
    before = folder.stat().st_mtime_ns
    assert stage(found.files, folder.parent) == folder
    assert folder.stat().st_mtime_ns == before
    assert list(folder.parent.iterdir()) == [folder]


def test_many_stage_the_same_at_once_and_one_folder_comes_of_it(tmp_path: Path) -> None:
    files = tuple(SourceFile(f"app/m{n}.py", b"x = 1\n" * 50) for n in range(20))

    with ThreadPoolExecutor(8) as pool:
        folders = set(pool.map(lambda _: stage(files, tmp_path), range(40)))

    (folder,) = folders
    assert list(tmp_path.iterdir()) == [folder]
    assert len(list((folder / "app").iterdir())) == 20


class Overtaken:
    """A file whose writing is overtaken by somebody else who stages the same."""

    path = "app/a.py"

    def __init__(self, place: Path) -> None:
        self._place = place
        self._reads = 0

    @property
    def content(self) -> bytes:
        self._reads += 1
        if self._reads == 2:  # the first read is the fingerprint's, the second the copy's
            stage([SourceFile(self.path, b"x = 1\n")], self._place)
        return b"x = 1\n"


def test_who_stages_second_takes_the_folder_of_the_first(tmp_path: Path) -> None:
    folder = stage([Overtaken(tmp_path)], tmp_path)  # type: ignore[list-item]

    assert list(tmp_path.iterdir()) == [folder]
    assert (folder / "app/a.py").read_bytes() == b"x = 1\n"


def test_a_file_in_the_folders_place_is_told_and_left_alone(tmp_path: Path) -> None:
    place = write(tmp_path, {"staged": "mine"}) / "staged"

    with pytest.raises(StagingError) as caught:
        stage([SourceFile("app/a.py", b"")], place)

    assert caught.value.problem.path == str(place)
    assert "move away the file" in caught.value.problem.remedy
    assert place.read_text() == "mine"


def test_a_disk_that_takes_no_more_leaves_nothing_half_done(tmp_path: Path) -> None:
    """Told by a process whose files may not grow: the draft is removed, the message says it."""
    program = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "from pathlib import Path; from infra.bundle import *\n"
        "files = [SourceFile('app/a.py', b'x'), SourceFile('app/b.py', b'x' * 5000)]\n"
        f"try: stage(files, Path({str(tmp_path / 'staged')!r}))\n"
        "except StagingError as error: print(ascii(error.problem.remedy))\n"
    )

    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert run.stdout.strip() == "'free at least 5 KB there, then run it again'"
    assert list((tmp_path / "staged").iterdir()) == []


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "free at least 3 KB"),
        (errno.EDQUOT, "free at least 3 KB"),
        (errno.EACCES, "writable for this user"),
        (errno.EROFS, "writable for this user"),
        (errno.ENOTDIR, "move away the file"),
        (errno.EIO, "see to it"),
    ],
)
def test_each_way_a_folder_fails_has_its_remedy(number: int, words: str) -> None:
    error = OSError(number, os.strerror(number))

    problem = staging_problem(Path("/somewhere"), error, [SourceFile("a", b"x" * 3000)])

    assert problem.value == os.strerror(number)
    assert words in problem.remedy


def test_staged_code_goes_when_it_is_old_and_not_in_use(tmp_path: Path) -> None:
    """A fresh folder may still be in use by an instance of an earlier revision."""
    for name in ("old", "kept", "fresh"):
        (tmp_path / name).mkdir()
    for name in ("old", "kept"):
        os.utime(tmp_path / name, (0, 0))
    prune(tmp_path, {"kept"})
    assert sorted(each.name for each in tmp_path.iterdir()) == ["fresh", "kept"]
