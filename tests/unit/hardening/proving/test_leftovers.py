"""What killed processes left, and what is not theirs."""

from pathlib import Path

from undercurrent.hardening.proving.leftovers import is_left, own_folder, own_name, sweep_folders


def of_a_dead_process() -> str:
    """A name as this process makes them, had it begun at another time: its number belongs to somebody else now."""
    before, space, pid, began, end = own_name().rsplit("-", 4)
    return "-".join((before, space, pid, f"{int(began, 16) + 1:x}", end))


def test_folders_of_killed_processes_go_and_nothing_else(tmp_path: Path) -> None:
    left, alive = tmp_path / f"{of_a_dead_process()}-ab_c1", tmp_path / f"{own_name()}-ab_c1"
    link, mine = tmp_path / of_a_dead_process(), tmp_path / "uc-prove-mine"
    for folder in (left, alive, mine):
        (folder / "context").mkdir(parents=True)
        (folder / "context" / "file").write_text("text")
    link.symlink_to(mine)

    sweep_folders(tmp_path)

    assert is_left(left.name)
    assert sorted(tmp_path.iterdir()) == sorted((alive, link, mine))
    assert (mine / "context" / "file").read_text() == "text"


def test_a_folder_of_its_own_tells_whose_it_is_and_goes() -> None:
    with own_folder() as folder:
        assert folder.name.startswith("uc-prove-")
        assert not is_left(folder.name)
    assert not folder.exists()
