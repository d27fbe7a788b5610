"""What is proposed to be writable: what was refused, what was written before, what was said."""

import pytest

from undercurrent.hardening.proving.missing import Content, by_calls, by_logs, by_writing, covering
from undercurrent.hardening.proving.nouns import FailedCall, Writable

IMAGE = {
    "/var/cache/nginx": Content("folder"),
    "/var/lib/app": Content("folder"),
    "/data": Content("folder", ("seed.db",)),
    "/data/seed.db": Content("file"),
    "/run/app": Content("folder"),
    "/etc/nginx": Content("folder", ("nginx.conf",)),
    "/usr/share/empty": Content("folder"),
    "/var/lib": Content("folder", ("dpkg/status",)),
}


async def look(path: str) -> Content:
    return IMAGE.get(path, Content("nothing"))


def call(text: str, path: str, error: str = "EROFS") -> FailedCall:
    return FailedCall(text, error, path, "/bin/app")


async def proposed(*calls: FailedCall, declared: tuple[Writable, ...] = ()) -> list[tuple[str, bool]]:
    return [(one.writable.path, one.writable.lasting) for one in await by_calls(calls, declared, look)]


@pytest.mark.parametrize(
    ("one", "places"),
    [
        (call('openat(3</var/cache/nginx>, "x", O_RDWR|O_CREAT)', "/var/cache/nginx/x"), ["/var/cache/nginx"]),
        (call('mkdir("/var/cache/nginx/tmp", 0700)', "/var/cache/nginx/tmp"), ["/var/cache/nginx"]),
        (call('mkdir("/var/lib/other", 0700)', "/var/lib/other"), ["/var/lib/other"]),
        (call('chown("/var/lib/app", 1, 1)', "/var/lib/app"), ["/var/lib/app"]),
        (call('openat(AT_FDCWD</>, "/run/app.pid", O_RDWR|O_CREAT, 0600)', "/run/app.pid"), ["/run"]),
        (call('openat(AT_FDCWD</>, "/x.log", O_RDWR|O_CREAT, 0600)', "/x.log"), []),
        (call('openat(AT_FDCWD</>, "/etc/nginx/conf", O_RDWR|O_CREAT, 0600)', "/etc/nginx/conf"), []),
        (call('openat(AT_FDCWD</>, "/proc/sys/kernel/x", O_WRONLY)', "/proc/sys/kernel/x"), []),
        (call('openat(AT_FDCWD</>, "/var/cache/nginx/x", O_RDONLY)', "/var/cache/nginx/x"), []),
        (call("bind(3<TCP:[1]>, {sin_port=htons(80)}, 16)", "", "EACCES"), []),
        (call('chown("/var/lib/app", 1, 1)', "/var/lib/app", "EPERM"), []),
    ],
)  # fmt: skip
async def test_where_a_call_wanted_to_write(one: FailedCall, places: list[str]) -> None:
    assert await proposed(one) == [(place, False) for place in places]


async def test_files_of_the_image_are_not_hidden_by_a_tmpfs() -> None:
    (found,) = await by_calls([call('openat(AT_FDCWD</>, "/data/new.db", O_RDWR|O_CREAT)', "/data/new.db")], (), look)

    assert found.writable == Writable("/data", lasting=True)
    assert found.hides == ("seed.db",)


async def test_the_last_call_comes_first_and_each_place_once() -> None:
    first = call('openat(AT_FDCWD</>, "/var/cache/nginx/a", O_CREAT)', "/var/cache/nginx/a")
    again = call('openat(AT_FDCWD</>, "/var/cache/nginx/b", O_CREAT)', "/var/cache/nginx/b")
    last = call('openat(AT_FDCWD</>, "/run/x", O_CREAT)', "/run/x")

    assert await proposed(first, again, last) == [("/run", False), ("/var/cache/nginx", False)]


async def test_what_is_writable_already_is_not_proposed_but_a_folder_that_it_hides_is() -> None:
    declared = (Writable("/run"),)
    lost = call('openat(AT_FDCWD</>, "/run/app/pid", O_CREAT)', "/run/app/pid", "ENOENT")

    assert await proposed(lost, declared=declared) == [("/run/app", False)]
    assert await proposed(call('mkdir("/run/z/a")', "/run/z/a", "ENOENT"), declared=declared) == []
    assert await proposed(call('openat(</>, "/run/x", O_CREAT)', "/run/x", "EACCES"), declared=declared) == []


async def test_what_was_written_before() -> None:
    written = ("/var", "/var/cache", "/var/cache/nginx", "/var/cache/nginx/a", "/etc", "/etc/hosts", "/data/seed.db")

    found = await by_writing(written, (), look)

    assert [(one.writable, one.evidence) for one in found] == [
        (Writable("/data", lasting=True), "/data/seed.db"),
        (Writable("/var/cache/nginx"), "/var/cache/nginx/a"),
    ]
    assert await by_writing(written, (Writable("/var/cache/nginx"), Writable("/data")), look) == ()


@pytest.mark.parametrize(
    "line",
    [
        'nginx: [emerg] mkdir() "/var/cache/nginx/client_temp" failed (30: Read-only file system)',
        "mkdir: cannot create directory '/var/cache/nginx/x': Read-only file system",
        "OSError: [Errno 30] Read-only file system: '/var/cache/nginx/x'",
        "Error: EROFS: read-only file system, open '/var/cache/nginx/x'",
        "open /var/cache/nginx/x: read-only file system",
        "java.nio.file.FileSystemException: /var/cache/nginx/x: Read-only file system",
        "/bin/sh: 1: cannot create /var/cache/nginx/x: Permission denied",
    ],
)
async def test_what_programs_say(line: str) -> None:
    (found,) = await by_logs(f"starting /bin/app\n{line}\nbye", (), look)

    assert (found.writable, found.source, found.evidence) == (Writable("/var/cache/nginx"), "log", line)


async def test_what_is_said_of_other_things_is_nothing() -> None:
    assert await by_logs("open /a/b: no such file\nsee https://example.com/a: permission denied\n", (), look) == ()


def test_the_longest_declared_path_covers() -> None:
    run, deep = Writable("/run"), Writable("/run/app")

    assert covering((run, deep), "/run/app/x") == deep
    assert covering((run, deep), "/running") is None
