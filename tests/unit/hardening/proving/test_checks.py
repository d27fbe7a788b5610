"""What is as it should be, and what is not."""

from dataclasses import replace

from undercurrent.hardening.proving.checks import Observation, looked_at
from undercurrent.hardening.proving.nouns import Check, Conditions, Writable
from undercurrent.hardening.proving.procfs import SETS, Mount, Process

GOOD = Process(
    1, "app", (10001,) * 4, (10001,) * 4, (10001,), dict.fromkeys(SETS, 0), no_new_privileges=True, seccomp=2
)


def mount(path: str, kind: str = "tmpfs", options: str = "rw") -> Mount:
    return Mount(path, kind, kind, frozenset(options.split(",")), frozenset({"rw"}))


ENGINES = (
    mount("/", "overlay", "ro,relatime"),
    mount("/proc", "proc"),
    mount("/dev"),
    mount("/dev/shm"),
    mount("/sys/fs/cgroup"),
)


def checked(*processes: Process, mounts: tuple[Mount, ...] = ENGINES, **conditions: object) -> dict[str, Check]:
    seen = Observation(processes or (GOOD,), mounts, 1024)
    return {check.name: check for check in looked_at(seen, replace(Conditions(), **conditions))}  # type: ignore[arg-type]


def test_all_is_well() -> None:
    assert {name: check.ok for name, check in checked().items()} == dict.fromkeys(
        ("user", "capabilities", "no-new-privileges", "seccomp", "read-only-root", "writable-paths", "low-ports"), True
    )


def test_one_process_that_is_root_is_enough() -> None:
    found = checked(GOOD, replace(GOOD, pid=2, name="helper", uids=(10001, 10001, 0, 10001)))["user"]

    assert not found.ok, "a saved user of 0 is one system call away from root"
    assert "helper is uid 10001/10001/0/10001" in str(found.seen)


def test_a_capability_in_any_set_is_too_much_unless_it_was_declared() -> None:
    able = replace(GOOD, capabilities={**GOOD.capabilities, "CapBnd": 1 << 10})

    found = checked(able)["capabilities"]

    assert (found.ok, str(found.seen)) == (False, "CAP_NET_BIND_SERVICE (CapBnd 0000000000000400)")
    assert found.seen.facts() == {"held": ["CAP_NET_BIND_SERVICE"], "sets": {"CapBnd": "0000000000000400"}}
    assert checked(able, capabilities=("CAP_NET_BIND_SERVICE",))["capabilities"].ok


def test_privileges_that_may_be_gained_and_no_filter() -> None:
    found = checked(replace(GOOD, no_new_privileges=False, seccomp=0))

    assert not found["no-new-privileges"].ok
    assert not found["seccomp"].ok
    assert not found["seccomp"].needed, "that is the engine's doing"


def test_paths_are_writable_only_where_that_was_declared() -> None:
    mounts = (*ENGINES, mount("/tmp"), mount("/data", "ext4"), mount("/etc/hosts", "ext4", "ro"))

    found = checked(mounts=mounts, writable=(Writable("/data", lasting=True),))["writable-paths"]

    assert not found.ok
    assert str(found.seen) == "/data, /tmp; not declared: /tmp"
    assert checked(mounts=mounts, writable=(Writable("/tmp"), Writable("/data")))["writable-paths"].ok


def test_what_was_declared_behind_a_usual_link_is_found_where_that_leads() -> None:
    mounts = (*ENGINES, mount("/run/postgresql"), mount("/run/lock"))

    declared = (Writable("/var/run/postgresql"), Writable("/var/lock"))
    assert checked(mounts=mounts, writable=declared)["writable-paths"].ok
    assert not checked(mounts=mounts, writable=(Writable("/var/running"),))["writable-paths"].ok


def test_devices_that_an_ordinary_users_engine_brings_in_are_the_engines() -> None:
    null, masked, disk = (
        replace(mount(path, "devtmpfs"), root=root)
        for path, root in (("/dev/null", "/null"), ("/proc/keys", "/null"), ("/dev/vda", "/vda"))
    )

    assert checked(mounts=(*ENGINES, null, masked))["writable-paths"].ok
    assert not checked(mounts=(*ENGINES, disk))["writable-paths"].ok
    assert not checked(mounts=(*ENGINES, replace(null, path="/data")))["writable-paths"].ok


def test_a_file_of_the_host_below_dev_is_not_the_engines() -> None:
    assert not checked(mounts=(*ENGINES, mount("/dev/disk", "ext4")))["writable-paths"].ok


def test_the_last_mount_on_a_path_is_what_counts() -> None:
    assert not checked(mounts=(*ENGINES, mount("/", "ext4")))["read-only-root"].ok


def test_nothing_seen_proves_nothing() -> None:
    found = {check.name: check.ok for check in looked_at(Observation((), (), None), Conditions())}

    assert not any(found[name] for name in ("user", "capabilities", "no-new-privileges", "read-only-root"))
