"""Keras' side of `npm run bench:train`: compiled `fit` on numpy arrays in memory, without and with XLA: Keras' own "auto" is one of the two, by the devices."""
import os
import time

from serve import serve


def open_side(spec):
    threads, batch = spec["threads"], spec["batch"]
    if spec["device"] == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import numpy as np
    import tensorflow as tf
    import keras

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    for device in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(device, True)
    folder = spec["folder"]
    images = np.fromfile(os.path.join(folder, "images.u8"), np.uint8).reshape(-1, 28, 28, 1)
    images = images.astype(np.float32) / np.float32(255)
    labels = np.fromfile(os.path.join(folder, "labels.u8"), np.uint8).astype(np.int32)

    class EpochTimer(keras.callbacks.Callback):
        """Times the epoch alone: fit's conversion of the arrays before it happens once in a training of many epochs."""

        def on_epoch_begin(self, epoch, logs=None):
            self.began = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            self.seconds = time.perf_counter() - self.began

    class Runner:
        def __init__(self, jit):
            self.model = keras.saving.load_model(os.path.join(folder, spec["model"] + ".keras"), compile=False)
            self.loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            self.model.compile(optimizer=keras.optimizers.Adam(spec["learningRate"]), loss=self.loss, jit_compile=jit)

        def initial_loss(self):
            examples = spec["lossExamples"]
            return float(self.loss(labels[:examples], self.model(images[:examples], training=False)))

        def run(self, steps):
            """Full batches only: an epoch of `fit` is cut short before its smaller last batch."""
            seconds = total = 0.0
            left = steps
            while left > 0:
                part = min(left, len(images) // batch)
                timer = EpochTimer()
                history = self.model.fit(images, labels, batch_size=batch, epochs=1, steps_per_epoch=part, verbose=0, callbacks=[timer])
                seconds += timer.seconds
                total += history.history["loss"][0] * part
                left -= part
            return seconds, total / steps

    versions = f"Keras {keras.__version__} on TensorFlow {tf.__version__}"
    return versions, {"jit_compile=False": lambda: Runner(False), "jit_compile=True": lambda: Runner(True)}


if __name__ == "__main__":
    serve(open_side)
