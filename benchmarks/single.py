"""Run as a process: for each line of input one call, and its status or the error's name printed. Arguments as JSON: client, where."""

from __future__ import annotations

import json
import sys

from clients import CLIENTS, call

who, where = map(json.loads, sys.argv[1:])
client = CLIENTS[who](where)
for _line in sys.stdin:
    try:
        outcome = str(call(client, where["api_url"]))
    except Exception as error:  # noqa: BLE001 - what the error is called is the result
        outcome = type(error).__name__
    print(json.dumps(outcome), flush=True)
