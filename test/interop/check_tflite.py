"""Runs TFLite files with TFLite's own runtime and compares their outputs with real Keras'."""
import gzip
import json
import os
import subprocess
import sys
import tempfile
import zipfile

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from ai_edge_litert.interpreter import Interpreter

FLOAT = 1e-4
# Halves round weights by 2^-11.
HALF = 2e-2
# Share of images that keep their class.
AGREEMENT = 0.99
BATCH = 500


def run(path, inputs):
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


def images_of(path):
    """The test images of an idx zip, in [0, 1]."""
    with zipfile.ZipFile(path) as archive:
        name = next(name for name in archive.namelist() if "images" in name)
        data = archive.read(name)
    data = gzip.decompress(data) if name.endswith(".gz") else data
    return np.frombuffer(data, np.uint8, offset=16).reshape(-1, 28, 28, 1).astype(np.float32) / 255


def run_all(path, images):
    """Outputs of all images; int8 inputs and outputs by the scales that the file tells."""
    interpreter = Interpreter(path, num_threads=1)
    [given] = interpreter.get_input_details()
    interpreter.resize_tensor_input(given["index"], (BATCH, *images.shape[1:]))
    interpreter.allocate_tensors()
    [result] = interpreter.get_output_details()
    outputs = []
    for start in range(0, len(images), BATCH):
        batch = images[start:start + BATCH]
        if given["dtype"] == np.int8:
            scale, zero = given["quantization"]
            batch = np.clip(np.round(batch / scale) + zero, -128, 127).astype(np.int8)
        interpreter.set_tensor(given["index"], batch)
        interpreter.invoke()
        y = interpreter.get_tensor(result["index"])
        if result["dtype"] == np.int8:
            scale, zero = result["quantization"]
            y = (y.astype(np.float32) - zero) * scale
        outputs.append(y)
    return np.concatenate(outputs)


def check_c_array(header, wanted):
    """Compiled by a C and a C++ compiler, the text gives the bytes of the file."""
    for compiler, suffix in (("cc", ".c"), ("c++", ".cc")):
        with tempfile.TemporaryDirectory() as folder:
            source, program = os.path.join(folder, "main" + suffix), os.path.join(folder, "main")
            with open(source, "w") as file:
                file.write(f'#include <stdio.h>\n#include "{os.path.abspath(header)}"\n'
                           "int main(void) { return fwrite(model, 1, model_length, stdout) == model_length && (unsigned long)model % 16 == 0 ? 0 : 1; }\n")
            subprocess.run([compiler, "-Wall", "-Werror", "-o", program, source], check=True)
            assert subprocess.run([program], check=True, capture_output=True).stdout == wanted, f"{compiler}: other bytes"


def check_models(folder):
    with open(os.path.join(folder, "models.json")) as file:
        document = json.load(file)
    images = images_of(document["images"])
    bad = 0
    for model in document["models"]:
        title = os.path.basename(model["keras"])
        wanted = keras.models.load_model(model["keras"], compile=False).predict(images, batch_size=BATCH, verbose=0)
        pruned = run_all(os.path.join(folder, model["pruned"]), images)
        for name, file in model["files"].items():
            path = os.path.join(folder, file)
            size = os.path.getsize(path)
            if name.endswith("-c"):
                with open(os.path.join(folder, model["files"][name[:-2]]), "rb") as other:
                    check_c_array(path, other.read())
                print(f"{title} {name}: {size} bytes, compiled")
                continue
            got = run_all(path, images)
            reference = pruned if name == "tflite-sparse" else wanted
            difference = np.max(np.abs(got - reference))
            agreement = np.mean(got.argmax(-1) == reference.argmax(-1))
            limit = {"tflite": FLOAT, "tflite-sparse": 1e-5, "tflite-float16": HALF}.get(name)
            good = agreement >= AGREEMENT and (limit is None or difference <= limit)
            bad += not good
            print(f"{'' if good else 'FAILED '}{title} {name}: {size} bytes, {len(gzip.compress(open(path, 'rb').read()))} gzipped, largest difference {difference:.2g}, top-1 agreement {agreement:.4f} of {len(images)}")
    return bad == 0


own = os.path.join(sys.argv[1], "tflite")
sys.exit(0 if all([check_layers(own), check_models(own)]) else 1)
