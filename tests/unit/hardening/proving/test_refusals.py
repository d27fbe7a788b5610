"""Traces that strace 6.1 wrote of real containers: what was refused, of whom, about what."""

import pytest

from undercurrent.hardening.proving.refusals import parse_trace

BEFORE = """\
11259 openat(AT_FDCWD</>, "/proc/self/fd/5", O_WRONLY|O_CLOEXEC) = -1 EACCES (Permission denied)
11259 execve("/server", ["/server", "80", "/var/x"], 0xc0000f7860 /* 5 vars */ <unfinished ...>
11263 +++ exited with 0 +++
11259 <... execve resumed>)             = 0
"""


def refused(*lines: str) -> list[tuple[str, str, str, str]]:
    found = parse_trace(BEFORE + "".join(f"{line}\n" for line in lines))
    return [(one.call.partition("(")[0], one.error, one.path, one.capability) for one in found]


@pytest.mark.parametrize(
    ("line", "call"),
    [
        (
            'openat(AT_FDCWD</>, "/var/x", O_WRONLY|O_CREAT|O_APPEND, 0644) = -1 EROFS (Read-only file system)',
            ("openat", "EROFS", "/var/x", ""),
        ),
        (
            'openat(AT_FDCWD</srv>, "../run/app.pid", O_RDWR|O_CREAT, 0644) = -1 EACCES (Permission denied)',
            ("openat", "EACCES", "/run/app.pid", "CAP_DAC_OVERRIDE"),
        ),
        (
            'mkdirat(7</var/lib>, "a b", 0755) = -1 EROFS (Read-only file system)',
            ("mkdirat", "EROFS", "/var/lib/a b", ""),
        ),
        (
            (
                'bind(3<TCP:[1]>, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("0.0.0.0")}, 16) = -1 '
                "EACCES (Permission denied)"
            ),
            ("bind", "EACCES", "", "CAP_NET_BIND_SERVICE"),
        ),
        (
            'chown("/data", 999, 999) = -1 EPERM (Operation not permitted)',
            ("chown", "EPERM", "/data", "CAP_CHOWN"),
        ),
        ("setgroups(1, [33]) = -1 EPERM (Operation not permitted)", ("setgroups", "EPERM", "", "CAP_SETGID")),
        (
            'mount("proc", "/mnt", "proc", 0, NULL) = -1 EPERM (Operation not permitted)',
            ("mount", "EPERM", "/mnt", "CAP_SYS_ADMIN"),
        ),
        (
            "socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) = -1 EPERM (Operation not permitted)",
            ("socket", "EPERM", "", "CAP_NET_RAW"),
        ),
        (
            'openat(AT_FDCWD</>, "/proc/sys/kernel/hostname", O_WRONLY) = -1 EROFS (Read-only file system)',
            ("openat", "EROFS", "/proc/sys/kernel/hostname", "CAP_SYS_ADMIN"),
        ),
        (
            'rename("/a", "/etc/b") = -1 EROFS (Read-only file system)',
            ("rename", "EROFS", "/etc/b", ""),
        ),
        (
            "fchown(3</run/x>, 0, 0) = -1 EPERM (Operation not permitted)",
            ("fchown", "EPERM", "/run/x", "CAP_CHOWN"),
        ),
        (
            'mkdir("/run/nginx", 0755) = -1 ENOENT (No such file or directory)',
            ("mkdir", "ENOENT", "/run/nginx", ""),
        ),
        (
            'openat(AT_FDCWD</>, "/\\303\\244", O_WRONLY|O_CREAT, 0644) = -1 EROFS (Read-only file system)',
            ("openat", "EROFS", "/ä", ""),
        ),
    ],
)
def test_what_was_refused(line: str, call: tuple[str, str, str, str]) -> None:
    assert refused(f"11259 {line}") == [call]


def test_what_the_runtime_was_refused_before_the_program_began_is_its_own() -> None:
    assert refused() == []


def test_what_is_looked_for_and_not_there_is_nothing_refused() -> None:
    assert refused('11259 openat(AT_FDCWD</>, "/etc/app.conf", O_RDONLY) = -1 ENOENT (No such file or directory)') == []


def test_calls_that_were_cut_in_two_and_repeated_are_put_together() -> None:
    lines = [
        '11259 openat(AT_FDCWD</>, "/x", O_WRONLY|O_CREAT, 0644 <unfinished ...>',
        "11300 +++ exited with 0 +++",
        "11259 <... openat resumed>) = -1 EROFS (Read-only file system)",
        '11259 openat(AT_FDCWD</>, "/x", O_WRONLY|O_CREAT, 0644) = -1 EROFS (Read-only file system)',
    ]
    (one,) = parse_trace(BEFORE + "\n".join(lines))

    assert (one.path, one.times, one.caller) == ("/x", 2, "/server")


def test_a_child_has_the_name_of_what_it_runs() -> None:
    lines = [
        "11259 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD) = 7",
        '11300 mkdir("/a", 0755) = -1 EROFS (Read-only file system)',
        '11300 execve("/bin/chown", ["chown", "x", "/b"], 0x1 /* 5 vars */) = 0',
        '11300 fchownat(AT_FDCWD</>, "/b", 1, 1, 0) = -1 EPERM (Operation not permitted)',
    ]

    assert [one.caller for one in parse_trace(BEFORE + "\n".join(lines))] == ["/server", "/bin/chown"]


def test_a_program_that_may_not_be_started_is_told() -> None:
    text = '1 execve("/usr/bin/ping", ["ping"], 0xc000 /* 5 vars */) = -1 EPERM (Operation not permitted)\n'

    (one,) = parse_trace(text)

    assert (one.path, one.error) == ("/usr/bin/ping", "EPERM")


def test_garbage_is_no_trouble() -> None:
    assert parse_trace("x\n1\n1 (\n2 <... x resumed>\n3 open(\x00\n" + BEFORE[:90]) == ()


def test_numbers_of_sockets_that_say_nothing_are_left_out() -> None:
    (bound,) = parse_trace(
        '7 execve("/srv", ["srv"], 0x7 /* 0 vars */) = 0\n'
        "7 bind(3<TCP:[621922]>, {sa_family=AF_INET, sin_port=htons(80)}, 16) = -1 EACCES (Permission denied)\n"
    )

    assert bound.call == "bind(3<TCP>, {sa_family=AF_INET, sin_port=htons(80)}, 16)"
