import re
import subprocess
import sys

import pytest

HEADER = (
    "import logging, warnings\nfrom unlabelled import errors\nfrom unlabelled.logs import log_to\n"
)


@pytest.fixture
def job(tmp_path):
    """Run lines as a job whose log is `fetch/flla.log`."""
    log = tmp_path / "fetch" / "flla.log"
    log.parent.mkdir()

    def run(*lines):
        body = "".join(f"    {line}\n" for line in lines)
        text = f"{HEADER}with log_to({str(log)!r}):\n{body}"
        done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True)
        return done.returncode, done.stderr, log.read_text()

    return run


def test_records_and_warnings_go_to_the_log(job):
    code, printed, log = job(
        "logging.getLogger('other').info('six of seven')", "warnings.warn('blurred')"
    )
    assert (code, printed) == (0, "")
    assert re.search(r"(?m)^[-0-9]+ [0-9:,]+ INFO other: six of seven$", log)
    assert re.search(r"WARNING py\.warnings: .*UserWarning: blurred", log)


def test_what_the_package_reports_is_shown_with_the_name_of_the_job(job):
    code, printed, log = job("logging.getLogger('unlabelled.pool').info('40 crystals')")
    assert (code, printed) == (0, "fetch/flla: 40 crystals\n")
    assert "INFO unlabelled.pool: 40 crystals\n" in log


def test_an_older_log_is_overwritten(job):
    job("logging.info('first')")
    assert "first" not in job("logging.info('second')")[2]


@pytest.mark.parametrize("kind", ["UserError", "ConfigurationError", "SourceError"])
def test_an_error_of_the_user_is_one_line_and_its_traceback_is_in_the_log(job, kind):
    code, printed, log = job(f"raise errors.{kind}('mend the key seed')")
    assert (code, printed) == (1, "\nError: mend the key seed\n")
    assert "Traceback" in log
    assert f"{kind}: mend the key seed" in log


def test_any_other_error_is_raised_and_its_traceback_is_in_the_log(job):
    code, printed, log = job("{}['lost']")
    assert code == 1
    assert "KeyError: 'lost'" in printed
    assert "\nError:" not in printed
    assert "Traceback" in log
    assert "KeyError: 'lost'" in log


@pytest.mark.parametrize(
    ("raised", "printed"),
    [
        ("OSError(28, 'No space left on device', 'a.parquet')", "the disk is full.*a\\.parquet"),
        ("RuntimeError('Error: I/O error: No space left on device (os error 28)')", "disk is full"),
        ("OSError(30, 'Read-only file system', 'a.parquet')", "the disk is read-only.*a\\.parquet"),
        (
            "PermissionError(13, 'Permission denied', 'a.parquet')",
            "not allowed to you.*a\\.parquet",
        ),
        ("MemoryError('40 GiB')", "out of memory \\(40 GiB\\); give the job more"),
        ("RuntimeError('CUDA out of memory. Tried to allocate')", "out of memory.*fewer at a time"),
    ],
)
def test_what_the_machine_refused_is_one_line_that_says_what_to_do(job, raised, printed):
    code, shown, log = job(f"raise {raised}")
    assert code == 1
    assert re.fullmatch(rf"\nError: .*{printed}.*\n", shown)
    assert "Traceback" in log
