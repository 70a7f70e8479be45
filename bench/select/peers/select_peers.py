"""Exact pruning by magnitude as it is written by hand in numpy and PyTorch: select, compare, mask. Reads the name of a way per line, runs it for a while and once more, and answers with the seconds of that."""
import sys
import time

import numpy as np

n, sparsity, warm = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
zeros = int(sparsity * n + 0.5)


def numpy_copy(w):
    """The kth of a partitioned copy."""
    a = np.abs(w)
    w[a <= np.partition(a, zeros - 1)[zeros - 1]] = 0


def numpy_in_place(w):
    """Partitioned where it is, so that magnitudes are taken twice."""
    a = np.abs(w)
    a.partition(zeros - 1)
    w *= np.abs(w) > a[zeros - 1]


WAYS = {"numpy": numpy_copy, "numpyInPlace": numpy_in_place}
try:
    import torch

    def kthvalue(w):
        t = torch.from_numpy(w)
        a = t.abs()
        t.masked_fill_(a <= a.kthvalue(zeros).values, 0)

    def topk(w):
        t = torch.from_numpy(w)
        mask = torch.zeros_like(t)
        mask[t.abs().topk(n - zeros, sorted=False).indices] = 1
        t.mul_(mask)

    WAYS |= {"kthvalue": kthvalue, "topk": topk}
except ImportError:
    pass

u = np.random.default_rng(1).random((2, n), dtype=np.float32)
source = (u[0] - np.float32(0.5)) * u[1]
del u
print(" ".join(WAYS), flush=True)
weights = source.copy()


def run(way):
    """Seconds."""
    np.copyto(weights, source)
    start = time.perf_counter()
    WAYS[way](weights)
    return time.perf_counter() - start


for line in sys.stdin:
    way = line.strip()
    until = time.perf_counter() + warm
    run(way)
    while time.perf_counter() < until:
        run(way)
    seconds = run(way)
    if np.count_nonzero(weights) > n - zeros:
        sys.exit(f"{way} left {np.count_nonzero(weights)} weights")
    print(seconds, flush=True)
