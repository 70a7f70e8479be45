"""tfmot's side of `npm run bench:methods -- --peer`: prune_low_magnitude on the same dense model, data and settings.

Arguments: the dense model as .h5, the folder of the four idx files, the sparsity, the seed. Prints one line of JSON.
Needs tensorflow, tf_keras and tensorflow-model-optimization, and TF_USE_LEGACY_KERAS=1.
"""
import gzip
import json
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import tensorflow as tf
import tf_keras as keras
import tensorflow_model_optimization as tfmot

EPOCHS, PRUNING_EPOCHS, BATCH, FREQUENCY = 6, 4, 128, 100


def idx(folder, name):
    path = Path(folder) / name
    raw = path.read_bytes() if path.exists() else gzip.decompress((Path(folder) / (name + '.gz')).read_bytes())
    axes = raw[3]
    sizes = [int.from_bytes(raw[4 + 4 * axis:8 + 4 * axis], 'big') for axis in range(axes)]
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * axes).reshape(sizes)


def build(path):
    """The model of the file, whose config is Keras 3's: built anew, with its weights."""
    with h5py.File(path) as file:
        group = file['model_weights']
        arrays = [group[name][weight][()] for name in group.attrs['layer_names'] for weight in group[name].attrs['weight_names']]
    shapes = [array.shape for array in arrays[::2]]
    layers = [keras.Input((28, 28, 1))]
    for shape in shapes:
        if len(shape) == 4:
            layers += [keras.layers.Conv2D(shape[3], shape[:2], activation='relu'), keras.layers.MaxPooling2D()]
        else:
            if not any(isinstance(layer, keras.layers.Flatten) for layer in layers):
                layers.append(keras.layers.Flatten())
            layers.append(keras.layers.Dense(shape[1], activation='softmax' if shape is shapes[-1] else 'relu'))
    model = keras.Sequential(layers)
    model.set_weights(arrays)
    return model


def main(model_path, folder, sparsity, seed):
    keras.utils.set_random_seed(seed)
    images, labels = idx(folder, 'train-images-idx3-ubyte'), idx(folder, 'train-labels-idx1-ubyte')
    tests, answers = idx(folder, 't10k-images-idx3-ubyte'), idx(folder, 't10k-labels-idx1-ubyte')
    scaled = lambda one: one.astype('float32')[..., None] / 255
    dense = build(model_path)
    steps = -(-len(images) // BATCH)
    schedule = tfmot.sparsity.keras.PolynomialDecay(0.0, sparsity, 0, PRUNING_EPOCHS * steps, frequency=FREQUENCY)
    model = tfmot.sparsity.keras.prune_low_magnitude(dense, pruning_schedule=schedule)
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss='sparse_categorical_crossentropy', metrics=['accuracy'])
    begin = time.perf_counter()
    model.fit(scaled(images), labels, batch_size=BATCH, epochs=EPOCHS, verbose=0, callbacks=[tfmot.sparsity.keras.UpdatePruningStep()])
    seconds = time.perf_counter() - begin
    stripped = tfmot.sparsity.keras.strip_pruning(model)
    stripped.compile(loss='sparse_categorical_crossentropy', metrics=['accuracy'])
    accuracy = stripped.evaluate(scaled(tests), answers, batch_size=1000, verbose=0)[1]
    weights = stripped.get_weights()
    kernels = [weight for weight in weights if weight.ndim > 1]
    total, zeros = sum(kernel.size for kernel in kernels), sum(int((kernel == 0).sum()) for kernel in kernels)
    print(json.dumps({'accuracy': float(accuracy), 'sparsity': zeros / total, 'seconds': seconds, 'versions': f'tfmot {tfmot.__version__}, tf-keras {keras.__version__}, TensorFlow {tf.__version__}'}))


if __name__ == '__main__':
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4]))
