#!/usr/bin/env python3
"""Extracts the samples that tests/wire.rs reads.

    python3 extract.py SDK_PACKAGE SCHEMA_FOLDER

SDK_PACKAGE    the unpacked npm package @adcp/sdk 6.11.0: every `sample_request` of its storyboards
               (compliance/cache/3.0.6) goes to storyboards.jsonl
SCHEMA_FOLDER  the folder `_schemas/3.0` of the PyPI package adcp 9.2.0: every `examples` entry and
               `example` of a schema goes to examples.jsonl

One JSON object per line: {"from": storyboard step or schema place, "tool" or "schema": ..., "value": ...}.
Placeholders that the runner fills in at run time are replaced by fixed values of the same kind.
Needs PyYAML.
"""
import json
import os
import re
import sys
import uuid

import yaml

URLS = {"governance_agent_url", "format_agent_url"}
# Captured as whole objects by the storyboards.
OBJECTS = {
    "format_id": {"agent_url": "https://formats.example", "id": "display_300x250"},
    "product_format_id": {"agent_url": "https://formats.example", "id": "display_300x250"},
}


class Loader(yaml.SafeLoader):
    """YAML as the runner reads it: dates stay strings."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def filled(value, key=""):
    if isinstance(value, dict):
        return {name: filled(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, key) for inner in value]
    if not isinstance(value, str):
        return value
    generated = re.fullmatch(r"\$generate:uuid_v4(?:#(.*))?", value)
    if generated:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, generated.group(1) or "unnamed"))
    context = re.fullmatch(r"\$context\.(\w+)", value)
    if context:
        name = context.group(1)
        if name in URLS:
            return f"https://{name.replace('_', '-')}.example"
        if name == "first_signal_id":
            return {"source": "catalog", "data_provider_domain": "data.example", "id": "signal"}
        if name in OBJECTS and key in ("format_id", "format_ids"):
            return OBJECTS[name]
        return f"from-context-{name}"
    value = re.sub(r"\$generate:uuid_v4(?:#[\w.-]+)?", str(uuid.uuid5(uuid.NAMESPACE_URL, "part")), value)
    value = re.sub(r"\$context\.(\w+)", r"from-context-\1", value)
    value = re.sub(r"\{\{runner\.webhook_(?:url|base)[^}]*\}\}", "https://webhooks.example", value)
    return re.sub(r"\{\{prior_step\.[^}]*\}\}", "from-prior-step", value)


def storyboards(package):
    root = os.path.join(package, "compliance", "cache", "3.0.6")
    seen = set()
    for folder, folders, files in os.walk(root):
        folders.sort()
        # `domains` is a copy of `protocols`.
        if os.path.relpath(folder, root).split(os.sep)[0] in ("domains", "test-kits", "test-vectors"):
            continue
        for file in sorted(files):
            if not file.endswith(".yaml"):
                continue
            path = os.path.join(folder, file)
            with open(path, encoding="utf-8") as handle:
                board = yaml.load(handle, Loader) or {}
            for phase in board.get("phases") or []:
                for step in phase.get("steps") or []:
                    if not isinstance(step.get("sample_request"), dict):
                        continue
                    value = filled(step["sample_request"])
                    key = json.dumps([step.get("task"), value], sort_keys=True)
                    if key in seen:
                        continue
                    seen.add(key)
                    name = os.path.relpath(path, root).replace(os.sep, "/")
                    yield {"from": f"{name} {step.get('id')}", "tool": step.get("task"), "value": value}


def examples(folder):
    for inner, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in ("bundled", "mcp", "tmp"))
        for file in sorted(files):
            if file.endswith(".json"):
                path = os.path.join(inner, file)
                with open(path, encoding="utf-8") as handle:
                    schema = json.load(handle)
                place = os.path.relpath(path, folder).replace(os.sep, "/")
                yield from inside(schema, place, "")


def inside(schema, file, pointer):
    if isinstance(schema, list):
        for at, inner in enumerate(schema):
            yield from inside(inner, file, f"{pointer}/{at}")
        return
    if not isinstance(schema, dict):
        return
    found = schema.get("examples")
    # A property may be called `examples`: then it is a schema.
    if isinstance(found, list) and not pointer.endswith("/properties"):
        for at, value in enumerate(found):
            # Some files wrap their examples as {description, data}.
            if isinstance(value, dict) and "data" in value and set(value) <= {"description", "data", "title"}:
                value = value["data"]
            place = file + (f"#{pointer}" if pointer else "")
            yield {"from": f"{place} examples/{at}", "schema": place, "value": value}
    for key, inner in schema.items():
        if key not in ("examples", "default", "const", "enum"):
            yield from inside(inner, file, f"{pointer}/{key}")


def write(name, samples):
    here = os.path.dirname(os.path.abspath(__file__))
    count = 0
    with open(os.path.join(here, name), "w", encoding="utf-8") as out:
        for sample in samples:
            out.write(json.dumps(sample, ensure_ascii=False, separators=(",", ":")) + "\n")
            count += 1
    print(name, count)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    write("storyboards.jsonl", storyboards(sys.argv[1]))
    write("examples.jsonl", examples(sys.argv[2]))
