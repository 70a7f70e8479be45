"""Makes the seed network: Dense 10 relu, Dense 10 relu, Dense 1 sigmoid, trained on random data with 8 features.

    pip install tensorflow keras numpy && python examples/make_seed_network.py

Writes seed-network.keras and seed-network.npz (x_train, y_train, x_test, y_test) beside this script.
"""
from pathlib import Path

import keras
import numpy as np

FOLDER = Path(__file__).parent
FEATURES = 8

keras.utils.set_random_seed(1)
random = np.random.default_rng(1)

# Random points on two sides of a random plane, one in twenty on the wrong side: there is something to learn and something that cannot be.
plane = random.normal(size=FEATURES)
x = random.normal(size=(1200, FEATURES)).astype("float32")
y = (x @ plane > 0) ^ (random.random(len(x)) < 0.05)
y = y.astype("uint8")
x_train, y_train, x_test, y_test = x[:1000], y[:1000], x[1000:], y[1000:]

model = keras.Sequential([
    keras.Input((FEATURES,)),
    keras.layers.Dense(10, activation="relu"),
    keras.layers.Dense(10, activation="relu"),
    keras.layers.Dense(1, activation="sigmoid"),
], name="seed_network")
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, epochs=20, batch_size=32, verbose=0)
print("loss, accuracy on the test part:", model.evaluate(x_test, y_test, verbose=0))

model.save(FOLDER / "seed-network.keras")
np.savez_compressed(FOLDER / "seed-network.npz", x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
