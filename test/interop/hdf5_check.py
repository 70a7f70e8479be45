"""Prints the tree of an HDF5 file as h5py reads it, as JSON: shapes, types, attributes, sums and hashes of values.

Usage: python test/interop/hdf5_check.py FILE
"""
import hashlib
import json
import sys

import h5py
import numpy as np


def text(value):
    return value.decode("utf-8") if isinstance(value, bytes) else value


def plain(value):
    """An attribute's value as JSON: text, numbers, flat lists of them; [] for Empty."""
    if isinstance(value, h5py.Empty):
        return []
    if isinstance(value, np.ndarray):
        return [plain(item) for item in value.reshape(-1)]
    if isinstance(value, np.bool_):
        return int(value)
    if isinstance(value, np.generic):
        value = value.item()
    value = text(value)
    return str(value) if isinstance(value, float) and not np.isfinite(value) else value


def describe_dataset(dataset):
    found = {"shape": list(dataset.shape or ()), "dtype": str(dataset.dtype)}
    if dataset.shape is None:
        return {**found, "null": True}
    values = dataset[()]
    if dataset.dtype.kind in "OS":
        return {**found, "strings": [text(item) for item in np.asarray(values).reshape(-1).tolist()]}
    flat = np.asarray(values).reshape(-1)
    return {
        **found,
        "sha256": hashlib.sha256(flat.tobytes()).hexdigest(),
        "sum": plain(flat.astype(np.float64).sum()),
        "first": [plain(item) for item in flat[:8].astype(np.float64)],
    }


def describe(path):
    """Objects by path: {"/": {"attributes": ..., "children": [...]}, "/a": {...}}."""
    found = {}

    def visit(name, node):
        entry = {"attributes": {key: plain(value) for key, value in node.attrs.items()}}
        if isinstance(node, h5py.Dataset):
            entry.update(describe_dataset(node))
        else:
            entry["children"] = list(node)
        found[name] = entry
        if isinstance(node, h5py.Group):
            for key in node:
                visit(name.rstrip("/") + "/" + key, node[key])

    with h5py.File(path, "r") as file:
        visit("/", file)
    return found


if __name__ == "__main__":
    json.dump(describe(sys.argv[1]), sys.stdout)
