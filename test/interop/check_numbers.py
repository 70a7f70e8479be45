"""Loads converted models with real Keras, compiled, and compares every setting of layers and optimizer with the original's, 1.0 and 1 being two.

Usage: python test/interop/check_numbers.py FOLDER   (written by test/interop/numbers.ts)
"""
import json
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras  # noqa: E402
import numpy as np  # noqa: E402


def settings(path):
    """What Keras says of the model, without what it numbers anew in every process."""
    model = keras.models.load_model(path)
    # Keras cannot go on from the state of an optimizer that it saved in an `.h5` file itself.
    if path.name != "original.h5":
        model.fit(np.zeros((2, 5, 5, 2)), np.eye(3)[:2], verbose=0)
    compiled = model.get_compile_config()
    optimizer = compiled.pop("optimizer")
    return {"model": plain(model.get_config()), "optimizer": plain(optimizer["config"]), "compiled": plain(compiled)}


def plain(value):
    # A number that is a float in Python has a point in JSON.
    return json.dumps(without_ids(value), sort_keys=True)


def without_ids(value):
    if isinstance(value, dict):
        return {key: without_ids(item) for key, item in value.items() if key != "shared_object_id"}
    return [without_ids(item) for item in value] if isinstance(value, (list, tuple)) else value


def main(folder):
    # Keras itself does not read all of how a model was compiled out of an `.h5` file.
    originals = {path.suffix: settings(path) for path in folder.glob("original.*")}
    for own in originals.values():
        assert '"learning_rate": 1.0,' in own["optimizer"] and '"scale": 2.0,' in own["model"]
    failed, files = 0, sorted(path for path in folder.iterdir() if not path.stem == "original")
    for path in files:
        try:
            found = settings(path)
            for part, text in originals[path.suffix].items():
                assert found[part] == text, f"its {part} differs:\n{found[part]}\n{text}"
            print(f"ok    {path.name}: every setting is that of the original")
        except Exception as error:
            failed += 1
            print(f"FAIL  {path.name}: {type(error).__name__}: {str(error)[:3000]}")
    print(f"{len(files) - failed} of {len(files)} converted models load compiled in Keras {keras.__version__} with the original's settings")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]) / "numbers"))
