import gzip
import logging
import os
import stat
import zipfile

import pandas as pd
import pytest

from unlabelled.errors import SourceError
from unlabelled.sources import catalogue, local, registry

CIF = "data_{0}\n_cell_length_a 3.0\n"
POSCAR = "Si\n1.0\n3 0 0\n0 3 0\n0 0 3\nSi\n1\ndirect\n0 0 0\n"


def read(path, kind="folder", **more):
    spec = {"kind": kind, "path": str(path), **more}
    return list(registry.entries("mine", spec, "unused"))


def by_name(found):
    assert len({entry.name for entry in found}) == len(found)
    return {entry.name: entry for entry in found}


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "crystals"
    (root / "deep" / "Si").mkdir(parents=True)
    (root / "a.cif").write_text(CIF.format("a"))
    (root / "deep" / "B.CIF").write_text(CIF.format("b"))
    (root / "deep" / "c.vasp").write_text(POSCAR)
    (root / "deep" / "Si" / "POSCAR_relaxed").write_text(POSCAR)
    (root / "notes.txt").write_text("no crystal")
    (root / "._a.cif").write_bytes(b"\x00\x05")
    return root


def zipped(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def check_folder(found):
    assert {name: entry.format for name, entry in found.items()} == {
        "a": "cif",
        "B": "cif",
        "c": "poscar",
        "POSCAR_relaxed": "poscar",
    }
    assert found["a"].text == CIF.format("a")
    assert found["c"].text == POSCAR
    assert all(entry.error is None for entry in found.values())


def test_folder(folder):
    check_folder(by_name(read(folder)))


def test_linked_folders_are_looked_into_once(folder, tmp_path, monkeypatch):
    study = tmp_path / "study"
    study.mkdir()
    (study / "linked").symlink_to(folder)
    (study / "second").symlink_to(folder)
    (folder / "deep" / "above").symlink_to(folder)
    check_folder(by_name(read(study)))
    spec = {"kind": "folder", "path": str(study)}
    before = catalogue.fingerprint(spec)
    (folder / "deep" / "B.CIF").write_text(CIF.format("another"))
    assert catalogue.fingerprint(spec) != before

    def locked(place):
        if str(place).endswith("Si"):
            raise PermissionError(13, "Permission denied", str(place))
        return scandir(place)

    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", locked)
    with pytest.raises(SourceError, match=r"linked/deep/Si cannot be read \(Permission denied\)"):
        read(study)


def test_zip(folder, tmp_path):
    files = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    check_folder(by_name(read(zipped(tmp_path / "a.zip", files), "zip")))


def test_names_are_unique(tmp_path):
    for name in ("x/POSCAR", "y/POSCAR", "y/z.cif", "y/z.vasp", "q.cif"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(CIF.format("z") if name.endswith("cif") else POSCAR)
    names = set(by_name(read(tmp_path)))
    assert names == {"x/POSCAR", "y/POSCAR", "y/z.cif", "y/z.vasp", "q"}


def test_several_blocks_of_a_file_are_all_kept(tmp_path):
    (tmp_path / "two.cif").write_text(CIF.format("first") + CIF.format("second"))
    found = by_name(read(tmp_path))
    assert set(found) == {"two:first", "two:second"}
    assert found["two:second"].text == CIF.format("second")


def test_data_before_the_only_block_do_not_rename_it(tmp_path):
    (tmp_path / "one.cif").write_text("_audit_creation_date 2020\n" + CIF.format("first"))
    found = by_name(read(tmp_path))
    assert found.keys() == {"one", "one:no header"}
    assert found["one"].error is None


def test_what_cannot_be_read_stays_visible(tmp_path):
    (tmp_path / "empty.cif").write_text(" \n")
    (tmp_path / "latin.cif").write_bytes(CIF.format("x").encode() + b"\xe9\n")
    (tmp_path / "latin.vasp").write_bytes(b"\xe9\n")
    (tmp_path / "prose.cif").write_text("hello\n")
    (tmp_path / "large.cif").write_text(CIF.format("x") + "#" * 2000)
    (tmp_path / "marked.cif").write_bytes(b"\xef\xbb\xbf" + CIF.format("x").encode())
    found = by_name(read(tmp_path, entry_limit_mb=0.001))
    errors = {name: entry.error for name, entry in found.items()}
    assert errors.pop("marked") is None
    assert found["marked"].text == CIF.format("x")
    assert errors["empty"] == "it is empty"
    assert errors["prose"] == "it has no data_ block"
    assert "entry_limit_mb" in errors["large"]
    assert "UTF-8" in errors["latin.cif"]
    assert "UTF-8" in errors["latin.vasp"]
    assert all(found[name].text == "" for name in errors)


def test_missing_and_empty_places(tmp_path):
    with pytest.raises(SourceError, match="does not exist"):
        read(tmp_path / "absent")
    with pytest.raises(SourceError, match="holds no crystals"):
        read(tmp_path)
    with pytest.raises(SourceError, match="holds no crystals"):
        read(zipped(tmp_path / "a.zip", {"a.txt": "x"}), "zip")
    with pytest.raises(SourceError, match="is not a folder"):
        read(tmp_path / "a.zip")
    (tmp_path / "b.zip").write_text("no archive")
    with pytest.raises(SourceError, match="cannot be opened as a zip archive"):
        read(tmp_path / "b.zip", "zip")


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ("../out.cif", "leads out of the archive"),
        ("a/../../out.cif", "leads out of the archive"),
        ("..\\out.cif", "leads out of the archive"),
        ("/etc/out.cif", "has an absolute path"),
        ("C:\\out.cif", "has an absolute path"),
    ],
)
def test_zip_entries_that_escape_are_refused(tmp_path, entry, fault):
    path = zipped(tmp_path / "a.zip", {"good.cif": CIF.format("x"), entry: "x"})
    with pytest.raises(SourceError) as caught:
        read(path, "zip")
    assert f"{entry!r} {fault}" in str(caught.value)
    assert str(path) in str(caught.value)


def test_zip_links_are_refused(tmp_path):
    link = zipfile.ZipInfo("link.cif")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(SourceError, match=r"'link\.cif' is a symbolic link"):
        read(tmp_path / "a.zip", "zip")


def test_zip_bombs_are_refused(tmp_path, monkeypatch):
    path = zipped(tmp_path / "a.zip", {"good.cif": CIF.format("x"), "bomb.cif": b"0" * 2_000_000})
    with pytest.raises(SourceError, match=r"'bomb\.cif' unpacks to \d+ times"):
        read(path, "zip")
    monkeypatch.setattr(local, "ZIP_RATIO_LIMIT", 10_000)
    monkeypatch.setattr(local, "ZIP_TOTAL_LIMIT", 1_000_000)
    with pytest.raises(SourceError, match=r"'bomb\.cif' brings its uncompressed size above"):
        read(path, "zip")


def test_an_understated_size_does_not_unpack_more(tmp_path):
    path = zipped(tmp_path / "a.zip", {"liar.cif": os.urandom(5000).hex()})
    data = path.read_bytes().replace((10_000).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    path.write_bytes(data)
    (entry,) = read(path, "zip")
    assert entry.text == ""
    assert "BadZipFile" in entry.error


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_zip_entries_that_stand_twice_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.cif", CIF.format("x"))
        archive.writestr("a.cif", CIF.format("y"))
    with pytest.raises(SourceError, match=r"'a\.cif' stands in it more than once"):
        read(tmp_path / "a.zip", "zip")


ICSD = """# exported
data_15-ICSD
_database_code_ICSD 15
_publ_section_title
;
data_reduction of silicon
_database_code_ICSD 99
;
_cell_length_a 5.4
DATA_second
  _database_code_icsd '16'
_cell_length_a 'data_ of a cell'
data_third
_cell_length_a 3.1
_database_code_ICSD ?
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_an_icsd_export_in_one_file(tmp_path, newline):
    path = tmp_path / "export.cif"
    path.write_text(ICSD, newline=newline)
    found = by_name(read(path, "icsd"))
    assert list(found) == ["15", "16", "third"]
    text = ICSD.replace("\n", newline)
    assert "".join(entry.text for entry in found.values()) == text.partition(newline)[2]
    assert "data_reduction" in found["15"].text


def test_an_icsd_export_in_a_folder(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "EntryWithCollCode15.cif").write_text(ICSD[: ICSD.index("DATA_second")])
    (tmp_path / "unnamed.cif").write_text("data_\n_cell_length_a 2\n")
    (tmp_path / "void.cif").write_text("")
    found = by_name(read(tmp_path, "icsd"))
    assert set(found) == {"15", "unnamed", "void"}
    assert found["void"].error == "it has no data_ block"


def test_faults_of_an_icsd_export(tmp_path):
    path = tmp_path / "export.cif"
    latin, large = b"data_latin\n_x \xe9\n", b"data_large\n" + b"_x 1\n" * 400
    path.write_bytes(latin + large + b"data_open\n;\nlost\ndata_z\n")
    found = by_name(read(path, "icsd", entry_limit_mb=0.001))
    assert "UTF-8" in found["latin"].error
    assert "entry_limit_mb" in found["large"].error
    assert "begins in line 405 is never closed" in found["open"].error
    assert set(found) == {"latin", "large", "open"}
    path.write_text("no blocks\n")
    with pytest.raises(SourceError, match="holds no data_ block"):
        read(path, "icsd")


@pytest.fixture
def three(tmp_path):
    root = tmp_path / "three"
    root.mkdir()
    for name in ("001", "NaN", "c"):
        (root / f"{name}.cif").write_text(CIF.format(name))
    return root


def table_spec(path):
    labels = {
        "band_gap": {"column": "Eg", "unit": "eV"},
        "e_above_hull": {"column": "hull", "unit": "eV/atom"},
    }
    return {"path": str(path), "id": "name", "labels": labels}


CSV = "name,Eg,hull\n001,1.5,0\nNaN,metal,\nextra,2,inf\n"


def test_labels(three, tmp_path, caplog):
    (tmp_path / "gaps.csv").write_text(CSV)
    with caplog.at_level(logging.WARNING):
        found = by_name(read(three, label_table=table_spec(tmp_path / "gaps.csv")))
    assert found["001"].labels == {"band_gap": 1.5, "e_above_hull": 0.0}
    assert found["NaN"].labels == {"band_gap": None, "e_above_hull": None}
    assert found["c"].labels == {"band_gap": None, "e_above_hull": None}
    assert "1 values of the column 'Eg'" in caplog.text
    assert "'metal' of 'NaN'" in caplog.text
    assert "1 values of the column 'hull'" in caplog.text
    assert "1 identifiers of" in caplog.text
    assert "'extra'" in caplog.text
    assert "1 crystals are not in" in caplog.text


def test_labels_in_gzip_and_parquet(three, tmp_path):
    with gzip.open(tmp_path / "gaps.csv.gz", "wt") as file:
        file.write(CSV)
    frame = pd.DataFrame({"name": ["001", "c"], "Eg": [1.5, None], "hull": [0, 1]})
    frame.to_parquet(tmp_path / "gaps.parquet")
    for name, missing in (("gaps.csv.gz", "NaN"), ("gaps.parquet", "c")):
        found = by_name(read(three, label_table=table_spec(tmp_path / name)))
        assert found["001"].labels == {"band_gap": 1.5, "e_above_hull": 0.0}
        assert found[missing].labels["band_gap"] is None


def test_integer_identifiers_in_parquet(tmp_path):
    (tmp_path / "15.cif").write_text(CIF.format("x"))
    pd.DataFrame({"name": [15], "Eg": [1.5], "hull": [0.0]}).to_parquet(tmp_path / "g.parquet")
    (entry,) = read(tmp_path, label_table=table_spec(tmp_path / "g.parquet"))
    assert entry.labels["band_gap"] == 1.5


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"path": "absent.csv"}, "absent.csv does not exist"),
        ({"id": "nmae"}, "no column 'nmae'; did you mean 'name'? its columns are: 'name', 'Eg'"),
        (
            {"labels": {"band_gap": {"column": "gap", "unit": "eV"}}},
            "no column 'gap'; its columns are: 'name', 'Eg', 'hull'",
        ),
    ],
)
def test_faults_of_a_label_table(three, tmp_path, changes, expected):
    (tmp_path / "gaps.csv").write_text(CSV)
    with pytest.raises(SourceError) as caught:
        read(three, label_table={**table_spec(tmp_path / "gaps.csv"), **changes})
    assert expected in str(caught.value)
    assert "'mine'" in str(caught.value)


def test_identifiers_that_stand_twice(three, tmp_path):
    (tmp_path / "gaps.csv").write_text(CSV + "001,9,9\n")
    with pytest.raises(SourceError, match=r"1 identifiers more than once .*'001'"):
        read(three, label_table=table_spec(tmp_path / "gaps.csv"))


def test_a_label_table_cut_off_in_transfer(three, tmp_path):
    whole = gzip.compress((CSV + "x,1,2\n" * 1000).encode())
    for data in (whole[:-20], whole[:40] + b"\xff" * 9 + whole[49:]):
        (tmp_path / "gaps.csv.gz").write_bytes(data)
        with pytest.raises(SourceError, match=r"gaps\.csv\.gz cannot be read"):
            read(three, label_table=table_spec(tmp_path / "gaps.csv.gz"))


@pytest.mark.parametrize("name", ["gaps.csv", "gaps.parquet", "gaps.csv.xz", "gaps.csv.zip"])
def test_a_damaged_label_table(three, tmp_path, name):
    (tmp_path / name).write_bytes(b'name,Eg,hull\n"\xff\xfe,1\n1,2,3,4\n')
    with pytest.raises(SourceError, match="cannot be read"):
        read(three, label_table=table_spec(tmp_path / name))


def test_a_label_table_with_a_comma_after_every_row(three, tmp_path):
    (tmp_path / "gaps.csv").write_text("name,Eg,hull\n001,9,9,\n")
    with pytest.raises(SourceError, match="more cells than the header"):
        read(three, label_table=table_spec(tmp_path / "gaps.csv"))


def test_files_folders_and_archives_at_once(folder, tmp_path):
    archive = zipped(tmp_path / "more.zip", {"d.cif": CIF.format("d")})
    alone = tmp_path / "e.cif"
    alone.write_text(CIF.format("e"))
    found = by_name(list(local.of_paths([alone, archive, folder])))
    assert set(found) == {"a", "B", "c", "POSCAR_relaxed", "d", "e"}
    check_folder({name: entry for name, entry in found.items() if name not in "de"})
    assert [entry.name for entry in local.of_paths([archive])] == ["d"]
    assert [entry.name for entry in local.of_paths([alone])] == ["e"]


@pytest.mark.parametrize(
    ("name", "message"),
    [("notes.txt", "is neither"), ("absent.cif", "does not exist"), ("deep/empty", "no crystals")],
)
def test_paths_without_crystals(folder, name, message):
    (folder / "deep/empty").mkdir()
    with pytest.raises(SourceError, match=message):
        list(local.of_paths([folder / name]))
