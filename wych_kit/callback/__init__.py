"""The customer's browser comes back from the consent journey: what its address says, and a listener on this machine to catch it.

    read("https://your.app/callback?connection=…&state=ACTIVE")     → Return(connection, state, user)
    with Listener("http://127.0.0.1:8765/callback") as listener:
        came = listener.wait(300)                                   → Return, or None when nobody came

`state` is a status (ACTIVE, PENDING, REJECTED), and nothing in the address proves where it comes from: confirm it by API.
"""

from __future__ import annotations

from wych_kit.callback.listener import Listener
from wych_kit.callback.parsing import Return, read

__all__ = ["Listener", "Return", "read"]
