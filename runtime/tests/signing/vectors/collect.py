#!/usr/bin/env python3
"""Collects official signing vectors into one file of facts: no names, comments or references.

    collect.py CORPUS > vectors/request-3.0.json

A corpus is a folder with `positive` and `negative`, and `keys.json` in it or above it; a
`canonicalization.json` in it is taken along. Where they come from: the npm package @adcp/sdk
6.11.0 (`compliance/cache/3.0.6/test-vectors`) and the PyPI package adcp 9.2.0
(`adcp/_compliance/3.2.4/test-vectors`).
"""

import json
import sys
from pathlib import Path

VECTOR = (
    "reference_now",
    "request",
    "verifier_capability",
    "jwks_ref",
    "jwks_override",
    "test_harness_state",
    "expected_signature_base",
    "expected_outcome",
)
CASE = ("input_url", "expected_target_uri", "expected_authority", "reject", "expected_error_code")


def bare(value):
    """A value without the comments in it."""
    if isinstance(value, dict):
        return {key: bare(inner) for key, inner in value.items() if key not in ("$comment", "_WARNING")}
    if isinstance(value, list):
        return [bare(inner) for inner in value]
    return value


def read(path):
    return bare(json.loads(path.read_text()))


def only(value, members):
    return {member: value[member] for member in members if member in value}


def main(folder):
    folder = Path(folder)
    keys = next(place / "keys.json" for place in (folder, folder.parent) if (place / "keys.json").exists())
    collected = {"keys": read(keys)["keys"], "vectors": {}}
    for path in sorted(folder.glob("[pn]*tive/*.json")):
        collected["vectors"][f"{path.parent.name}/{path.stem}"] = only(read(path), VECTOR)
    cases = folder / "canonicalization.json"
    if cases.exists():
        collected["canonicalization"] = [only(case, CASE) for case in read(cases)["cases"]]
    json.dump(collected, sys.stdout, indent=1, ensure_ascii=False)
    print()


if __name__ == "__main__":
    main(*sys.argv[1:])
