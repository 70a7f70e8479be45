"""Loads models with channels taken out with real Keras, compares predictions, trains a step, and saves and loads once more.

Usage: python test/interop/check_remade.py FOLDER   (written by test/interop/remade.ts and test/interop/structure.ts)
"""
import json
import logging
import os
import sys
import tempfile
import warnings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras  # noqa: E402
import numpy as np  # noqa: E402

TOLERANCE = 1e-5
# How often functions were traced, and that an uncompiled model is not compiled.
logging.disable(logging.WARNING)
# EinsumDense, which is in one of the models, knows no masks.
MASKING = ".*does not support masking.*"


def load(path, compiled):
    with warnings.catch_warnings():
        # Everything Keras has to say about a file is an error here, but that there is no state of an optimizer.
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        warnings.filterwarnings("ignore", message=".*optimizer.*")
        warnings.filterwarnings("ignore", message=MASKING)
        return keras.models.load_model(path, compile=compiled)


def difference(model, case):
    inputs = [np.asarray(one["values"], "float32").reshape(one["shape"]) for one in case["inputs"]]
    outputs = as_list(model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0))
    assert len(outputs) == len(case["outputs"]), f"{len(outputs)} outputs"
    found = max(float(np.abs(np.ravel(one) - np.asarray(other)).max()) for one, other in zip(outputs, case["outputs"]))
    assert found <= TOLERANCE, f"predictions differ by {found}"
    return found, inputs, outputs


def check(path, case, compiled):
    """The largest difference of a prediction; raises when the file does not load or is not what it should be."""
    model = load(path, compiled)
    parameters = model.count_params() - sum(int(np.prod(v.shape)) for v in model.weights if "seed_generator" in v.path)
    assert parameters == case["parameters"], f"{parameters} parameters, {case['parameters']} were written"
    found, inputs, outputs = difference(model, case)
    with tempfile.TemporaryDirectory() as folder:
        again = os.path.join(folder, "again.keras")
        model.save(again)
        difference(load(again, compiled), case)
    if compiled and getattr(model, "optimizer", None) is not None:
        targets = np.zeros(len(outputs[0])) if "sparse_categorical_crossentropy" in str(model.loss) else outputs
        model.fit(inputs if len(inputs) > 1 else inputs[0], targets, epochs=1, verbose=0)
    return found


def as_list(value):
    return list(value) if isinstance(value, (list, tuple)) else [value]


def main(folder):
    warnings.filterwarnings("ignore", message=MASKING)
    failed = 0
    with open(os.path.join(folder, "cases.json")) as file:
        cases = [(case, entry) for case in json.load(file) for entry in case["files"]]
    for case, entry in cases:
        path = os.path.join(folder, entry["file"])
        try:
            print(f"ok    {entry['file']}: {os.path.getsize(path)} bytes, largest difference {check(path, case, entry['compile']):.1e}")
        except Exception as error:
            failed += 1
            print(f"FAIL  {entry['file']}: {type(error).__name__}: {str(error)[:1000]}")
    print(f"{len(cases) - failed} of {len(cases)} remade models load in Keras {keras.__version__} and predict the same")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(os.path.join(sys.argv[1], "remade")))
