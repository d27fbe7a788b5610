"""What the kernel wrote of real containers is read as it was meant."""

import os

import pytest

from undercurrent.hardening.proving.procfs import inside, mounts, parse_mounts, parse_status, processes, started_at

STATUS = """\
Name:	server
Umask:	0022
State:	S (sleeping)
Tgid:	32386
Pid:	32386
PPid:	32374
TracerPid:	0
Uid:	10001	10001	10001	10001
Gid:	10001	10001	10001	10001
FDSize:	64
Groups:	10001
CapInh:	0000000000000000
CapPrm:	0000000000000000
CapEff:	0000000000000000
CapBnd:	00000000000004c1
CapAmb:	0000000000000000
NoNewPrivs:	1
Seccomp:	2
Seccomp_filters:	1
"""
MOUNTS = """\
67 44 254:0 /vfs/dir/156ad /  ro,relatime - ext4 /dev/vda rw,discard,resuid=65534
69 67 0:41 / /run/a\\040b rw,nosuid,nodev,relatime - tmpfs tmpfs rw,size=65536k,mode=755
70 67 0:44 / /proc rw,nosuid,nodev,noexec,relatime shared:1 master:2 - proc proc rw
71 67 254:0 /vol /data rw,relatime - ext4 /dev/vda ro
""".replace("/  ro", "/ ro")


def test_a_process_as_podman_and_runc_start_it() -> None:
    seen = parse_status(STATUS)

    assert (seen.pid, seen.name, seen.uids, seen.gids, seen.groups) == (
        32386,
        "server",
        (10001,) * 4,
        (10001,) * 4,
        (10001,),
    )
    assert (seen.no_new_privileges, seen.seccomp) == (True, 2)
    assert seen.capability_names == {"CAP_CHOWN", "CAP_SETGID", "CAP_SETUID", "CAP_NET_BIND_SERVICE"}


def test_a_capability_that_is_newer_than_the_table_is_not_lost() -> None:
    assert parse_status(STATUS.replace("00000000000004c1", "0000800000000000")).capability_names == {"CAP_47"}


def test_users_are_those_of_inside() -> None:
    maps = "0 1000 1\n1 100000 65536\n"

    assert [inside(number, maps) for number in (1000, 110000, 100000, 5)] == [0, 10001, 1, -1]
    assert parse_status(STATUS.replace("10001\t", "1000\t"), maps).uids[:3] == (0, 0, 0)


def test_what_is_no_status_is_refused() -> None:
    with pytest.raises(ValueError, match="CapInh"):
        parse_status("\n".join(line for line in STATUS.splitlines() if not line.startswith("CapInh")))


def test_mounts_with_blanks_in_their_names_and_optional_fields() -> None:
    root, tmp, proc, data = parse_mounts(MOUNTS)

    assert (root.path, root.kind, root.writable) == ("/", "ext4", False)
    assert (tmp.path, tmp.kind, tmp.writable) == ("/run/a b", "tmpfs", True)
    assert (proc.path, proc.writable) == ("/proc", True)
    assert (data.path, data.writable) == ("/data", False), "a file system that is read-only as a whole"


def test_this_process_sees_itself() -> None:
    me = processes(os.getpid())

    assert me[0].pid == os.getpid()
    assert me[0].uids[1] == os.geteuid()
    assert any(mount.path == "/proc" for mount in mounts(os.getpid()))
    assert started_at(os.getpid()) > 0
