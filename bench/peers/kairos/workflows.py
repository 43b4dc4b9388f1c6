"""Chain, fan-out and foreach as Kairos workflows, with the same ten fields and 1 KiB as ours, their types checked.

Reads one line per round from standard input (`chain <steps> <min ms>`, `fanout <width> <min ms>` or
`foreach <items> <min ms>`) and answers with one line of JSON: microseconds per step.
"""

import json
import logging
import sys
import time

from kairos import Schema, Step, StepConfig, Workflow

logging.disable(logging.CRITICAL)

BYTES = 1024
LINE = Schema({"sku": str, "quantity": int, "price": float})
PAYLOAD = Schema(
    {
        "id": str,
        "customer": str,
        "status": str,
        "currency": str,
        "total": float,
        "count": int,
        "placedAt": str,
        "tags": list[str],
        "lines": list[LINE],
        "note": str,
    }
)
ITEM = Schema({"id": int, "name": str, "value": int})


def sample():
    payload = {
        "id": "7f3b1c52-6c1e-4b6e-9a55-0d6f0a3c1e77",
        "customer": "ada@example.com",
        "status": "placed",
        "currency": "EUR",
        "total": 412.25,
        "count": 0,
        "placedAt": "2026-01-31T09:30:00.000Z",
        "tags": ["gift", "second order", "express"],
        "lines": [{"sku": f"part-{1000 + line}", "quantity": line + 1, "price": 7.5} for line in range(10)],
        "note": "",
    }
    return {**payload, "note": "x" * (BYTES - len(json.dumps(payload, separators=(",", ":"))))}


def advance(payload):
    return {**payload, "count": payload["count"] + 1}


def output_of(workflow, name, inputs):
    result = workflow.run(inputs)
    assert result.status.value == "complete", result.status
    return result.step_results[name].output


def later(name, before, parallel=False):
    return Step(
        name=name,
        action=lambda ctx: advance(ctx.inputs[before]),
        depends_on=[before],
        input_contract=Schema({before: PAYLOAD}),
        output_contract=PAYLOAD,
        parallel=parallel,
    )


def first(name):
    return Step(name=name, action=lambda ctx: advance(ctx.state.get("payload")), output_contract=PAYLOAD)


def create_chain(steps):
    all_steps = [first("s0")] + [later(f"s{index}", f"s{index - 1}") for index in range(1, steps)]
    workflow = Workflow(name="chain", steps=all_steps)
    payload = sample()

    def run():
        output = output_of(workflow, f"s{steps - 1}", {"payload": payload})
        assert output["count"] == steps and {**output, "count": 0} == payload, output["count"]

    return run


def create_fanout(width):
    branches = [later(f"b{index}", "source", parallel=True) for index in range(width)]
    join = Step(
        name="join",
        action=lambda ctx: sum(branch["count"] for branch in ctx.inputs.values()),
        depends_on=[branch.name for branch in branches],
    )
    workflow = Workflow(name="fanout", steps=[first("source"), *branches, join], max_concurrency=32)
    payload = sample()

    def run():
        total = output_of(workflow, "join", {"payload": payload})
        assert total == width * 2, total

    return run


def create_foreach(count):
    step = Step(
        name="each",
        action=lambda ctx: {**ctx.item, "value": ctx.item["value"] + 1},
        output_contract=ITEM,
        config=StepConfig(foreach="items"),
    )
    workflow = Workflow(name="foreach", steps=[step])
    items = [{"id": index, "name": f"item {index}", "value": index} for index in range(count)]

    def run():
        results = output_of(workflow, "each", {"items": items})
        assert len(results) == count and all(item["value"] == index + 1 for index, item in enumerate(results))

    return run


MAKERS = {"chain": create_chain, "fanout": create_fanout, "foreach": create_foreach}
runs = {}

for line in sys.stdin:
    what, count, min_ms = line.split()
    if (what, count) not in runs:
        runs[(what, count)] = MAKERS[what](int(count))
    run = runs[(what, count)]
    rounds = 0
    started = time.perf_counter()
    while True:
        run()
        rounds += 1
        seconds = time.perf_counter() - started
        if seconds * 1000 >= int(min_ms):
            break
    print(json.dumps({"microseconds": seconds * 1e6 / (rounds * int(count))}), flush=True)
