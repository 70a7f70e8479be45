"""The three models of `npm run bench:train` in PyTorch, with the same initial weights as everyone's, read from `<model>.json` and `<model>.f32`."""
import json
import os

import torch
from torch import nn
from torch.nn import functional as F


def lenet300():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 300), nn.ReLU(), nn.Linear(300, 100), nn.ReLU(), nn.Linear(100, 10))


def lenet5():
    return nn.Sequential(
        nn.Conv2d(1, 20, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(20, 50, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(800, 500), nn.ReLU(), nn.Linear(500, 10))


def batch_norm(channels):
    """Keras' momentum is the share that is kept, PyTorch's the share that is taken in."""
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


def convolution(inputs, outputs, size, stride):
    return nn.Conv2d(inputs, outputs, size, stride=stride, padding=size // 2 if stride == 1 else 0, bias=False)


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.stride = stride
        self.first = convolution(inputs, outputs, 3, stride)
        self.first_norm = batch_norm(outputs)
        self.second = convolution(outputs, outputs, 3, 1)
        self.shortcut = convolution(inputs, outputs, 1, stride) if stride > 1 else None
        self.second_norm = batch_norm(outputs)
        self.shortcut_norm = batch_norm(outputs) if stride > 1 else None

    def forward(self, x):
        # Keras' "same" padding at stride 2 pads at the end of an axis only.
        padded = F.pad(x, (0, 1, 0, 1)) if self.stride > 1 else x
        y = F.relu(self.first_norm(self.first(padded)), inplace=True)
        y = self.second_norm(self.second(y))
        return F.relu(y + (x if self.shortcut is None else self.shortcut_norm(self.shortcut(x))), inplace=True)


def resnet8():
    return nn.Sequential(
        convolution(1, 8, 3, 1), batch_norm(8), nn.ReLU(inplace=True), Block(8, 8, 1), Block(8, 16, 2), Block(16, 32, 2),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10))


MODELS = {"lenet300": lenet300, "lenet5": lenet5, "resnet8": resnet8}


def build(name, folder):
    """The model with the weights stored in `<name>.json` and `<name>.f32`."""
    with open(os.path.join(folder, name + ".json")) as file:
        stored = json.load(file)
    values = torch.from_file(os.path.join(folder, name + ".f32"), size=sum(entry["size"] for entry in stored), dtype=torch.float32)
    return fill(name, [flat.reshape(entry["shape"]) for entry, flat in zip(stored, torch.split(values, [entry["size"] for entry in stored]))])


def fill(name, weights):
    """Modules take Keras' weights in order: the order in which they are made here is Keras' order of layers."""
    model = MODELS[name]()
    parts = iter(weights)
    channels = None
    for module in model.modules():
        for parameter in tensors_of(module):
            given = next(parts)
            if parameter.dim() == 4:
                given, channels = given.permute(3, 2, 0, 1), given.shape[3]
            elif parameter.dim() == 2:
                given = dense_kernel(given, channels if name == "lenet5" else None)
                channels = None
            with torch.no_grad():
                parameter.copy_(given)
    assert next(parts, None) is None, "weights are left over"
    return model


def tensors_of(module):
    if isinstance(module, nn.BatchNorm2d):
        return [module.weight, module.bias, module.running_mean, module.running_var]
    if isinstance(module, (nn.Conv2d, nn.Linear)):
        return [module.weight] if module.bias is None else [module.weight, module.bias]
    return []


def dense_kernel(kernel, channels):
    """Keras' [inputs, units] as PyTorch's [units, inputs]; after Flatten Keras counts channels last, PyTorch first."""
    if channels is not None:
        kernel = kernel.reshape(-1, channels, kernel.shape[1]).transpose(0, 1).reshape(kernel.shape)
    return kernel.t()
