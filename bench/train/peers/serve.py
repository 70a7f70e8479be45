"""Runs one side of a benchmark in Python: a line of JSON in, a line of JSON out, until standard input ends.

The argument is the specification as JSON (see SideSpec in protocol.ts); `trialSteps` in it says how long a variant is tried at a time. A side is a
module with `open_side(spec)`, which gives its versions as text, a table of variants (name -> function that builds a fresh Runner) and may raise
ImportError. The fastest variant is kept; all are reported.
"""
import json
import os
import sys

TRIAL_STEPS = 25
TRIALS = 3


def measure(runners, steps):
    """The fewest seconds a step of each runner, tried in turns of so many steps."""
    for runner in runners.values():
        runner.run(min(10, steps))
    seconds = {name: float("inf") for name in runners}
    for _ in range(TRIALS):
        for name, runner in runners.items():
            seconds[name] = min(seconds[name], runner.run(steps)[0] / steps)
    return seconds


def serve(open_side):
    # What libraries print must not come between the lines of the protocol.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def say(message):
        print(json.dumps(message), file=answers, flush=True)

    spec = json.loads(sys.argv[1])
    try:
        versions, variants = open_side(spec)
    except ImportError as error:
        say({"missing": str(error)})
        return
    seconds = measure({name: build() for name, build in variants.items()}, spec.get("trialSteps", TRIAL_STEPS))
    kept = min(seconds, key=seconds.get)
    runner = variants[kept]()
    say({"ready": {"versions": versions, "initialLoss": runner.initial_loss(), "variants": seconds, "kept": kept}})
    for line in sys.stdin:
        took, loss = runner.run(json.loads(line)["run"])
        say({"seconds": took, "loss": loss})
