"""From the host's name to the data, a rung at a time: which one is broken, why, and what to do. Prints nothing.

report      what a climb found: its rungs, and the diagnosis of the broken one
climbing    the order, the limits, and Ctrl-C
ground      the rungs below HTTP: settings, name, connection, TLS, proxy
heights     the rungs above: discovery, issuer, clock, token endpoint, client, token, API key, permission, data
probes      look-ups, sockets, handshakes
proxies     which proxy stands in between, and what it says
certificates    what a certificate that does not hold says of who made it
asking      every request of a climb, within its limits
counter     counter-tests, where two causes look alike
"""

from __future__ import annotations

from wych_kit.diagnosis.connectivity.check import check_connectivity
from wych_kit.diagnosis.connectivity.report import CHECK_TITLES, CheckResult, Report

__all__ = ["CHECK_TITLES", "CheckResult", "Report", "check_connectivity"]
