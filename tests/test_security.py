"""What no module may do, whoever's file it reads: run what is in it, or revive objects from it.

Ruff's rules S refuse a part of this; the walk through the syntax trees holds for all.
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted(
    path for folder in ("workflow", "benchmarks") for path in (ROOT / folder).rglob("*.py")
)
RULES = [ROOT / "Snakefile", *sorted((ROOT / "workflow/rules").glob("*.smk"))]
LITERALS = ROOT / "workflow/unlabelled/literals.py"  # limits the length of what it reads

IMPORTS = {
    *("pickle", "_pickle", "pickletools", "cloudpickle", "dill", "jsonpickle", "joblib"),
    *("shelve", "marshal", "code", "codeop"),
}
NAMES = {"eval", "exec", "compile", "__import__"}
CALLS = {
    *("torch.load", "torch.save", "torch.jit.load", "torch.hub.load", "np.load", "numpy.load"),
    *("yaml.load", "yaml.load_all", "yaml.unsafe_load", "yaml.full_load", "yaml.unsafe_load_all"),
    "yaml.full_load_all",
    *("yaml.Loader", "yaml.CLoader", "yaml.FullLoader", "yaml.CFullLoader"),
    *("yaml.UnsafeLoader", "yaml.CUnsafeLoader"),
    *("pd.eval", "pd.read_pickle", "pandas.read_pickle", "os.system", "os.popen", "pty.spawn"),
    *("shutil.unpack_archive", "subprocess.getoutput", "subprocess.getstatusoutput"),
    "ast.literal_eval",
}
METHODS = {"to_pickle", "read_pickle", "extractall", "load_from_checkpoint", "load_module"}
KEYWORDS = {"allow_pickle": True, "shell": True, "weights_only": False, "trust_remote_code": True}


def faults(source):
    """Lines of a module that do what is not allowed, as texts."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.split(".")[0] in IMPORTS]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            found += [name for name in names if name.split(".")[0] in IMPORTS or name in CALLS]
        elif isinstance(node, ast.Name) and node.id in NAMES:
            found.append(node.id)
        elif isinstance(node, ast.Attribute):
            if ast.unparse(node) in CALLS or node.attr in METHODS:
                found.append(ast.unparse(node))
        elif isinstance(node, ast.keyword) and node.arg in KEYWORDS:
            harmless = (
                isinstance(node.value, ast.Constant) and node.value.value is not KEYWORDS[node.arg]
            )
            found += [] if harmless else [f"{node.arg}={ast.unparse(node.value)}"]
    return found


@pytest.mark.parametrize(
    "source",
    [
        *("import pickle", "from pickle import loads", "import joblib.numpy_pickle", "import dill"),
        *("eval(text)", "run = exec", "compile(text, '', 'exec')", "__import__(name)"),
        *("torch.load(path)", "torch.load(path, weights_only=True)", "from torch import load"),
        *("read(path, allow_pickle=True)", "read(path, allow_pickle=allowed)", "np.load(path)"),
        *("yaml.load(text, Loader=yaml.Loader)", "from yaml import unsafe_load"),
        *("yaml.load(text, Loader=chosen)", "from yaml import CLoader", "yaml.Loader(text)"),
        *("subprocess.run(line, shell=True)", "os.system(line)", "archive.extractall(folder)"),
        *("ast.literal_eval(text)", "from ast import literal_eval", "frame.to_pickle(path)"),
    ],
)
def test_each_is_found(source):
    assert faults(source)


@pytest.mark.parametrize(
    "source",
    [
        *("model.eval()", "re.compile(text)", "torch.compile(model)", "yaml.safe_load(text)"),
        "yaml.CSafeLoader(text)",
        *("read(path, allow_pickle=False)", "subprocess.run(command, shell=False)"),
    ],
)
def test_what_is_harmless_is_not(source):
    assert not faults(source)


def test_no_module_runs_or_revives_what_it_reads():
    assert len(MODULES) > 150
    found = {path.name: faults(path.read_text()) for path in MODULES if path != LITERALS}
    assert {name: lines for name, lines in found.items() if lines} == {}
    assert faults(LITERALS.read_text()) == ["ast.literal_eval"]


def test_no_rule_has_a_shell_command():
    """Their scripts get values, not commands made of them."""
    directives = {line.strip() for path in RULES for line in path.read_text().splitlines()}
    assert "script:" in directives
    assert not directives & {"shell:", "run:"}
