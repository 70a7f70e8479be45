"""Reads every pruned TF.js graph model of a folder with tensorflowjs and compares it with the one it was made from, pruned in Python.

Usage: python test/interop/check_tfjs_graph.py FOLDER   (written by test/interop/tfjs-graph.ts)
"""
import importlib.util
import json
import os
import pathlib
import sys
import tempfile
import types
import zipfile

import numpy as np

# The package's own __init__ imports every converter, and with them TensorFlow and JAX; its reader of weights needs numpy alone.
package = types.ModuleType("tensorflowjs")
package.__path__ = [str(pathlib.Path(importlib.util.find_spec("tensorflowjs").origin).parent)]
sys.modules["tensorflowjs"] = package
from tensorflowjs import read_weights  # noqa: E402
from tensorflowjs.version import version  # noqa: E402


def unpack(path, folder):
    """The folder that holds model.json."""
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None, "a wrong checksum in the zip"
        archive.extractall(folder)
    return next(root for root, _, files in os.walk(folder) if "model.json" in files)


def files_in(folder):
    return {name: pathlib.Path(root, name).read_bytes() for root, _, files in os.walk(folder) for name in files}


def weights_of(folder):
    manifest = json.loads(pathlib.Path(folder, "model.json").read_text())["weightsManifest"]
    return {one["name"]: one["data"] for one in read_weights.read_weights(manifest, folder, flatten=True)}, [path for group in manifest for path in group["paths"]]


def pruned_in_python(weights, names, sparsity):
    """The named weights with the smallest magnitudes of all zeroed; equal ones go in their order."""
    values = np.concatenate([weights[name].ravel() for name in names])
    zeros = int(np.floor(sparsity * values.size + 0.5))
    values[np.argsort(np.abs(values), kind="stable")[:zeros]] = 0
    cuts = np.cumsum([weights[name].size for name in names])[:-1]
    return {name: part.reshape(weights[name].shape) for name, part in zip(names, np.split(values, cuts))}


def check(folder, case):
    """How many weights were pruned; raises when something is not what it should be."""
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        original, written = unpack(case["original"], first), unpack(os.path.join(folder, case["file"]), second)
        (before, shards), (after, _) = weights_of(original), weights_of(written)
        files, others = files_in(first), files_in(second)
        assert files.keys() == others.keys(), "other files"
        for name, content in files.items():
            assert len(content) == len(others[name]) and (name in shards or content == others[name]), f"{name} changed"
        wanted = {**before, **pruned_in_python(before, case["weights"], case["sparsity"])}
        assert before.keys() == after.keys(), "other weights"
        for name, values in wanted.items():
            same = values.dtype == after[name].dtype and values.shape == after[name].shape and values.tolist() == after[name].tolist()
            assert same, f"{name} is not what was asked for"
        assert any(before[name].tobytes() != after[name].tobytes() for name in case["weights"]), "nothing was pruned"
        return len(case["weights"])


def main(folder):
    cases = json.loads(pathlib.Path(folder, "tfjs-graph.json").read_text())
    failed = 0
    for case in cases:
        try:
            print(f"ok    {case['file']}: {check(folder, case)} weights pruned as in Python, all others the same")
        except Exception as error:
            failed += 1
            print(f"FAIL  {case['file']}: {type(error).__name__}: {str(error)[:1000]}")
    print(f"{len(cases) - failed} of {len(cases)} TF.js graph models are read by tensorflowjs {version} and hold the same")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
