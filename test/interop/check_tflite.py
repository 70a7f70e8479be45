"""Runs TFLite files with TFLite's own runtime and compares their outputs with real Keras'."""
import json
import os
import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter

FLOAT = 1e-4


def run(path, inputs, names=None):
    """Outputs in the model's order; the batch is that of the inputs."""
    interpreter = Interpreter(path, num_threads=1)
    details = interpreter.get_input_details()
    for detail, value in zip(details, inputs):
        interpreter.resize_tensor_input(detail["index"], value.shape)
    interpreter.allocate_tensors()
    for detail, value in zip(details, inputs):
        interpreter.set_tensor(detail["index"], value)
    interpreter.invoke()
    return [interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()]


def array(one):
    return np.array(one["values"], np.float32).reshape(one["shape"])


def check_layers(folder):
    with open(os.path.join(folder, "cases.json")) as file:
        cases = json.load(file)
    failed = []
    refused = [case for case in cases if "file" not in case]
    for case in refused:
        print(f"refused {case['name']}: {case['refused']}")
    for case in cases:
        if "file" not in case:
            continue
        wanted = [array(one) for one in case["outputs"]]
        try:
            got = run(os.path.join(folder, case["file"]), [array(one) for one in case["inputs"]])
            for mine, theirs in zip(got, wanted, strict=True):
                assert mine.shape == theirs.shape, f"{mine.shape} is not {theirs.shape}"
                np.testing.assert_allclose(mine, theirs, rtol=FLOAT, atol=FLOAT)
        except Exception as error:
            failed.append(case["name"])
            print(f"FAILED {case['name']}: {str(error).strip()[:300]}")
    print(f"tflite: {len(cases) - len(refused)} layer cases run, {len(failed)} failed, {len(refused)} refused by name")
    return not failed


sys.exit(0 if check_layers(os.path.join(sys.argv[1], "tflite")) else 1)
