"""The file of a backup: whole, or refused before anything is made of it."""

from __future__ import annotations

import errno
import io
import json
import stat
import tarfile
from pathlib import Path
from typing import Any

import pytest
import zstandard

from infra import backup_archive
from infra.backup_archive import HEAD, writing
from infra.backup_reader import ArchiveReader
from neural_focus.errors import FormatError, InputError, StoreError

FILES = {f"home/reports/{number}": bytes([number]) * 5_000 * number for number in range(1, 8)}


def written(path: Path, files: dict[str, bytes] = FILES) -> Path:
    with writing(path, {"product": "of a test"}) as archive:
        for name, data in files.items():
            archive.add_bytes(name, data)
    return path


def read(path: Path) -> dict[str, bytes]:
    reader = ArchiveReader(path)
    try:
        return {member.name: member.file.read() for member in reader.members()}
    finally:
        reader.close()


def test_what_was_written_is_read_and_its_owner_alone_may(tmp_path: Path) -> None:
    path = written(tmp_path / "one.backup")
    assert read(path) == FILES
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["one.backup"]


def test_members_that_nobody_reads_are_checked_too(tmp_path: Path) -> None:
    reader = ArchiveReader(written(tmp_path / "one.backup"))
    assert sum(1 for _ in reader.members()) == len(FILES)
    assert reader.manifest["product"] == "of a test"
    reader.close()


def test_every_torn_file_is_refused_and_one_with_something_behind_it(tmp_path: Path) -> None:
    data, torn = written(tmp_path / "one.backup").read_bytes(), tmp_path / "torn"
    for broken in [*(data[:length] for length in (0, 1, 4, *range(100, len(data), 53), len(data) - 1)), data + b"x"]:
        torn.write_bytes(broken)
        with pytest.raises(FormatError):
            read(torn)


def test_every_flipped_bit_is_refused_or_changes_nothing(tmp_path: Path) -> None:
    data, flipped = written(tmp_path / "one.backup").read_bytes(), tmp_path / "flipped"
    refused = 0
    for place in range(0, len(data), 7):
        flipped.write_bytes(data[:place] + bytes([data[place] ^ (1 << place % 8)]) + data[place + 1 :])
        try:
            assert read(flipped) == FILES
        except FormatError:
            refused += 1
    assert refused >= len(data) // 7, "a bit of the frame's header that nobody reads may be any"


def _tar(path: Path, members: list[tuple[tarfile.TarInfo, bytes]]) -> Path:
    with (
        path.open("wb") as file,
        zstandard.ZstdCompressor().stream_writer(file) as compressed,
        tarfile.open(fileobj=compressed, mode="w|") as tar,
    ):
        head = tarfile.TarInfo(HEAD)
        told = json.dumps({"format": 1}).encode()
        for info, data in [(head, told), *members]:
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("home/../../etc/cron.d/x", {}),
        ("/etc/passwd", {}),
        ("home//x", {}),
        ("home/./x", {}),
        ("home/database/data/PG_VERSION", {}),
        ("home/restoring", {}),
        ("elsewhere/x", {}),
        ("home/link", {"type": tarfile.SYMTYPE, "linkname": "/etc"}),
        ("home/hard", {"type": tarfile.LNKTYPE, "linkname": "home/x"}),
        ("home/device", {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 3}),
        ("home/folder", {"type": tarfile.DIRTYPE}),
        ("home/x", {}),
    ],
)
def test_names_that_lead_elsewhere_and_what_is_no_file_are_refused(
    tmp_path: Path, name: str, more: dict[str, Any]
) -> None:
    info = tarfile.TarInfo(name)
    for attribute, value in more.items():
        setattr(info, attribute, value)
    with pytest.raises(FormatError, match="it holds"):
        read(_tar(tmp_path / "foreign", [(tarfile.TarInfo("home/x"), b"x"), (info, b"")]))


def test_foreign_files_are_refused(tmp_path: Path) -> None:
    for name, data in (("text", b"no backup at all"), ("zstd", zstandard.compress(b"something else" * 99))):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(FormatError, match="is no backup of Neural Focus"):
            read(tmp_path / name)
    with pytest.raises(InputError, match="cannot be read"):
        ArchiveReader(tmp_path / "nothing")


def test_a_newer_format_is_refused_with_the_next_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup_archive, "FORMAT", 2)
    path = written(tmp_path / "newer")
    monkeypatch.undo()
    with pytest.raises(FormatError, match=r"format 2.*Update this program"):
        read(path)


def test_what_is_there_stays_and_a_failure_leaves_nothing(tmp_path: Path) -> None:
    path = written(tmp_path / "one.backup")
    before = path.read_bytes()
    with pytest.raises(InputError, match="is there already"):
        written(path)
    with pytest.raises(StoreError, match="No space left"), writing(tmp_path / "two.backup", {}):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert path.read_bytes() == before and [one.name for one in tmp_path.iterdir()] == ["one.backup"]


def test_a_file_that_became_shorter_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"became shorter.*again"), writing(tmp_path / "one", {}) as archive:
        archive.add("home/x", io.BytesIO(b"123"), 4)
