"""PyTorch's side of `npm run bench:train`: an eager loop over tensors in memory, both memory formats and both Adams tried."""
import itertools
import os
import time

from serve import serve


def open_side(spec):
    import torch
    from torch.nn import functional as F
    from torch_models import build

    torch.set_num_threads(spec["threads"])
    torch.manual_seed(1)
    gpu = spec["device"] == "gpu" and torch.cuda.is_available()
    device = torch.device("cuda" if gpu else "cpu")
    folder, batch = spec["folder"], spec["batch"]
    size = os.path.getsize(os.path.join(folder, "images.u8"))
    images = torch.from_file(os.path.join(folder, "images.u8"), size=size, dtype=torch.uint8).reshape(-1, 1, 28, 28).to(device).float() / 255
    labels = torch.from_file(os.path.join(folder, "labels.u8"), size=len(images), dtype=torch.uint8).to(device).long()

    class Runner:
        def __init__(self, memory_format, fused):
            self.model = build(spec["model"], folder).to(device).to(memory_format=memory_format)
            self.optimizer = torch.optim.Adam(self.model.parameters(), lr=spec["learningRate"], eps=1e-7, fused=fused)
            self.images = images.contiguous(memory_format=memory_format)
            self.order = iter(())

        def initial_loss(self):
            self.model.eval()
            examples = spec["lossExamples"]
            with torch.no_grad():
                loss = F.cross_entropy(self.model(self.images[:examples]), labels[:examples]).item()
            self.model.train()
            return loss

        def next_batch(self):
            """Indices of the next full batch; the examples are shuffled anew when none is left."""
            indices = next(self.order, None)
            if indices is None:
                shuffled = torch.randperm(len(images), device=device)
                self.order = iter(shuffled[:len(images) // batch * batch].split(batch))
                indices = next(self.order)
            return indices

        def run(self, steps):
            self.model.train()
            total = torch.zeros((), device=device)
            began = time.perf_counter()
            for _ in range(steps):
                indices = self.next_batch()
                self.optimizer.zero_grad(set_to_none=True)
                loss = F.cross_entropy(self.model(self.images[indices]), labels[indices])
                loss.backward()
                self.optimizer.step()
                total += loss.detach()
            # Reading the value waits for a GPU to finish.
            mean = total.item() / steps
            return time.perf_counter() - began, mean

    formats = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
    adams = {"Adam": None, "fused Adam": True}
    variants = {
        f"{layout}, {adam}": lambda layout=layout, adam=adam: Runner(formats[layout], adams[adam])
        for layout, adam in itertools.product(formats if spec["model"] != "lenet300" else ["contiguous"], adams)
    }
    return f"PyTorch {torch.__version__}" + (f" on {torch.cuda.get_device_name()}" if gpu else ""), variants


if __name__ == "__main__":
    serve(open_side)
