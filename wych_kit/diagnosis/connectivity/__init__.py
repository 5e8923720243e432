"""Tests every stage from the settings to the data, and explains the first failure. Prints nothing.

check            runs the checks in order, within their time limits
report           the result: each check's state, and the diagnosis of the failed one
state            what later checks know from earlier ones
network_checks   settings, host names, connection, TLS, proxy
http_checks      discovery document to data
probes           look-ups, sockets, a proxy's tunnel
certificates     TLS handshakes, and what an invalid certificate says
bounded_client   sends every request, within the limits
counter_tests    further requests where two causes look alike
"""

from __future__ import annotations

from wych_kit.diagnosis.connectivity.check import check_connectivity
from wych_kit.diagnosis.connectivity.report import CHECK_TITLES, CheckResult, Report

__all__ = ["CHECK_TITLES", "CheckResult", "Report", "check_connectivity"]
