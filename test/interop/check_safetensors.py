"""Reads pruned files with the safetensors library and compares them, bit by bit, with what they were before.

Usage: python test/interop/check_safetensors.py FOLDER   (written by test/interop/safetensors.ts)
"""
import json
import math
import os
import sys
import zipfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import numpy as np  # noqa: E402
import safetensors  # noqa: E402
from safetensors.numpy import load  # noqa: E402

# Bytes of an element of the dtypes that are pruned.
PRUNED = {"F32": 4, "F16": 2, "BF16": 2}


def parts(path):
    """The safetensors files of `path` by name: itself, or those of a zip, which must be sound."""
    if not path.endswith(".zip"):
        with open(path, "rb") as file:
            return {"": file.read()}
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None, "the zip is damaged"
        return {name: archive.read(name) for name in archive.namelist() if name.endswith(".safetensors")}


def header(data):
    return data[8:8 + int.from_bytes(data[:8], "little")]


def tensors(path):
    return {name: entry for data in parts(path).values() for name, entry in safetensors.deserialize(bytes(data))}


def numbers(entry):
    """Magnitudes in double precision, computed here from the bits."""
    data = bytes(entry["data"])
    if entry["dtype"] == "BF16":
        return np.abs((np.frombuffer(data, "<u2").astype("<u4") << 16).view("<f4").astype("float64"))
    return np.abs(np.frombuffer(data, {"F32": "<f4", "F16": "<f2"}[entry["dtype"]]).astype("float64"))


def is_pruned(name, entry):
    return entry["dtype"] in PRUNED and len(entry["shape"]) >= 2 and not name.endswith(".bias")


def check_pruned(folder, case):
    before_path, after_path = (os.path.join(folder, case[key]) for key in ("before", "after"))
    for name, data in parts(before_path).items():
        assert header(parts(after_path)[name]) == header(data), f"the header of {name or 'the file'} changed"
    before, after = tensors(before_path), tensors(after_path)
    assert set(before) == set(after), "other tensors than before"
    gone, kept = [], []
    for name, entry in before.items():
        old, new = bytes(entry["data"]), bytes(after[name]["data"])
        assert (entry["dtype"], entry["shape"]) == (after[name]["dtype"], after[name]["shape"]), name
        if not is_pruned(name, entry):
            assert old == new, f"{name} changed"
            continue
        size = PRUNED[entry["dtype"]]
        magnitudes, zeros = numbers(entry), numbers(after[name]) == 0
        old, new = (np.frombuffer(one, "u1").reshape(-1, size) for one in (old, new))
        assert (old[~zeros] == new[~zeros]).all(), f"a kept weight of {name} changed"
        gone.append(magnitudes[zeros])
        kept.append(magnitudes[~zeros])
    gone, kept = np.concatenate(gone), np.concatenate(kept)
    wanted = math.floor(case["sparsity"] * (len(gone) + len(kept)) + 0.5)
    assert len(gone) == wanted, f"{len(gone)} zeros, {wanted} were asked"
    assert gone.max() <= kept.min(), "a larger weight went while a smaller one stayed"
    return f"{len(before)} tensors, {len(gone)} of {len(gone) + len(kept)} weights are zero, the rest keeps its bits"


def check_joined(folder, case):
    before, after = tensors(os.path.join(folder, case["shards"])), tensors(os.path.join(folder, case["file"]))
    assert set(before) == set(after)
    for name, entry in before.items():
        assert all(entry[key] == after[name][key] for key in ("dtype", "shape", "data")), name
    return f"{len(before)} tensors of all shards in one file"


def check_converted(folder, case):
    import keras

    model = keras.models.load_model(os.path.join(folder, case["keras"]), compile=False)
    with open(os.path.join(folder, case["file"]), "rb") as file:
        found = load(file.read())
    expected = {f"{layer.name}.{weight.name}": np.asarray(weight) for layer in model.layers for weight in layer.weights}
    assert set(found) == set(expected), f"{sorted(found)} for {sorted(expected)}"
    for name, value in expected.items():
        assert found[name].dtype == value.dtype and np.array_equal(found[name], value), name
    return f"{len(found)} weights as Keras {keras.__version__} has them"


def main(folder):
    folder = os.path.join(folder, "safetensors")
    with open(os.path.join(folder, "safetensors.json")) as file:
        cases = json.load(file)
    checks = [(check_pruned, case, case["after"]) for case in cases["pruned"]] + [(check_joined, cases["joined"], cases["joined"]["file"])]
    try:
        import keras  # noqa: F401

        checks += [(check_converted, case, case["file"]) for case in cases["converted"]]
    except ImportError:
        print("skipped: Keras models written as safetensors, as this Python has no keras")
    failed = 0
    for check, case, name in checks:
        try:
            print(f"ok    {name}: {check(folder, case)}")
        except Exception as error:
            failed += 1
            print(f"FAIL  {name}: {type(error).__name__}: {str(error)[:1000]}")
    print(f"{len(checks) - failed} of {len(checks)} files are as safetensors {safetensors.__version__} must find them")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
