"""Chinese on the command line: every page, every typing error, in straight columns, and no English left over."""

import os
import re
from collections.abc import Iterator

import click
import pytest
from tests.support.cli import UcRunner

from undercurrent.cli.help import PLACEHOLDERS
from undercurrent.cli.lazy import LazyGroup
from undercurrent.cli.main import root
from undercurrent.report.wrapping import width

UNTRANSLATED = {"GID", "N", "OS", "UID", "URL", "ECDSA", "ED", "RSA"}
"""Words in capitals that are the same in Chinese."""

ENGLISH = re.compile(r"(?<![\w/.-])[a-z]{2,}(?: [a-z]{2,}){2,}")
"""Three words of prose, one after another."""

CODE = re.compile(r"`[^`]+`|\[[^\]]*\||\buc(?: [a-z-]+)+")
"""What is the same in both languages: commands, and names to choose from."""


def commands(group: LazyGroup, *path: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command and group, by the words that call it."""
    yield path, group
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, LazyGroup):
            yield from commands(command, *path, name)
        else:
            yield (*path, name), command


COMMANDS = dict(commands(root()))


def second_columns(page: str) -> dict[str, set[int]]:
    """Where the second column begins in each section of a help page, in cells."""
    found: dict[str, set[int]] = {}
    title = ""
    for line in page.splitlines():
        if line and not line.startswith(" "):
            title = line
        elif row := re.match(r"(  \S.*?  +)\S", line):
            found.setdefault(title, set()).add(width(row[1]))
        elif continued := re.match(r"( {6,})\S", line):
            found.setdefault(title, set()).add(len(continued[1]))
    return found


@pytest.mark.parametrize(("path", "columns"), [*((path, 80) for path in COMMANDS), ((), 160), (("image", "pack"), 160)])
def test_a_help_page(run_uc: UcRunner, path: tuple[str, ...], columns: int) -> None:
    result = run_uc(*path, "--help", "--lang", "zh", env={"COLUMNS": str(columns)})

    assert result.exit_code == 0, result.stderr
    page = result.stdout
    assert page.startswith("用法：uc" + "".join(f" {word}" for word in path))
    assert "\n选项：\n" in page
    assert "显示本帮助并退出" in page
    assert not ENGLISH.search(CODE.sub("", page)), page
    assert max(map(width, page.splitlines())) <= min(columns, 100)
    assert all(len(starts) <= 1 for starts in second_columns(page).values()), page


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_placeholder_can_be_translated(path: tuple[str, ...]) -> None:
    command = COMMANDS[path]
    context = click.Context(command)

    parameters = [item for item in command.params if not getattr(item, "is_flag", False)]
    words = {word for item in parameters for word in re.findall("[A-Z]{2,}", item.make_metavar(context))}

    assert words - PLACEHOLDERS - UNTRANSLATED == set()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["imgae"], "没有命令 'imgae'。是不是想用 image？"),
        (["xyzzy"], "没有命令 'xyzzy'。"),
        (["config", "shwo"], "没有命令 'shwo'。是不是想用 show？"),
        (["image", "copy"], "缺少参数 '镜像'。"),
        (["image", "pack", "files"], "缺少选项 '-t' / '--tag'。"),
        (["image", "list", "--jsn"], "没有选项 '--jsn'。是不是想用 --json？"),
        (["image", "list", "--xyzzy"], "没有选项 '--xyzzy'。"),
        (["image", "list", "--output", "x"], "'-o' / '--output' 的值无效：'x' 不在可选值"),
        (["evidence", "list", "--limit", "x"], "'--limit' 的值无效：'x' 不是有效的整数。"),
        (["evidence", "list", "--limit", "0"], "'--limit' 的值无效：0 不在范围 x>=1 内。"),
        (["evidence", "export", "--to", "nowhere/x"], "'--to' 的值无效：'nowhere/x'：没有那个文件或目录"),
        (["config", "show", "a", "b"], "多余的参数（a b）"),
        (["completion"], "缺少参数 '{bash|zsh|fish}'。"),
        (["image", "tree"], "请指定镜像，或加上 --all"),
        (["login", "registry.example"], "没有指定用户名"),
        (["config", "show", "--config", "nowhere.toml"], "无法读取 nowhere.toml：没有那个文件或目录"),
    ],
)
def test_an_error(run_uc: UcRunner, arguments: list[str], said: str) -> None:
    result = run_uc("--lang", "zh", *arguments)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert re.search(rf"^错误\[[a-z-]+\]：{re.escape(said)}", result.stderr, re.MULTILINE), result.stderr
    assert "  提示：" in result.stderr or said == "没有指定用户名"
    assert not ENGLISH.search(CODE.sub("", result.stderr)), result.stderr


def test_a_value_that_a_setting_does_not_take(run_uc: UcRunner) -> None:
    result = run_uc("config", "show", "--lang", "zh", env={"UNDERCURRENT_NET_RETRIES": "99"})

    assert "UNDERCURRENT_NET_RETRIES：net.retries 的值不能用：不能大于 20" in result.stderr


@pytest.mark.parametrize(
    "env",
    [
        {"LC_ALL": "zh_CN.UTF-8"},
        {"LC_MESSAGES": "zh_CN"},
        {"LANG": "zh_CN.UTF-8"},
        {"LANGUAGE": "zh_CN:zh"},
        {"LANGUAGE": "fr:zh"},
    ],
)
def test_the_environment_asks_for_chinese(run_uc: UcRunner, env: dict[str, str]) -> None:
    assert run_uc("--help", env=env).stdout.startswith("用法：")


@pytest.mark.parametrize(
    "env",
    [
        {"LANG": "zh_CN.UTF-8", "LC_ALL": "C"},
        {"LANGUAGE": "zh", "LC_ALL": "C"},
        {"LANG": "zh_CN.UTF-8", "LANGUAGE": "en"},
        {"LANG": "xx_XX.UTF-8"},
    ],
)
def test_the_environment_asks_for_another_language(run_uc: UcRunner, env: dict[str, str]) -> None:
    assert run_uc("--help", env=env).stdout.startswith("Usage: ")


@pytest.mark.parametrize("tag", ["zh", "zh-Hans", "zh_CN", "ZH", "zh_CN.UTF-8"])
def test_a_flag_outweighs_the_environment(run_uc: UcRunner, tag: str) -> None:
    assert run_uc("--help", "--lang", tag, env={"LC_ALL": "C"}).stdout.startswith("用法：")


@pytest.mark.parametrize("arguments", [["--lang", "xx"], ["rule", "--lang=xx"], ["--lang", "xx", "--help"]])
def test_a_language_that_is_not_spoken(run_uc: UcRunner, arguments: list[str]) -> None:
    english, chinese = run_uc(*arguments), run_uc(*arguments, env={"LANG": "zh_CN.UTF-8"})

    assert (english.exit_code, chinese.exit_code) == (2, 2)
    assert "'xx' is not a language spoken here: choose en or zh" in english.stderr
    assert "没有 'xx' 这种语言；可用的有 en 和 zh" in chinese.stderr


@pytest.mark.parametrize("columns", [80, 160])
@pytest.mark.parametrize("arguments", [["rule"], ["doctor"], ["config", "show"]], ids=" ".join)
def test_a_table(run_uc: UcRunner, arguments: list[str], columns: int) -> None:
    result = run_uc(*arguments, "--lang", "zh", env={"COLUMNS": str(columns), "PATH": os.environ["PATH"]})

    lines = result.stdout.splitlines()
    assert max(map(width, lines)) <= columns
    for number, line in enumerate(lines):
        if set(line) == {"─"}:
            heading = lines[number - 1]
            starts = [width(heading[: found.start()]) for found in re.finditer(r"(?<=  )\S", heading)]
            for row in lines[number + 1 :]:
                if not row:
                    break
                assert all(begins_or_is_empty(row, start) for start in starts), row


def begins_or_is_empty(row: str, start: int) -> bool:
    """Whether a cell of a table's row begins at ``start``, or nothing is there."""
    before = ""
    for character in row:
        if width(before) >= start:
            break
        before += character
    return width(before) == start and before.endswith("  ") if width(row) > start else True


def test_a_page_of_prose_begins_no_line_with_a_mark(run_uc: UcRunner) -> None:
    for columns in range(60, 100, 4):
        page = run_uc("rule", "UC202", "--lang", "zh", env={"COLUMNS": str(columns)}).stdout

        assert not re.search(r"^ *[，。；：、？！）”]", page, re.MULTILINE), page
        assert max(map(width, page.splitlines())) <= columns
