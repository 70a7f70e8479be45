"""Loads every pruned SavedModel of a folder with TensorFlow and compares it with the one it was made from, pruned in Python.

Usage: python test/interop/check_savedmodels.py FOLDER   (written by test/interop/savedmodels.ts)
"""
import json
import os
import re
import sys
import tarfile
import tempfile
import zipfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from tensorflow.core.protobuf import trackable_object_graph_pb2  # noqa: E402

try:
    # Knows the optimizers in SavedModels of Keras 2, which TensorFlow alone cannot load.
    import tf_keras  # noqa: F401
except ImportError:
    tf_keras = None

EXAMPLES = 3
GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"


def unpack(path, folder):
    """The folder that holds saved_model.pb."""
    if tarfile.is_tarfile(path):
        with tarfile.open(path) as archive:
            archive.extractall(folder, filter="data")
    else:
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None, "a wrong checksum in the zip"
            archive.extractall(folder)
    return next(root for root, _, files in os.walk(folder) if "saved_model.pb" in files)


def tensors_of(folder):
    reader = tf.train.load_checkpoint(os.path.join(folder, "variables", "variables"))
    values = {key: reader.get_tensor(key) for key in reader.get_variable_to_shape_map()}
    # numpy's own type of bytes drops zeros at the end.
    return {key: np.array(value, dtype=object) if isinstance(value, bytes) else np.asarray(value) for key, value in values.items()}


def names_of(tensors):
    """The name each variable was made with, by its key."""
    if GRAPH not in tensors:
        return {key: key for key in tensors}
    graph = trackable_object_graph_pb2.TrackableObjectGraph.FromString(tensors[GRAPH].item())
    return {one.checkpoint_key: one.full_name for node in graph.nodes for one in node.attributes}


def pruned_in_python(tensors, keys, sparsity):
    """The given tensors with the smallest magnitudes of all zeroed; equal ones go in their order."""
    values = np.concatenate([tensors[key].astype("float32").ravel() for key in keys])
    zeros = int(np.floor(sparsity * values.size + 0.5))
    values[np.argsort(np.abs(values), kind="stable")[:zeros]] = 0
    result, at = {}, 0
    for key in keys:
        size, shape = tensors[key].size, tensors[key].shape
        kept = values[at:at + size].reshape(shape) != 0
        result[key] = np.where(kept, tensors[key], np.zeros((), tensors[key].dtype))
        at += size
    return result


def same(one, other):
    return one.dtype == other.dtype and one.shape == other.shape and (one.tobytes() == other.tobytes() if one.dtype != object else one.tolist() == other.tolist())


def inputs_for(signature):
    random = np.random.default_rng(5)
    specs = signature.structured_input_signature[1]
    return {name: tf.constant(random.random([EXAMPLES if size is None else size for size in spec.shape]), spec.dtype) for name, spec in specs.items()}


def signature_outputs(loaded, wanted=None):
    """Outputs of the serving signature, after its variables were set to `wanted` by name."""
    signature = loaded.signatures["serving_default"]
    for variable in signature.variables if wanted is not None else ():
        name = variable.name.removesuffix(":0")
        if name in wanted:
            variable.assign(wanted[name])
    return {name: value.numpy() for name, value in signature(**inputs_for(signature)).items()}


def check(folder, case):
    """How many outputs were compared; raises when something is not what it should be."""
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        original, written = unpack(case["original"], first), unpack(os.path.join(folder, case["file"]), second)
        before, after = tensors_of(original), tensors_of(written)
        assert before.keys() == after.keys(), "other tensors"
        names = names_of(before)
        expected = pruned_in_python(before, case["weights"], case["sparsity"])
        by_name = {names[key]: value for key, value in expected.items()}
        changed = {key for key in before if not same(before[key], after[key])}
        for key in changed:
            assert same(after[key], expected[key] if key in expected else by_name[names[key]]), f"{key} is not what was asked for"
        for key, value in expected.items():
            assert same(after[key], value), f"{key} is not what was asked for"
        for key in before.keys() - changed - expected.keys():
            assert same(before[key], after[key]), f"{key} changed"
        if GRAPH not in before:
            return compare_first(original, written, expected)
        if tf_keras is None and os.path.exists(os.path.join(original, "keras_metadata.pb")):
            return 0
        outputs = signature_outputs(tf.saved_model.load(written))
        reference = signature_outputs(tf.saved_model.load(original), by_name)
        untouched = signature_outputs(tf.saved_model.load(original))
        for name, value in outputs.items():
            np.testing.assert_array_equal(value, reference[name])
            assert not np.array_equal(value, untouched[name]), "pruning changed no output"
        return len(outputs)


def compare_first(original, written, expected):
    """TensorFlow 1: the graph runs in a session, in which variables are set by name."""
    def outputs(folder, wanted):
        v1 = tf.compat.v1
        with tf.Graph().as_default() as graph, v1.Session() as session:
            signature = v1.saved_model.load(session, ["serve"], folder).signature_def["serving_default"]
            for name, value in wanted.items():
                parts = [one for one in v1.global_variables() if re.fullmatch(re.escape(name) + r"(/part_\d+)?", one.op.name)]
                for part, rows in zip(parts, np.split(value, len(parts))):
                    part.load(rows, session)
            given = np.random.default_rng(5).random((EXAMPLES, 6))
            return session.run(graph.get_tensor_by_name(signature.outputs["y"].name), {signature.inputs["x"].name: given})
    np.testing.assert_array_equal(outputs(written, {}), outputs(original, expected))
    assert not np.array_equal(outputs(written, {}), outputs(original, {})), "pruning changed no output"
    return 1


def main(folder):
    failed = 0
    with open(os.path.join(folder, "savedmodels.json")) as file:
        cases = json.load(file)
    for case in cases:
        try:
            print(f"ok    {case['file']}: {check(folder, case)} outputs equal to those of the model pruned in Python")
        except Exception as error:
            failed += 1
            print(f"FAIL  {case['file']}: {type(error).__name__}: {str(error)[:1000]}")
    print(f"{len(cases) - failed} of {len(cases)} SavedModels load in TensorFlow {tf.__version__} and give the same")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
