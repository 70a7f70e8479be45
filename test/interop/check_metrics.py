"""Reads what /metrics of API and worker answered with the parsers of prometheus_client, and compares what they find with what is defined."""
import json
import sys
from pathlib import Path

from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client import parser as prometheus

folder = Path(sys.argv[1])
defined = json.loads((folder / 'defined.json').read_text())
failures = 0


def check(name, good, text):
    global failures
    if not good:
        failures += 1
        print(f'{name}: {text}')


for role, metrics in defined.items():
    # It refuses what the rules forbid: names without their suffixes, samples out of order, buckets that do not grow, text after the end.
    strict = {family.name: family for family in openmetrics.text_string_to_metric_families((folder / f'{role}.openmetrics').read_text())}
    older = {family.name: family for family in prometheus.text_string_to_metric_families((folder / f'{role}.prometheus').read_text())}
    for metric in metrics:
        name = metric['name'].removesuffix('_total')
        for form, families in (('OpenMetrics', strict), ('Prometheus', older)):
            family = families.get(name)
            check(role, family is not None, f'{metric["name"]} is not in {form}')
            if family is None:
                continue
            check(role, family.type == metric['type'], f'{name} is a {family.type} in {form}, {metric["type"]} is defined')
            check(role, family.documentation == metric['help'], f'{name} has another text in {form}: {family.documentation}')
            for sample in family.samples:
                labels = set(sample.labels) - {'le'}
                check(role, labels == set(metric['labels']), f'{name} has the labels {sorted(labels)} in {form}')
    exemplars = [sample.exemplar for metric in metrics if metric['type'] == 'histogram' for sample in strict[metric['name']].samples if sample.exemplar is not None]
    check(role, len(exemplars) > 0, 'no histogram has an exemplar')
    for exemplar in exemplars:
        check(role, exemplar.labels == {'trace_id': '4bf92f3577b34da6a3ce929d0e0e4736', 'span_id': '00f067aa0ba902b7'} and exemplar.value in (0.001, 0.5, 7, 1e6), f'an exemplar is {exemplar}')
    check(role, set(strict) == set(older), f'the two forms differ: {sorted(set(strict) ^ set(older))}')
    for name, family in strict.items():
        values = {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for sample in family.samples}
        others = {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for sample in older[name].samples}
        if name.startswith('espalier_') and name != 'espalier_http_requests_in_flight':
            check(role, values == others, f'{name} has other values in the older form')
    print(f'{role}: {len(strict)} families, {sum(len(family.samples) for family in strict.values())} samples')
sys.exit(1 if failures else 0)
