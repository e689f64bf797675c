"""What the machine does to a run: kills at any moment, a full disk, one that is read-only."""

import os
import random
import shutil
import signal
import subprocess

import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.workflow
CRYSTALS = "results/tiny/structures/flla.parquet"
KILLS = 50


def left_over(study):
    """Files and folders that a killed writer left."""
    return [
        path.relative_to(study.results).as_posix()
        for path in study.results.rglob("*")
        if path.name.endswith(".part") or path.name.startswith("checkpoints-")
    ]


@pytest.mark.campaign
def test_a_run_that_is_killed_again_and_again_ends_with_the_same_tables(study, make_study):
    killed = make_study()
    moments = random.Random(0)
    kills = runs = 0
    while kills < KILLS or runs == 0:
        life = 2 + moments.expovariate(1 / 9)  # s; some must outlive the longest job
        process = subprocess.Popen(
            killed.command(),
            cwd=killed.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            output, _ = process.communicate(timeout=life)
            assert process.returncode == 0, output
            runs += 1
            tables = sorted(killed.results.rglob("*.parquet"))
            for path in moments.sample(tables, len(tables) // 3):
                path.unlink()
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            kills += 1
    killed.run()
    assert study.differences(killed) == []
    assert left_over(killed) == []


@pytest.fixture
def small_disk(make_study):
    """A study whose results lie on a disk of their own, and a function that mounts it anew."""
    study = make_study()
    disk = study.folder / "results"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(mount, check=False).returncode:
        pytest.skip("only root may mount a disk")

    def change(options):
        subprocess.run(["mount", "-o", f"remount,{options}", str(disk)], check=True)

    yield study, change
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_is_named_and_the_run_goes_on_with_more(small_disk):
    study, change = small_disk
    blocker = study.folder / "results/blocker"
    free = shutil.disk_usage(blocker.parent).free
    blocker.write_bytes(b"0" * (free - 40_000))  # logs fit, tables do not
    output = study.run(CRYSTALS, status=1)
    assert "the disk is full: free space on it, and run again" in output
    assert not list((study.results / "structures").glob("*.parquet"))
    assert left_over(study) == []
    change("size=50m")
    study.run(CRYSTALS)
    assert pq.read_metadata(study.folder / CRYSTALS).num_rows > 100


def test_a_read_only_disk_is_named(small_disk):
    study, change = small_disk
    change("ro")
    assert "Read-only file system" in study.run(CRYSTALS, status=1)
    change("rw,size=50m")
    study.run(CRYSTALS)
    change("ro")
    assert "Nothing to be done" in study.run(CRYSTALS)


def test_a_second_run_in_the_same_folder_is_refused(make_study):
    study = make_study()
    shutil.copy("Makefile", study.folder)
    (study.folder / "results").mkdir()
    (study.folder / ".venv/bin").mkdir(parents=True)
    for name in ("installed", "bin/python"):
        (study.folder / ".venv" / name).touch()
    lock = ["flock", "results/.lock", "make", "run", "--old-file", ".venv/installed"]
    done = subprocess.run(lock, cwd=study.folder, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "Another run is active in this folder; wait for it." in done.stderr
