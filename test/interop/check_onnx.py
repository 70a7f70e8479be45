"""Reads pruned ONNX models with the onnx package and runs them with onnxruntime, beside the same models zeroed in numpy."""
import json
import os
import sys
import zipfile
import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper


onnxruntime.set_default_logger_severity(3)


def opened(path):
    """The model with its external data, and the path under which onnxruntime finds both."""
    if path.endswith('.zip'):
        folder = path + '.d'
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None, 'a checksum of the zip is wrong'
            archive.extractall(folder)
        [path] = [os.path.join(where, name) for where, _, names in os.walk(folder) for name in names if name.endswith('.onnx')]
    onnx.checker.check_model(path)
    return onnx.load(path), path


def arrays_of(model):
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}


def zeroed(arrays, case):
    """What the initializers of the pool must be: by the threshold, or with exactly round(sparsity * N) zeros, the smallest magnitudes."""
    sizes = {name: np.abs(arrays[name].astype(np.float32)) for name in case['tensors']}
    cut = case.get('threshold')
    if cut is None:
        pool = np.sort(np.concatenate([size.ravel() for size in sizes.values()]))
        cut = pool[int(np.floor(case['sparsity'] * pool.size + 0.5)) - 1]
        assert sum(int((size <= cut).sum()) for size in sizes.values()) == int(np.floor(case['sparsity'] * pool.size + 0.5))
    return {name: np.where(size <= np.float32(cut), arrays[name].dtype.type(0), arrays[name]) for name, size in sizes.items()}


def without_data(model):
    """All of a model but the numbers of its initializers and where they lie, as bytes."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for tensor in copy.graph.initializer:
        for key in ('raw_data', 'float_data', 'int32_data', 'int64_data', 'double_data', 'uint64_data'):
            tensor.ClearField(key)
    return copy.SerializeToString()


def inputs_of(session):
    rng = np.random.default_rng(3)
    kinds = {'tensor(float)': np.float32, 'tensor(float16)': np.float16}
    feed = {}
    for value in session.get_inputs():
        shape = [size if isinstance(size, int) else 3 for size in value.shape]
        feed[value.name] = rng.integers(0, 10, shape) if value.type == 'tensor(int64)' else rng.normal(size=shape).astype(kinds[value.type])
    return feed


def check(folder, case):
    before, _ = opened(os.path.join(folder, case['original']))
    after, path = opened(os.path.join(folder, case['pruned']))
    assert without_data(before) == without_data(after), 'something else than numbers of initializers changed'
    old, new = arrays_of(before), arrays_of(after)
    wanted = {**old, **zeroed(old, case)}
    for name, array in wanted.items():
        assert new[name].dtype == array.dtype and new[name].shape == array.shape, name
        same = np.array_equal(new[name], array) if array.dtype == object else new[name].tobytes() == array.tobytes()
        assert same, f'{name} differs'
    for tensor in before.graph.initializer:
        if tensor.name in case['tensors']:
            tensor.CopyFrom(numpy_helper.from_array(wanted[tensor.name], tensor.name))
    reference = onnxruntime.InferenceSession(before.SerializeToString(), providers=['CPUExecutionProvider'])
    session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
    feed = inputs_of(session)
    outputs, expected = session.run(None, feed), reference.run(None, feed)
    assert outputs and all(np.array_equal(a, b) for a, b in zip(outputs, expected, strict=True)), 'onnxruntime gives other outputs'
    untouched = onnxruntime.InferenceSession(opened(os.path.join(folder, case['original']))[1], providers=['CPUExecutionProvider']).run(None, feed)
    assert any(not np.array_equal(a, b) for a, b in zip(outputs, untouched)), 'pruning changed no output'
    return sum(int((new[name].astype(np.float32) == 0).sum()) for name in case['tensors'])


def main(folder):
    failed = 0
    with open(os.path.join(folder, 'cases.json')) as file:
        cases = json.load(file)
    for case in cases:
        try:
            print(f"ok    {case['pruned']}: {check(folder, case)} zeros")
        except Exception as error:
            failed += 1
            print(f"FAIL  {case['pruned']}: {type(error).__name__}: {str(error)[:1000]}")
    print(f'{len(cases) - failed} of {len(cases)} pruned models are right in onnx {onnx.__version__} and onnxruntime {onnxruntime.__version__}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(os.path.join(sys.argv[1], 'onnx')))
