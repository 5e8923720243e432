"""Run as a process: our mock, remembering in the SQLite file it is given. Prints where it is; ends when its input is closed."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from wych_kit.mock import server

imported = time.time()
with server.start(path=Path(sys.argv[1])) as mock:
    own = mock.credentials
    facts = {
        "issuer_url": mock.issuer_url,
        "client_id": own.client_id,
        "client_secret": own.client_secret,
        "imported": imported,
    }
    facts |= {
        "api_url": mock.api_url,
        "api_key": own.api_key,
        "partner_id": own.partner_id,
        "app_id": own.app_id,
    }
    print(json.dumps(facts), flush=True)
    sys.stdin.read()
