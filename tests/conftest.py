"""What tests share: crystals by name, commands, and a browser."""

import logging
import os
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from pymatgen.core import Lattice, Structure

from unlabelled.commands import main

warnings.filterwarnings("ignore", module="pymatgen")


def pytest_collection_modifyitems(items):
    """Begin with what takes longest, so that it does not keep others waiting at the end."""
    items.sort(key=lambda item: item.get_closest_marker("workflow") is None)


def spacegroup(symbol, lattice, species, coords):
    return Structure.from_spacegroup(symbol, lattice, species, coords)


def salt(cation, anion, a):
    """Rock salt; its sites are written out, as 192 operations take a second to find them."""
    ions = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    return Structure(Lattice.cubic(a), [cation] * 4 + [anion] * 4, [*ions, *(ions + 0.5) % 1])


def _materials():
    cubic, hexagonal = Lattice.cubic, Lattice.hexagonal
    return {
        "NaCl": salt("Na", "Cl", 5.64),
        "CsCl": spacegroup("Pm-3m", cubic(4.11), ["Cs", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]),
        "diamond": spacegroup("Fd-3m", cubic(3.567), ["C"], [[0, 0, 0]]),
        "Fe": spacegroup("Im-3m", cubic(2.866), ["Fe"], [[0, 0, 0]]),
        "TiO2": spacegroup(
            "P4_2/mnm",
            Lattice.tetragonal(4.594, 2.959),
            ["Ti", "O"],
            [[0, 0, 0], [0.305, 0.305, 0]],
        ),
        "SrTiO3": spacegroup(
            "Pm-3m", cubic(3.905), ["Sr", "Ti", "O"], [[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0]]
        ),
        "quartz": spacegroup(
            "P3_121",
            hexagonal(4.913, 5.405),
            ["Si", "O"],
            [[0.4697, 0, 1 / 3], [0.4133, 0.2672, 0.2144]],
        ),
        "ZnO": spacegroup(
            "P6_3mc",
            hexagonal(3.25, 5.207),
            ["Zn", "O"],
            [[1 / 3, 2 / 3, 0], [1 / 3, 2 / 3, 0.382]],
        ),
        # no symmetry at all
        "triclinic": Structure(
            Lattice.from_parameters(4.1, 5.3, 6.2, 81, 97, 104),
            ["Li", "Mn", "O", "O", "F"],
            [
                [0.02, 0.07, 0.05],
                [0.51, 0.44, 0.52],
                [0.2, 0.7, 0.3],
                [0.75, 0.2, 0.8],
                [0.3, 0.25, 0.75],
            ],
        ),
    }


@pytest.fixture(scope="session")
def materials():
    """Crystals by name: cubic, tetragonal, hexagonal, elemental, without symmetry."""
    return _materials()


@pytest.fixture(scope="session")
def rock_salt():
    """Function of a cation, an anion and the length of the cell's edge in Å."""
    return salt


BROWSER = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def call():
    """Run a command in this process and return what it printed."""

    def run(*arguments, status=0):
        levels = _log_levels()
        done = CliRunner().invoke(main, [str(argument) for argument in arguments])
        for name in _log_levels():  # a command sets those of its process, here that of all tests
            logging.getLogger(name).setLevel(levels.get(name, logging.NOTSET))
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == status, done.output
        return done

    return run


def _log_levels():
    loggers = logging.Logger.manager.loggerDict.items()
    levels = {name: logger.level for name, logger in loggers if isinstance(logger, logging.Logger)}
    return {"root": logging.root.level, **levels}


@pytest.fixture(scope="module")  # its event loop is in the way of other modules
def browser():
    """Chromium, of the system or of playwright; without one, tests are skipped, but not in CI."""
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright:
        try:
            running = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=BROWSER
            )
        except Error as error:
            if "CI" in os.environ:
                raise
            pytest.skip(f"no browser: {error}")
        yield running
        running.close()


@pytest.fixture
def visit(browser):
    """Function that opens a file as a page, with a width in pixels.

    The test fails if a page logs an error, throws one, or asks for what is not in its file.
    """
    context = browser.new_context(accept_downloads=True)
    faults = []

    def opened(path, width=1280):
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": 800})
        page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda request: faults.extend(outgoing(request.url)))
        page.goto(Path(path).absolute().as_uri())
        return page

    yield opened
    context.close()
    assert faults == []


def outgoing(address):
    return [] if address.startswith(("file:", "data:", "blob:")) else [address]
