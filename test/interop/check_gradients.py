"""Compares outputs and gradients of every layer case in gradients.json with those that real Keras computes.

Usage: python test/interop/check_gradients.py FOLDER   (written by test/interop/run.ts)
The gradients are of the sum of all outputs, element i of each times sin(1.7 i + 0.3). Models of Keras 2 need tf_keras; without it they are skipped.
"""
import importlib.util
import json
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from keras.src.legacy.saving import saving_utils  # noqa: E402
from keras.src.saving import serialization_lib  # noqa: E402

FORWARD = 1e-5
GRADIENT = 1e-4
# Keras itself gives each model a layer of its own when it reads the configuration, or loses the inner model; it reads no operations from `.h5` files.
NOT_RESTORED = ["layer shared across models", "operations between layers, as .h5"]


def is_keras_2(config):
    text = json.dumps(config)
    return '"batch_input_shape"' in text and '"batch_shape"' not in text


def leaves(model, prefix=""):
    """Paths and layers, nested models unrolled; a shared layer may come more than once."""
    for layer in model.layers:
        if hasattr(layer, "layers") and not hasattr(layer, "layer"):
            yield from leaves(layer, prefix + layer.name + "/")
        else:
            yield prefix + layer.name, layer


def variables_of(layer):
    """In the order in which Keras saves them."""
    if hasattr(layer, "_trainable_variables") and hasattr(layer, "_non_trainable_variables"):
        return weights_of(layer)
    return layer.trainable_weights + layer.non_trainable_weights


def weights_of(layer):
    found = [v for v in layer.weights if "seed_generator" not in v.path]
    trainable = {id(v) for v in layer.trainable_weights}
    return [v for v in found if id(v) in trainable] + [v for v in found if id(v) not in trainable]


def last(shape):
    """The order of axes that puts channels last, and the way back."""
    rank = len(shape)
    return ([0, *range(2, rank), 1], [0, rank - 1, *range(1, rank - 1)]) if rank > 2 else (list(range(rank)), list(range(rank)))


def channels_last(value):
    """A configuration with its data formats and input shapes changed."""
    if isinstance(value, list):
        return [channels_last(item) for item in value]
    if not isinstance(value, dict):
        return "channels_last" if value == "channels_first" else value
    changed = {key: channels_last(item) for key, item in value.items() if key != "build_config"}
    if "batch_shape" in changed and isinstance(changed["batch_shape"], list):
        shape = changed["batch_shape"]
        changed["batch_shape"] = [shape[axis] for axis in last(shape)[0]]
    return changed


def model_of(config, library):
    """As a `.keras` file, an `.h5` file of Keras 3, or one of Keras 2 has it."""
    if library is not keras:
        return library.models.model_from_json(json.dumps(config))
    if "module" not in config:
        return saving_utils.model_from_config(config)
    with serialization_lib.ObjectSharingScope():
        return serialization_lib.deserialize_keras_object(config)


def build(case, library):
    model = model_of(case["config"], library)
    layers = {}
    for path, layer in leaves(model):
        layers.setdefault(path, layer)
    pairs = []
    for entry in case["layers"]:
        weights = entry["weights"]
        if not weights:
            continue
        variables = variables_of(layers[entry["path"]])
        assert len(variables) == len(weights), f"{entry['path']} has {len(variables)} weights, {len(weights)} are stored"
        for variable, weight in zip(variables, weights):
            variable.assign(np.reshape(np.array(weight["values"], "float32"), weight["shape"]))
            pairs.append((variable, weight))
        if hasattr(layers[entry["path"]], "finalize_state"):
            layers[entry["path"]].finalize_state()
    return model, pairs


def compute(model, pairs, inputs):
    """Outputs and gradients by inputs and variables."""
    tensors = [tf.constant(value) for value in inputs]
    variables = [getattr(variable, "value", variable) if not isinstance(variable, tf.Variable) else variable for variable, _ in pairs]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        tape.watch([variable for variable in variables if variable.dtype.is_floating])
        outputs = model(packed(model, tensors), training=False)
        if isinstance(outputs, dict):
            outputs = [outputs[key] for key in sorted(outputs)]
        outputs = keras.tree.flatten(outputs)
        total = tf.add_n([tf.reduce_sum(tf.cast(y, "float32") * factors(y)) for y in outputs])
    gradients = tape.gradient(total, [*tensors, *variables], unconnected_gradients="zero")
    return outputs, gradients[: len(tensors)], gradients[len(tensors):]


def packed(model, tensors):
    """The inputs in the structure that the model takes them in."""
    structure = getattr(model, "_inputs_struct", None)
    if structure is not None:
        return keras.tree.pack_sequence_as(structure, tensors)
    return tensors if len(tensors) > 1 else tensors[0]


def factors(y):
    return np.sin(1.7 * np.arange(int(tf.size(y))) + 0.3).astype("float32").reshape(y.shape)


def off(ours, theirs):
    """Largest difference relative to the largest entry, at least 1."""
    ours, theirs = np.ravel(np.asarray(ours, "float32")), np.ravel(np.asarray(tf.convert_to_tensor(theirs)))
    assert ours.shape == theirs.shape, f"{ours.size} values, Keras has {theirs.size}"
    return float(np.abs(ours - theirs).max(initial=0) / max(1, np.abs(theirs).max(initial=0)))


def check(case):
    """The largest differences of outputs and gradients; raises for a larger one than allowed."""
    library = keras
    if is_keras_2(case["config"]):
        import tf_keras as library
    inputs = [np.reshape(np.array(one["values"], "float32"), one["shape"]) for one in case["inputs"]]
    if "channels_first" in json.dumps(case["config"]):
        return check_transposed(case, inputs)
    model, pairs = build(case, library)
    outputs, by_inputs, by_weights = compute(model, pairs, inputs)
    return compared(case, pairs, [np.asarray(y) for y in outputs], by_inputs, by_weights)


def check_transposed(case, inputs):
    """TensorFlow's CPU kernels know no channels_first: the same model with channels last, its outputs transposed before they are summed."""
    changed = {**case, "config": channels_last(case["config"])}
    model, pairs = build(changed, keras)
    inner = model

    def transposed(value, training):
        values = value if isinstance(value, list) else [value]
        moved = [tf.transpose(one, last(one.shape)[0]) for one in values]
        y = inner(moved if len(moved) > 1 else moved[0], training=training)
        return tf.transpose(y, last(y.shape)[1])

    outputs, by_inputs, by_weights = compute(transposed, pairs, inputs)
    return compared(case, pairs, [np.asarray(y) for y in outputs], by_inputs, by_weights)


def compared(case, pairs, outputs, by_inputs, by_weights):
    forward = max(off(ours["values"], theirs) for ours, theirs in zip(case["outputs"], outputs))
    assert len(case["outputs"]) == len(outputs) and forward <= FORWARD, f"the outputs differ by {forward}"
    entries = [*zip([f"input {i}" for i in range(len(case["inputs"]))], case["inputs"], by_inputs),
               *((variable.name, weight, theirs) for (variable, weight), theirs in zip(pairs, by_weights))]
    worst, name = max(((off(ours["gradient"], theirs), name) for name, ours, theirs in entries if ours["gradient"] is not None), default=(0.0, ""))
    assert worst <= GRADIENT, f"the gradient by {name} differs by {worst}"
    return forward, worst



def main(folder):
    with open(os.path.join(folder, "gradients.json")) as file:
        cases = [case for case in json.load(file) if case["name"] not in NOT_RESTORED]
    skipped, failed, worst = 0, 0, (0.0, 0.0)
    for case in cases:
        if is_keras_2(case["config"]) and importlib.util.find_spec("tf_keras") is None:
            skipped += 1
            continue
        try:
            worst = tuple(map(max, worst, check(case)))
        except Exception as error:
            failed += 1
            print(f"FAIL  {case['name']}: {type(error).__name__}: {str(error)[:600]}")
    note = f", {skipped} of Keras 2 skipped as tf_keras is not installed" if skipped else ""
    print(f"{len(cases) - failed - skipped} of {len(cases)} layer cases have Keras {keras.__version__}'s gradients{note}; "
          f"largest differences {worst[0]:.1e} (outputs), {worst[1]:.1e} (gradients)")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
