"""Replays a trace of the native engine in the big-integer model and compares everything.

    python3 check_trace.py TRACE.jsonl

The first line of a trace is {"params": ...}. Every other line is one of
    {"tx": ..., "ok": receipt}  or  {"tx": ..., "reject": code, "field": name or null},  either with "root": state root
    {"portfolio": {...}, "ok": health}  or  {"portfolio": {...}, "reject": code}
Exits 0 and prints what was compared, or 1 and prints the first difference.
"""

import collections
import json
import re
import sys

import babyjubjub
import poseidon
from margin import Rejection, assess
from model import Exchange

DECIMAL = re.compile(r"-?[0-9]+")
HEALTH = ("equity", "worst", "maintenance", "initial")


def decode(value):
    """Text to integers; keys, signatures and health figures to tuples."""
    if isinstance(value, list):
        return [decode(item) for item in value]
    if isinstance(value, str):
        if value.startswith("0x"):
            return int(value, 16)
        return int(value) if DECIMAL.fullmatch(value) else value
    if not isinstance(value, dict):
        return value
    if value.keys() == {"x", "y"}:
        return decode(value["x"]), decode(value["y"])
    if value.keys() == {"r_x", "r_y", "s"}:
        return decode(value["r_x"]), decode(value["r_y"]), decode(value["s"])
    if value.keys() == set(HEALTH):
        return tuple(decode(value[name]) for name in HEALTH)
    if value.keys() == {"account", "health"}:
        return decode(value["account"]), decode(value["health"])
    return {key: decode(item) for key, item in value.items()}


def outcome(action):
    """What an action returns, or how it was refused."""
    try:
        return {"ok": action()}
    except Rejection as rejection:
        return {"reject": rejection.code, "field": rejection.field}


def margin(rules, portfolio):
    """The health of a portfolio that belongs to no state."""
    names = ("instrument", "qty", "perpetual", "funding_index", "row")
    holdings = [tuple(holding[name] for name in names) for holding in portfolio["holdings"]]
    return assess(rules, portfolio["cash"], portfolio["reserve"], holdings)


def main(path):
    poseidon.self_check()
    babyjubjub.self_check()
    counts, rejections, kinds = collections.Counter(), collections.Counter(), collections.Counter()
    exchange = None
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            step = decode(json.loads(line))
            if "params" in step:
                exchange = Exchange(step["params"])
                continue
            if "portfolio" in step:
                found = outcome(lambda: margin(exchange.params["margin"], step["portfolio"]))
                counts["portfolios"] += 1
            else:
                found = outcome(lambda: exchange.apply(step["tx"]))
                counts["transactions"] += 1
                kinds[step["tx"]["type"]] += 1
            expected = {key: step[key] for key in ("ok", "reject", "field") if key in step}
            if found != expected:
                print(f"{path}:{number}: {line[:2000]}\nnative: {expected}\nmodel:  {found}")
                return 1
            rejections[expected.get("reject", "accepted")] += 1
            counts["margins"] += len(expected["ok"]["healths"]) if "tx" in step and "ok" in step else 0
            if "root" in step:
                counts["roots"] += 1
                root = exchange.root()
                if root != step["root"]:
                    print(f"{path}:{number}: {line[:2000]}\nnative root: {step['root']:#x}\nmodel root:  {root:#x}")
                    return 1
    print(", ".join(f"{count} {what}" for what, count in counts.items()) + " agree")
    print("types:", dict(sorted(kinds.items())))
    print("outcomes:", dict(sorted(rejections.items())))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
