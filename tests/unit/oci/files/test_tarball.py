import io
import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from undercurrent.errors import BadContent, TooLarge, UndercurrentError, Unsupported
from undercurrent.oci.files.tarball import Kind, Member, content, decompress, inner_name, members, members_of

LONG = "folder/" + "n" * 300
DEEP = "d" * 90 + "/" + "f" * 90


def read(raw: bytes) -> list[Member]:
    return list(members_of(io.BytesIO(raw), len(raw), "the file"))


def tar(*infos: tarfile.TarInfo, format: int = tarfile.PAX_FORMAT, **more: Any) -> bytes:  # noqa: A002
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format, **more) as out:
        for info in infos:
            out.addfile(info, io.BytesIO(b"x" * info.size) if info.isreg() else None)
    return buffer.getvalue()


def info(name: str, kind: bytes = tarfile.REGTYPE, **more: Any) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type = kind
    for key, value in more.items():
        setattr(made, key, value)
    return made


@pytest.mark.parametrize("format", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_what_a_header_holds(format: int) -> None:  # noqa: A002
    raw = tar(
        info(LONG, size=700, mode=0o104755, uid=2**25, gid=5),
        info(DEEP, tarfile.SYMTYPE, linkname=LONG),
        info("ä/" + DEEP, tarfile.LNKTYPE, linkname=LONG),
        info("folder/", tarfile.DIRTYPE, mode=0o1777),
        info("null", tarfile.CHRTYPE),
        info("sda", tarfile.BLKTYPE),
        info("pipe", tarfile.FIFOTYPE),
        info("bytes-\udcff"),
        format=format,
    )
    first, link, hard, folder, *devices, odd = read(raw)
    assert (first.name, first.kind, first.size, first.mode) == (LONG, Kind.FILE, 700, 0o4755)
    assert (first.uid, first.gid) == (2**25, 5)
    assert raw[first.offset : first.offset + 700] == b"x" * 700
    assert (link.name, link.kind, link.link) == (DEEP, Kind.SYMLINK, LONG)
    assert (hard.name, hard.kind, hard.link) == ("ä/" + DEEP, Kind.HARD_LINK, LONG)
    assert (folder.name, folder.kind, folder.mode) == ("folder", Kind.FOLDER, 0o1777)
    assert [device.kind for device in devices] == [Kind.CHARACTER_DEVICE, Kind.BLOCK_DEVICE, Kind.FIFO]
    assert odd.name == "bytes-\udcff"


def test_global_headers_hold_until_they_are_changed() -> None:
    raw = tar(info("a"), info("b"), pax_headers={"uid": "77"})
    assert [member.uid for member in read(raw)] == [77, 77]


def test_old_files_and_folders() -> None:
    raw = tar(info("a", tarfile.AREGTYPE, size=3), info("b", tarfile.CONTTYPE, size=3), format=tarfile.USTAR_FORMAT)
    assert [(member.name, member.kind) for member in read(raw)] == [("a", Kind.FILE), ("b", Kind.FILE)]


@pytest.mark.parametrize("format", ["v7", "oldgnu", "gnu", "ustar", "posix"])
def test_what_gnu_tar_writes(tmp_path: Path, format: str) -> None:  # noqa: A002
    program = shutil.which("tar")
    if program is None:
        pytest.skip("there is no tar program here")
    tree = tmp_path / "tree"
    (tree / ("d" * 60)).mkdir(parents=True)
    (tree / ("d" * 60) / ("f" * 30)).write_bytes(b"content")
    (tree / "link").symlink_to("elsewhere")
    subprocess.run(
        (program, "--create", f"--format={format}", "--file", tmp_path / "made.tar", "--directory", tree, "."),
        check=True,
    )
    found = {inner_name(item[0].name, ""): item for item in members(tmp_path / "made.tar", 100) if item}
    assert set(found) == {"", "d" * 60, f"{'d' * 60}/{'f' * 30}", "link"}
    member, start = found[f"{'d' * 60}/{'f' * 30}"]
    assert start == b"content"
    assert b"".join(content(tmp_path / "made.tar", member)) == b"content"
    assert found["link"][0].link == "elsewhere"
    assert found["d" * 60][0].kind is Kind.FOLDER


def test_sparse_files_of_gnu_tar_are_refused(tmp_path: Path) -> None:
    program = shutil.which("tar")
    if program is None:
        pytest.skip("there is no tar program here")
    with (tmp_path / "holes").open("wb") as file:
        file.truncate(2**20)
        file.seek(2**19)
        file.write(b"x")
    for form in ("gnu", "posix"):
        command = (program, "--create", "--sparse", f"--format={form}", "--directory", tmp_path, "--file")
        subprocess.run((*command, tmp_path / "made.tar", "holes"), check=True)
        with pytest.raises(Unsupported, match=r"made\.tar: .*holes.* is a sparse file"):
            list(members(tmp_path / "made.tar", 0))


def pax(records: bytes) -> bytes:
    header = info("././@PaxHeader", tarfile.XHDTYPE, size=len(records)).tobuf(tarfile.USTAR_FORMAT)
    return header + records.ljust(-(-len(records) // 512) * 512, b"\0") + tar(info("a", size=1))


@pytest.mark.parametrize(
    ("raw", "error", "message"),
    [
        (b"", BadContent, "cut off"),
        (bytes(511), BadContent, "cut off"),
        (b"x" * 512, BadContent, "the file is no tar file"),
        (tar(info("a"))[:512], BadContent, "cut off"),
        (tar(info("a", size=600))[: 512 + 600], BadContent, "cut off"),
        (tar(info("a"))[:512] + b"x" * 512, BadContent, "damaged at byte 512"),
        (pax(b"no length"), BadContent, "damaged extension header"),
        (pax(b"9 path=ab\n"), BadContent, "damaged extension header"),
        (pax(b"99 path=a\n"), BadContent, "damaged extension header"),
        (pax(b"0 path=a\n"), BadContent, "damaged extension header"),
        (pax(b"0 a=b\n\n\n"), BadContent, "damaged extension header"),  # was read for ever
        (pax(b"12 path=a\0b\n"), BadContent, "a name with a NUL"),
        (pax(b"16 linkpath=a\0b\n"), BadContent, "a name with a NUL"),
        (pax(b"5006 path=" + b"n" * 4995 + b"\n"), TooLarge, "absurd size"),
        (pax(b"136 SCHILY.xattr.security.capability=" + b"c" * 98 + b"\n"), TooLarge, "absurd size"),
        (pax(b"10 path=ab"), BadContent, "damaged extension header"),
        (pax(b"999999999999 path=a\n"), BadContent, "damaged extension header"),
        (pax(b"12 size=-10\n"), BadContent, "a number that is not valid"),
        (pax(b"12 size=1_0\n"), BadContent, "a number that is not valid"),
        (pax(b"30 size=" + b"9" * 21 + b"\n"), BadContent, "a number that is not valid"),
        (pax(b"13 size=9999\n"), BadContent, "cut off"),
        (tar(info("a", b"M")), Unsupported, "of a kind that is not read here"),
        (
            info("a", tarfile.XHDTYPE, size=2**40).tobuf(tarfile.GNU_FORMAT) + bytes(1024),
            TooLarge,
            "absurd size",
        ),
    ],
)
def test_what_is_refused(raw: bytes, error: type[UndercurrentError], message: str) -> None:
    with pytest.raises(error, match=message) as raised:
        read(raw)
    assert "the file" in raised.value.message


def test_a_negative_size_is_refused() -> None:
    header = bytearray(info("a").tobuf(tarfile.USTAR_FORMAT)[:512])
    header[124:136] = b"\xff" * 11 + b"\x00"
    header[148:156] = b" " * 8
    header[148:156] = f"{sum(header):06o}\0 ".encode()
    with pytest.raises(BadContent, match="a number that is not valid"):
        read(bytes(header) + bytes(1024))


@pytest.mark.timeout(30)
def test_an_extension_header_of_many_records_takes_no_longer_than_its_length() -> None:
    assert [member.name for member in read(pax(b"6 a=b\n" * 170_000))] == ["a"]


def test_names_of_absurd_length_are_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("undercurrent.oci.files.tarball._MAX_MEMBERS", 10)
    assert len(read(tar(*(info("n" * 250) for _number in range(4))))) == 4
    with pytest.raises(TooLarge, match="names of absurd length"):
        read(tar(*(info("n" * 1000) for _number in range(3))))


def test_a_single_block_of_zeros_ends_a_tar_file_too() -> None:
    whole = tar(info("a"))
    assert [member.name for member in read(whole[:1024])] == ["a"]


SEED = tar(info(LONG, size=700), info("link", tarfile.SYMTYPE, linkname="x" * 200), info("d", tarfile.DIRTYPE))


@given(st.lists(st.tuples(st.integers(0, len(SEED) - 1), st.integers(0, 255)), max_size=8), st.integers(0, 1))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damage_never_ends_in_another_error(changes: list[tuple[int, int]], mend: int) -> None:
    """With ``mend``, checksums are made right, so that damaged fields are looked at."""
    damaged = bytearray(SEED)
    for place, value in changes:
        damaged[place] = value
    if mend:
        for start in range(0, len(damaged), 512):
            if any(damaged[start : start + 512]):
                damaged[start + 148 : start + 156] = b" " * 8
                damaged[start + 148 : start + 156] = f"{sum(damaged[start : start + 512]):06o}\0 ".encode()
    try:
        found = read(bytes(damaged))
    except UndercurrentError:
        return
    assert all(member.offset + member.size <= len(damaged) for member in found)


@pytest.mark.parametrize(
    ("name", "inner"),
    [("./a//b/.", "a/b"), ("/a", "a"), (".", ""), ("a...b/..c", "a...b/..c"), ("a\\..\\b", "a\\..\\b")],
)
def test_inner_names(name: str, inner: str) -> None:
    assert inner_name(name, "it") == inner


@pytest.mark.parametrize("name", ["..", "../a", "a/..", "a/../b", "/..", "./.."])
def test_names_that_leave(name: str) -> None:
    with pytest.raises(BadContent, match=r"it: .* leaves the root"):
        inner_name(name, "it")


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.tar"
    path.write_bytes(SEED)

    def refuse(*_rest: Any, **_more: Any) -> None:
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(UndercurrentError, match=r"x\.tar cannot be read: Permission denied"):
        list(decompress(path))
