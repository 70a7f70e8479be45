"""Weights of a `.keras` file in Keras' order of layers, read without Keras."""
import io
import json
import re
import zipfile

import h5py


def snake(name):
    """Keras' own rule for the names of places in the weights' file: Conv2D -> conv2d, BatchNormalization -> batch_normalization."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def read_weights(path):
    with zipfile.ZipFile(path) as archive:
        layers = json.loads(archive.read("config.json"))["config"]["layers"]
        weights = io.BytesIO(archive.read("model.weights.h5"))
    seen = {}
    arrays = []
    with h5py.File(weights) as file:
        for layer in layers:
            kind = snake(layer["class_name"])
            count = seen.get(kind, 0)
            seen[kind] = count + 1
            place = file["layers"].get(kind if count == 0 else f"{kind}_{count}")
            stored = place["vars"] if place is not None and "vars" in place else {}
            arrays += [stored[str(index)][()] for index in range(len(stored))]
    return arrays
