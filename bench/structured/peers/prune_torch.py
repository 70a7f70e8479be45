"""Torch-Pruning's side of `npm run bench:structured`: the same model with the same weights, pruned by group magnitude, p = 2.

The argument is one request as JSON (see peer.ts). Prints one line of JSON, with `missing` where a library cannot be imported.
"""
import copy
import json
import os
import sys
import time
import warnings

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "train", "peers"))

CLASSES = 10
#: Halvings by which the share of channels for a number of multiplications is found.
HALVINGS = 12
#: A median of fewer says nothing.
LEAST_RUNS = 10


def idx(folder, name):
    import numpy as np
    with open(os.path.join(folder, name), "rb") as file:
        raw = file.read()
    axes = raw[3]
    sizes = [int.from_bytes(raw[4 + 4 * axis:8 + 4 * axis], "big") for axis in range(axes)]
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * axes).reshape(sizes)


def examples(folder, part):
    import torch
    images = torch.from_numpy(idx(folder, f"{part}-images-idx3-ubyte").copy())[:, None].float() / 255
    return images, torch.from_numpy(idx(folder, f"{part}-labels-idx1-ubyte").copy()).long()


def load(spec):
    """The model of the file; the largest difference between its outputs and those that are given."""
    import torch
    from keras_file import read_weights
    from torch_models import fill
    model = fill(spec["name"], [torch.from_numpy(array) for array in read_weights(spec["model"])]).eval()
    images, _ = examples(spec["folder"], "t10k")
    wanted = torch.tensor(spec["outputs"])
    with torch.no_grad():
        difference = (torch.softmax(model(images[:len(wanted)]), 1) - wanted).abs().max().item()
    if difference > spec["tolerance"]:
        raise ValueError(f"the model does not predict the same: outputs differ by {difference}")
    return model, difference


def macs_of(model, example):
    """Multiplications of convolutions and dense layers for one example."""
    import torch
    from torch import nn
    total = 0

    def count(module, _, output):
        nonlocal total
        inner = module.weight[0].numel()
        total += output[0].numel() * inner

    hooks = [module.register_forward_hook(count) for module in model.modules() if isinstance(module, (nn.Conv2d, nn.Linear))]
    with torch.no_grad():
        model(example)
    for hook in hooks:
        hook.remove()
    return total


def prune(model, example, ratio, is_global):
    import torch_pruning as tp
    # The last dense layer gives the classes.
    tp.pruner.MetaPruner(model, example, importance=tp.importance.GroupMagnitudeImportance(p=2), pruning_ratio=ratio, global_pruning=is_global, ignored_layers=[model[-1]]).step()
    return model


def pruned_to(model, example, target):
    """To a share of channels in every group, or to the least share of all channels that leaves at most so many multiplications."""
    if "channels" in target:
        return prune(copy.deepcopy(model), example, target["channels"], False)
    allowed = target["macs"] * macs_of(model, example)
    low, high, best = 0.0, 1.0, None
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        made = prune(copy.deepcopy(model), example, middle, True)
        if macs_of(made, example) <= allowed:
            high, best = middle, made
        else:
            low = middle
    return best


def accuracy(model, images, labels):
    import torch
    model.eval()
    with torch.no_grad():
        right = sum((model(part).argmax(1) == truth).sum().item() for part, truth in zip(images.split(1000), labels.split(1000)))
    return right / len(labels)


def fine_tune(model, spec, training, report):
    """Accuracy after each epoch."""
    import torch
    from torch.nn import functional as F
    images, labels = training
    torch.manual_seed(spec["seed"])
    model = copy.deepcopy(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=spec["rate"], eps=1e-7)
    found = []
    for _ in range(spec["epochs"]):
        model.train()
        for indices in torch.randperm(len(images)).split(spec["batch"]):
            optimizer.zero_grad(set_to_none=True)
            F.cross_entropy(model(images[indices]), labels[indices]).backward()
            optimizer.step()
        found.append(accuracy(model, *report))
    return found


def parameters_of(model):
    return sum(parameter.numel() for parameter in model.parameters())


def sizes(model, example):
    return {"weights": parameters_of(model), "macs": macs_of(model, example)}


def accuracies(spec):
    model, difference = load(spec)
    training, report = examples(spec["folder"], "train"), examples(spec["folder"], "t10k")
    example = report[0][:1]
    made = pruned_to(model, example, spec["target"])
    before, after = sizes(model, example), sizes(made, example)
    return {
        "difference": difference, "weights": after["weights"], "weightsBefore": before["weights"], "macs": after["macs"], "macsBefore": before["macs"],
        "dense": accuracy(model, *report), "oneShot": accuracy(made, *report), "epochs": fine_tune(made, spec, training, report),
        "denseEpochs": fine_tune(model, spec, training, report) if spec["trainDense"] else None,
    }


def latencies(spec):
    """Medians of one forward pass before and after, in milliseconds, by batch; the two run in turn."""
    import torch
    model, _ = load(spec)
    images, _ = examples(spec["folder"], "t10k")
    models = [model, pruned_to(model, images[:1], spec["target"]).eval()]
    found = {}
    with torch.inference_mode():
        for batch in spec["batches"]:
            given = images[:batch].contiguous()
            times = [[], []]
            ends = time.perf_counter() + spec["seconds"]
            for turn in range(spec["runs"] + spec["warmUp"]):
                for index in ((0, 1) if turn % 2 == 0 else (1, 0)):
                    begin = time.perf_counter()
                    models[index](given)
                    if turn >= spec["warmUp"]:
                        times[index].append(1000 * (time.perf_counter() - begin))
                if turn >= spec["warmUp"] + LEAST_RUNS and time.perf_counter() > ends:
                    break
            found[batch] = [sorted(one)[len(one) // 2] for one in times]
    return {"p50": found}


def graph(spec):
    """Seconds to build the dependency graph, score, choose and shrink."""
    import torch
    from residual import residual
    seconds, processor_seconds = [], []
    torch.manual_seed(1)
    model = residual(spec["stages"], spec["widths"], CLASSES).eval()
    example = torch.randn(1, 3, spec["size"], spec["size"])
    convolutions = sum(isinstance(module, torch.nn.Conv2d) for module in model.modules())
    made = model
    for _ in range(spec["rounds"]):
        own = copy.deepcopy(model)
        begin, used = time.perf_counter(), time.process_time()
        made = prune(own, example, spec["ratio"], True)
        seconds.append(time.perf_counter() - begin)
        processor_seconds.append(time.process_time() - used)
    return {"seconds": seconds, "processorSeconds": processor_seconds, "convolutions": convolutions, "weightsBefore": parameters_of(model), "weights": parameters_of(made)}


PARTS = {"accuracy": accuracies, "latency": latencies, "graph": graph}


def main(spec):
    try:
        import h5py  # noqa: F401
        import torch
        import torch_pruning  # noqa: F401
    except ImportError as error:
        return {"missing": str(error)}
    warnings.filterwarnings("ignore")
    torch.set_num_threads(spec["threads"])
    from importlib.metadata import PackageNotFoundError, version
    try:
        versions = f"Torch-Pruning {version('torch-pruning')}, PyTorch {torch.__version__}"
    except PackageNotFoundError:
        versions = f"PyTorch {torch.__version__}"
    return {**PARTS[spec["part"]](spec), "versions": versions}


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
