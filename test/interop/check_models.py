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


def check(folder, case):
    """The largest difference of a prediction; raises when the file does not load or is not what it should be."""
    with warnings.catch_warnings():
        # Without the optimizer's state Keras warns, and begins with a fresh one.
        warnings.filterwarnings("error" if case["optimizer"] else "ignore", message=".*optimizer.*")
        model = keras.models.load_model(os.path.join(folder, case["file"]))
    images = np.fromfile(os.path.join(folder, "images.f32"), "<f4").reshape(case["shape"])
    difference = float(np.abs(model.predict(images, verbose=0) - np.asarray(case["outputs"])).max())
    assert difference <= TOLERANCE, f"predictions differ by {difference}"
    zeros = sum(int((np.asarray(value) == 0).sum()) for value in model.weights if np.ndim(value) > 1)
    assert zeros == case["zeros"], f"{zeros} zeros in kernels, {case['zeros']} were written"
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and case["optimizer"]:
        assert int(optimizer.iterations) > 0, "the optimizer's state was lost"
    if optimizer is not None and case["train"]:
        model.fit(images, np.zeros(len(images)), epochs=1, verbose=0)
    return difference


def main(folder):
    failed = 0
    with open(os.path.join(folder, "cases.json")) as file:
        cases = json.load(file)
    for case in cases:
        try:
            size = os.path.getsize(os.path.join(folder, case["file"]))
            print(f"ok    {case['file']}: {size} bytes, largest difference {check(folder, case):.1e}")
        except Exception as error:
            failed += 1
            print(f"FAIL  {case['file']}: {type(error).__name__}: {str(error)[:1000]}")
    print(f"{len(cases) - failed} of {len(cases)} models load in Keras {keras.__version__} and predict the same")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
