"""Loads every model of a folder with real Keras and compares its predictions with those in cases.json.

Usage: python test/interop/check_models.py FOLDER   (written by test/interop/run.ts)
"""
import json
import os
import sys
import warnings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras  # noqa: E402
import numpy as np  # noqa: E402

TOLERANCE = 1e-4


def load(path, has_optimizer, compiled):
    with warnings.catch_warnings():
        # Without the optimizer's state Keras warns, and begins with a fresh one.
        warnings.filterwarnings("error" if has_optimizer else "ignore", message=".*optimizer.*")
        return keras.models.load_model(path, compile=compiled)


def check(folder, case, entry):
    """The largest difference of a prediction; raises when the file does not load or is not what it should be."""
    model = load(os.path.join(folder, entry["file"]), entry["optimizer"], entry["compile"])
    inputs = [np.asarray(one["values"], "float32").reshape(one["shape"]) for one in case["inputs"]]
    outputs = as_list(model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0))
    assert len(outputs) == len(case["outputs"]), f"{len(outputs)} outputs"
    difference = max(float(np.abs(np.ravel(one) - np.asarray(other)).max()) for one, other in zip(outputs, case["outputs"]))
    assert difference <= TOLERANCE, f"predictions differ by {difference}"
    zeros = sum(int((np.asarray(value) == 0).sum()) for value in model.weights if np.ndim(value) > 1)
    assert zeros == case["zeros"], f"{zeros} zeros in kernels, {case['zeros']} were written"
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and entry["optimizer"] and entry["compile"]:
        assert int(optimizer.iterations) > 0, "the optimizer's state was lost"
    if optimizer is not None and entry["train"]:
        model.fit(inputs if len(inputs) > 1 else inputs[0], targets(model, outputs), epochs=1, verbose=0)
    return difference


def as_list(value):
    return list(value) if isinstance(value, (list, tuple)) else [value]


def targets(model, outputs):
    """Something to train on: class 0 where the loss takes class indices, else the outputs themselves."""
    return np.zeros(len(outputs[0])) if "sparse_categorical_crossentropy" in str(model.loss) else outputs


def main(folder):
    failed = 0
    with open(os.path.join(folder, "cases.json")) as file:
        cases = [(case, entry) for case in json.load(file) for entry in case["files"]]
    for case, entry in cases:
        name = entry["file"]
        try:
            size = os.path.getsize(os.path.join(folder, name))
            print(f"ok    {name}: {size} bytes, largest difference {check(folder, case, entry):.1e}")
        except Exception as error:
            failed += 1
            print(f"FAIL  {name}: {type(error).__name__}: {str(error)[:1000]}")
    print(f"{len(cases) - failed} of {len(cases)} models load in Keras {keras.__version__} and predict the same")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
