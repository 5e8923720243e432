"""What is wrong on the way: nothing answers, or somebody else does."""

from __future__ import annotations

from wych_kit.diagnosis.scenarios.scenario import Scenario

CONNECTIONS = (
    Scenario(
        "bad-address", "discovery", "values",
        symptom="An error before anything is sent.",
        cause="The text is no address that can be called.",
        fix="Correct it; it starts with https://.",
        side="yours", source="RFC 3986", basis="documented",
    ),
    Scenario(
        "wrong-host", "call", "values",
        symptom="An error before anything is sent: two hosts are named.",
        cause="The credentials belong to one host; the request goes to another.",
        fix="Call addresses below WYCH_API_URL only, or make a second WychAuth.",
        side="yours", source="RFC 9700 section 2.3", basis="documented", alike=("environment-mismatch",),
    ),
    Scenario(
        "name-not-found", "discovery", "network",
        symptom="No address is found for the host's name.",
        cause="The host's name could not be looked up.",
        fix="Check its spelling, then your connection; behind a company proxy, set HTTPS_PROXY.",
        side="yours", source="this machine's resolver", basis="documented", alike=("unreachable",),
    ),
    Scenario(
        "connection-refused", "discovery", "network",
        symptom="Connection refused.",
        cause="The machine is there, and nothing listens at that port.",
        fix="For the mock: start it with `wych-kit mock`. Otherwise check host and port.",
        side="yours", source="TCP", basis="documented", alike=("ipv6-localhost",),
    ),
    Scenario(
        "ipv6-localhost", "discovery", "network",
        symptom="Connection refused at localhost, and 127.0.0.1 answers.",
        cause="The name localhost is ::1 here; the server is at 127.0.0.1.",
        fix="Write 127.0.0.1 in place of localhost.",
        side="yours", source="wire facts D26", basis="inferred", alike=("connection-refused",),
    ),
    Scenario(
        "unreachable", "discovery", "network",
        symptom="No route, or a network that is down.",
        cause="No connection could be made.",
        fix="Check the address and your connection.",
        side="unclear", source="what was observed", basis="inferred", alike=("timeout",),
    ),
    Scenario(
        "timeout", "discovery", "fault",
        symptom="Nothing, until patience ends.",
        cause="No answer came in time.",
        fix="Try again; if it stays, a firewall or proxy may be in the way.",
        side="the network's", source="this kit's limits", basis="documented", alike=("unreachable", "gateway-timeout"),
    ),
    Scenario(
        "connection-cut", "discovery", "fault",
        symptom="The connection ends in the middle of the answer, or before it.",
        cause="The connection ended before a whole answer had come.",
        fix="Check host and port, and try again; if it stays, ask whoever runs the proxy or firewall in between.",
        side="the network's", source="TCP", basis="documented", alike=("proxy-refused",),
    ),
    Scenario(
        "tls-broken", "discovery", "network",
        symptom="WRONG_VERSION_NUMBER, or another error of TLS that names no certificate.",
        cause="No TLS was agreed on: often https:// in front of an http port.",
        fix="Check the address's scheme and port; then ask what TLS is wanted there.",
        side="yours", source="wire facts D13", basis="inferred", alike=("proxy-unreachable",),
    ),
    Scenario(
        "proxy-refused", "discovery", "network",
        symptom="The proxy answers CONNECT with 403 or another refusal, and not with 407.",
        cause="The proxy in between did not let the request through.",
        fix="Ask for the host to be allowed, or set NO_PROXY for it.",
        side="the network's", source="RFC 9110 section 9.3.6; wire facts D23", basis="documented", alike=("proxy-password",),
    ),
    Scenario(
        "proxy-password", "discovery", "network",
        symptom="407 Proxy Authentication Required.",
        cause="The proxy in between wants a name and password.",
        fix="Put them in the proxy's address: HTTPS_PROXY=http://name:password@host:port",
        side="yours", source="RFC 9110 section 15.5.8; wire facts D23", basis="documented", alike=("proxy-refused",),
    ),
    Scenario(
        "proxy-unreachable", "discovery", "network",
        symptom="No connection to the address in HTTPS_PROXY or HTTP_PROXY.",
        cause="The proxy that your variables name does not answer.",
        fix="Correct HTTPS_PROXY, or unset it and run this again.",
        side="yours", source="wire facts D23", basis="inferred", alike=("connection-refused", "name-not-found"),
    ),
)  # fmt: skip

CERTIFICATES = (
    Scenario(
        "certificate-expired", "discovery", "fault",
        symptom="CERTIFICATE_VERIFY_FAILED: certificate has expired.",
        cause="By this machine's clock the server's certificate has expired.",
        fix="Check `date`. If it is right, tell whoever runs the server; do not switch the check off.",
        side="theirs", source="RFC 5280 section 4.1.2.5", basis="documented", alike=("clock-ahead",),
    ),
    Scenario(
        "self-signed-certificate", "discovery", "fault",
        symptom="CERTIFICATE_VERIFY_FAILED: self-signed certificate.",
        cause="The server signed its certificate itself.",
        fix="Check the host. On a server of your own, set SSL_CERT_FILE to it.",
        side="unclear", source="wire facts D23", basis="documented", alike=("tls-interception",),
    ),
    Scenario(
        "tls-interception", "discovery", "fault",
        symptom="CERTIFICATE_VERIFY_FAILED: self-signed certificate in certificate chain.",
        cause="Somebody's own root signed it: often a proxy that opens TLS.",
        fix="Set SSL_CERT_FILE to your company's certificates. Do not switch the check off.",
        side="the network's", source="wire facts D23", basis="inferred", alike=("certificate-not-trusted",),
    ),
    Scenario(
        "certificate-wrong-host", "discovery", "fault",
        symptom="CERTIFICATE_VERIFY_FAILED: hostname mismatch.",
        cause="The certificate is another host's.",
        fix="Check the host in the address; write its name, not its number.",
        side="yours", source="RFC 9525 section 6", basis="documented", alike=("tls-interception",),
    ),
    Scenario(
        "certificate-not-trusted", "discovery", "fault",
        symptom="CERTIFICATE_VERIFY_FAILED: unable to get local issuer certificate.",
        cause="Nobody this machine trusts signed it.",
        fix="Behind a company proxy set SSL_CERT_FILE to its certificates. Keep the check on.",
        side="the network's", source="wire facts D23", basis="inferred", alike=("tls-interception",),
    ),
)  # fmt: skip

STRANGERS = (
    Scenario(
        "captive-portal", "discovery", "fault",
        symptom="A web page with status 200 where JSON is due.",
        cause="A wifi portal or proxy answered in the service's place.",
        fix="Open the address in a browser, do what the page asks, then run this again.",
        side="the network's", source="wire facts D23", basis="inferred", alike=("not-json", "no-issuer-there"),
    ),
    Scenario(
        "login-page", "discovery", "fault",
        symptom="A redirect to an address that is a login page's.",
        cause="Something in between wants you to log in first.",
        fix="Open the address in a browser and log in, or ask for a way around it.",
        side="the network's", source="wire facts D22, D23", basis="inferred", alike=("redirected", "captive-portal"),
    ),
    Scenario(
        "redirected", "discovery", "fault",
        symptom="A status from 301 to 308 with a Location.",
        cause="The request should go elsewhere; credentials do not travel.",
        fix="Set the final address, if it is one of Wych's, and keep following redirects off.",
        side="unclear", source="RFC 9110 section 15.4; wire facts D22", basis="documented", alike=("login-page", "not-https"),
    ),
    Scenario(
        "not-json", "discovery", "fault",
        symptom="A web page or other text where JSON is due.",
        cause="The answer is not the service's own JSON.",
        fix="Open the address in a browser and see who answers.",
        side="unclear", source="wire facts D23", basis="inferred", alike=("captive-portal", "unknown-answer"),
    ),
    Scenario(
        "answer-too-long", "discovery", "fault",
        symptom="An answer of more than 256 KiB.",
        cause="The answer is far longer than it could be.",
        fix="Check the address: it is probably not the service.",
        side="unclear", source="this kit's limits", basis="invented", alike=("not-json",),
    ),
    Scenario(
        "unknown-answer", "call", "fault",
        symptom="A status or body that is in no row of the wire facts.",
        cause="An answer that this kit does not know.",
        fix="Compare it with Wych's documentation; the journal shows it whole.",
        side="unclear", source="API facts section 9", basis="inferred",
    ),
    Scenario(
        "clock-ahead", "token", "fault",
        symptom="The server's Date is earlier than this machine's time.",
        cause="This machine's clock is ahead of the server's.",
        fix="Set it by the network: timedatectl set-ntp true",
        side="yours", source="wire facts D24", basis="inferred", alike=("certificate-expired",),
    ),
    Scenario(
        "clock-behind", "token", "fault",
        symptom="A new token is not valid yet, by a check on this machine.",
        cause="This machine's clock is behind the server's.",
        fix="Set it by the network: timedatectl set-ntp true",
        side="yours", source="wire facts D24", basis="inferred", alike=("certificate-not-trusted",),
    ),
)  # fmt: skip
