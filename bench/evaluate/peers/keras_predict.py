"""Keras' side of `npm run bench:evaluate`: `predict` on numpy arrays in memory, without and with XLA. The loss is taken outside the timed part."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "train", "peers"))
from serve import serve  # noqa: E402


def open_side(spec):
    threads = spec["threads"]
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import numpy as np
    import tensorflow as tf
    import keras

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    images = np.fromfile(os.path.join(spec["folder"], "images.f32"), np.float32).reshape(-1, 28, 28, 1)
    labels = np.fromfile(os.path.join(spec["folder"], "labels.f32"), np.float32).astype(np.int64)

    class Runner:
        def __init__(self, jit):
            self.model = keras.saving.load_model(spec["model"], compile=False)
            self.model.compile(jit_compile=jit)

        def initial_loss(self):
            return self.run(1)[1]

        def run(self, passes):
            begin = time.perf_counter()
            for _ in range(passes):
                outputs = self.model.predict(images, batch_size=spec["batch"], verbose=0)
            seconds = time.perf_counter() - begin
            picked = np.clip(outputs[np.arange(len(labels)), labels].astype(np.float64), 1e-7, 1 - 1e-7)
            return seconds, float(-np.log(picked).mean())

    versions = f"Keras {keras.__version__} on TensorFlow {tf.__version__}"
    return versions, {"jit_compile=False": lambda: Runner(False), "jit_compile=True": lambda: Runner(True)}


if __name__ == "__main__":
    serve(open_side)
