"""Read the redirect that brings a customer's browser back from the consent journey.

    parse_callback("https://your.app/callback?connection=…&state=ACTIVE")
    with Listener("http://127.0.0.1:8765/callback") as listener:
        parameters = listener.wait(300)     # None if no browser came back in 300 seconds

`state` is a status (ACTIVE, PENDING or REJECTED). A redirect proves nothing: anybody can write
one. Confirm the connection's state by API.

parsing       a pasted URL to its parameters
rules         what is unusual about the parameters of a redirect
listener      catches the redirect on this machine
landing_page  the pages that the listener shows
rehearsal     tests your own callback handler with every redirect that Wych can send
"""

from __future__ import annotations

from wych_kit.callback.listener import Listener
from wych_kit.callback.parsing import CallbackParameters, parse_callback

__all__ = ["CallbackParameters", "Listener", "parse_callback"]
