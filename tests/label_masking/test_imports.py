import subprocess
import sys


def test_no_deep_learning_library_is_loaded():
    code = (
        "import sys, unlabelled.label_masking.evaluate, unlabelled.label_masking.compare, "
        "unlabelled.label_masking.embedding_map; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
