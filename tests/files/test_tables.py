"""Tables that others wrote: read rightly or refused with the reason, in memory that their promises do not change."""

from __future__ import annotations

import tracemalloc
import zipfile

import numpy as np
import pytest

from pinn.errors import SpecError
from pinn.files.archive import read_npz
from pinn.files.csv_table import read_csv
from pinn.spec.tables import read_columns

MEMORY = 200e6  # bytes that Python may hold at once for a file of a few megabytes


def saved(file, **arrays):
    np.savez(file, **arrays)
    return file.read_bytes()


def hostile(folder):
    """name -> (content, what the refusal says)."""
    whole = saved(folder / "whole.npz", x=[0.5, 0.2], u=[0.07, 0.03])
    damaged = bytearray(whole)
    damaged[whole.find(b"u.npy") + 160] ^= 255
    wide = "x,u," + ",".join(f"c{k}" for k in range(200_000)) + "\n" + "0.5," * 200_001 + "0.5\n"
    x = np.array([0.5, 0.2])
    return {
        "field.csv": (b"x,u\n0.5," + b"1" * 200_000 + b"\n", "field larger than"),
        "wide.csv": (wide.encode(), "has 200,002 columns"),
        "under.csv": (b"x,u\n0.5,1_0\n", "line 2: '1_0' is not a number"),
        "script.csv": ("x,u\n0.5,١\n".encode(), "is not a number"),
        "utf16.csv": ("x,u\n0.5,1\n".encode("utf-16"), "is not UTF-8 text"),
        "cut.npz": (whole[: len(whole) // 2], "is damaged"),
        "crc.npz": (bytes(damaged), "is damaged"),
        "complex.npz": (saved(folder / "a.npz", x=x, u=x + 5j), "'u' holds complex numbers"),
        "records.npz": (saved(folder / "b.npz", x=x, u=np.zeros(2, [("a", "f8"), ("b", "f8")])), "'u' holds records"),
        "dates.npz": (saved(folder / "c.npz", x=x, u=np.array([1, 2], "M8[s]")), "'u' holds dates"),
        "text.npz": (saved(folder / "d.npz", x=x, u=np.array(["0.07", "0.03"])), "'u' holds text"),
        "truth.npz": (saved(folder / "e.npz", x=x, u=x > 0.3), "'u' holds true and false"),
        "single.npz": (saved(folder / "f.npz", x=x, u=np.array(1.0)), "'u' is one number"),
    }


NAMES = (
    "field.csv", "wide.csv", "under.csv", "script.csv", "utf16.csv", "cut.npz", "crc.npz", "complex.npz", "records.npz",
    "dates.npz", "text.npz", "truth.npz", "single.npz",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_table_is_refused_for_what_it_is(name, tmp_path):
    content, reason = hostile(tmp_path)[name]
    file = tmp_path / name
    file.write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(SpecError) as refusal:
            read_columns(file, ["x"], ("data", 0, "file"))
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()
    assert reason in str(refusal.value)
    assert name in str(refusal.value)


def test_names_are_looked_at_before_any_number_is():
    """A table that is refused for its header costs its header: the rows below are never asked for."""
    from pinn.files.csv_table import MOST_COLUMNS, _columns

    asked = []

    def rows():
        yield [f"c{k}" for k in range(MOST_COLUMNS + 1)]
        asked.append("a row")
        yield []

    with pytest.raises(ValueError, match="at most"):
        _columns(rows())
    assert asked == []


@pytest.mark.parametrize(("shape", "size"), [(10**12, "8,000,000,000,000"), (10**19, "80,000,000,000,000,000,000")])
def test_an_array_has_the_size_that_its_header_says(shape, size, tmp_path):
    """A header may promise 8 TB, or more than an address can count: nothing is reserved for what is not there."""
    saved(tmp_path / "a.npz", u=np.zeros(4))
    with zipfile.ZipFile(tmp_path / "a.npz") as archive:
        content = archive.read("u.npy")
    asked = f"({shape},), }}".encode()
    promised = content.replace(b"(4,), }" + b" " * (len(asked) - 7), asked)
    assert promised != content
    with zipfile.ZipFile(tmp_path / "b.npz", "w") as archive:
        archive.writestr("u.npy", promised)
    with pytest.raises(ValueError, match=f"does not have the {size} bytes"):
        read_npz(tmp_path / "b.npz")


def test_what_unpacks_to_too_much_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr("pinn.files.archive.LARGEST", 1000)
    np.savez_compressed(tmp_path / "bomb.npz", u=np.zeros(100_000))
    with pytest.raises(ValueError, match="unpacks to more than 1,000 bytes"):
        read_npz(tmp_path / "bomb.npz")


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path):
    (tmp_path / "excel.csv").write_bytes("x,u\r\n0.5,1e-3\r\n# a comment\r\n1, -2.5\r\n".encode("utf-8-sig"))
    found = read_csv(tmp_path / "excel.csv")
    assert list(found) == ["x", "u"]
    assert found["u"].tolist() == [1e-3, -2.5]


@pytest.mark.parametrize("kind", [">f8", "<f4", "i8", "u2"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_come_back_as_numpy_reads_them(kind, order, tmp_path):
    values = np.asarray(np.arange(12).reshape(3, 4), dtype=kind, order=order)
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "a.npz", u=values)
        found = read_npz(tmp_path / "a.npz")["u"]
        assert found.dtype == np.float64
        np.testing.assert_array_equal(found, np.load(tmp_path / "a.npz")["u"])
