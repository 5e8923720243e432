"""Each setting's check has the exact reason for what it refuses, and lets pass what real services use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wych_kit import secret
from wych_kit.secret import Secret
from wych_kit.settings import copy_mistakes, validation
from wych_kit.settings.environments import ENVIRONMENTS
from wych_kit.settings.loading import NAMES, SECRET_NAMES
from wych_kit.settings.validation import explain_problem, find_mixups, find_problem

ISSUER = "https://login.wych.app/realms/partner"
ADDRESSES = ("WYCH_ISSUER_URL", "WYCH_API_URL", "WYCH_PORTAL_URL", "WYCH_CONNECT_URL")

GOOD = [
    ("WYCH_ENVIRONMENT", "sandbox"),
    ("WYCH_ISSUER_URL", ISSUER),
    ("WYCH_ISSUER_URL", "http://127.0.0.1:9924/realms/partner"),
    ("WYCH_ISSUER_URL", "http://[::1]:9924/realms/partner"),
    ("WYCH_ISSUER_URL", "http://localhost:9924"),
    ("WYCH_ISSUER_URL", "https://id.example.com:8443/a/b-c_d~e"),
    ("WYCH_API_URL", "https://api.wych.io/v4"),
    ("WYCH_CLIENT_ID", "client_987"),
    ("WYCH_CLIENT_ID", "7f1b2c3d-9e8f-4a5b-8c6d-1e2f3a4b5c6d"),
    ("WYCH_CLIENT_SECRET", "p@ssw%rd$x"),
    ("WYCH_CLIENT_SECRET", "correct horse battery"),
    ("WYCH_CLIENT_SECRET", "ends-with'"),
    ("WYCH_API_KEY", "Ab3dEf6hIj9lMn2pQr5tUv8xYz1bCd4f"),
    ("WYCH_PARTNER_ID", "1"),
    ("WYCH_APP_ID", "app~1.two_three"),
    ("WYCH_APP_NAME", "Ready-made app"),
    ("WYCH_APP_NAME", "K\u014dwhai Pay"),
    ("WYCH_APP_NAME", "Ko\u0304whai Pay"),  # as macOS writes it: the letter, then its macron
    ("WYCH_PORTAL_URL", "https://nz.partner.wych.app"),
    ("WYCH_CONNECT_URL", "https://connect.wych.app/app"),
    ("WYCH_CALLBACK_URL", "http://intranet.example/back?from=wych"),
    ("WYCH_CALLBACK_URL", "https://example.com/"),
    ("WYCH_TOKEN_CACHE", "memory"),
    ("WYCH_HOME", "~/kit"),
]
# (setting, text, reference, what the reason has to contain)
BAD = [
    ("WYCH_ENVIRONMENT", "prod", "setting-invalid", "did you mean production?"),
    ("WYCH_ENVIRONMENT", " Mock", "setting-invalid", "did you mean mock?"),
    ("WYCH_ENVIRONMENT", "qqq", "setting-invalid", "mock, sandbox or production"),
    ("WYCH_TOKEN_CACHE", "dics", "setting-invalid", "did you mean disk?"),
    ("WYCH_ISSUER_URL", "login.wych.app/realms/partner", "not-https", "https://"),
    ("WYCH_ISSUER_URL", "http://login.wych.app/realms/partner", "not-https", "https://"),
    ("WYCH_ISSUER_URL", "http://127.0.0.1.example.com/realms/partner", "not-https", "https://"),
    ("WYCH_ISSUER_URL", "ftp://login.wych.app", "not-https", "https://"),
    ("WYCH_ISSUER_URL", "https:///realms/partner", "not-https", "https://"),
    ("WYCH_ISSUER_URL", ISSUER + "/", "trailing-slash", "RFC 8414 section 3.3"),
    (
        "WYCH_ISSUER_URL",
        ISSUER + "/.well-known/openid-configuration",
        "not-the-issuer",
        f"The issuer is {ISSUER}",
    ),
    (
        "WYCH_ISSUER_URL",
        ISSUER + "/protocol/openid-connect/token",
        "not-the-issuer",
        f"The issuer is {ISSUER}",
    ),
    (
        "WYCH_API_URL",
        "https://api.wych.io/v3/partner/1/app/2/users",
        "not-a-base",
        "/partner: https://api.wych.io/v3",
    ),
    (
        "WYCH_CONNECT_URL",
        "https://connect.wych.app/app/shop/connection",
        "not-a-base",
        "https://connect.wych.app/app here, and shop for WYCH_APP_NAME",
    ),
    ("WYCH_CALLBACK_URL", "myapp://back", "not-https", "http://"),
    ("WYCH_CALLBACK_URL", "https://example.com/#there", "not-a-base", "#"),
    ("WYCH_CLIENT_ID", "client_123456789", "placeholder-left", "placeholder"),
    ("WYCH_CLIENT_ID", "your-client-id", "placeholder-left", "placeholder"),
    ("WYCH_CLIENT_ID", "a b", "stray-whitespace", "space"),
    ("WYCH_CLIENT_ID", "'ab", "quotes-kept", "quote at one end"),
    ("WYCH_PARTNER_ID", "{partnerId}", "placeholder-left", "placeholder"),
    ("WYCH_PARTNER_ID", ":partnerId", "placeholder-left", "placeholder"),
    ("WYCH_APP_ID", "$APP_ID", "placeholder-left", "placeholder"),
    ("WYCH_APP_ID", "<your app id>", "placeholder-left", "placeholder"),
    ("WYCH_APP_ID", "1/app/2", "not-an-id", "id alone"),
    ("WYCH_CLIENT_ID", "https://client.example.com/id", "not-an-id", "URL"),
    ("WYCH_APP_NAME", "K\u014dwhai/Pay", "not-an-id", "id alone"),
    ("WYCH_APP_NAME", " shop", "stray-whitespace", "start or end"),
    ("WYCH_HOME", "kit", "setting-invalid", "absolute"),
    ("WYCH_HOME", "~nobody-of-this-name/kit", "setting-invalid", "user name"),
    ("WYCH_HOME", __file__, "setting-invalid", "folder"),
    ("WYCH_CLIENT_SECRET", "s3cret\n", "stray-whitespace", "`printf %s`"),
    ("WYCH_API_KEY", "supxxxxxxxxret", "placeholder-left", "placeholder"),
    ("WYCH_API_KEY", "ab******yz", "masked-secret", "masked"),
]
BAD_ADDRESSES = [
    ("https://user:c4nary@api.wych.io/v3", "not-a-base", "user name or password"),
    ("https://user:c4nary@api.wych.io/v3/", "not-a-base", "user name or password"),
    ("https://c4nary@api.wych.io/.well-known/x", "not-a-base", "user name or password"),
    ("https://api.wych.io/v3?key=c4nary", "not-a-base", "?"),
    ("https://api.wych.io/v3?", "not-a-base", "?"),
    ("https://api.wych.io/v3#", "not-a-base", "#"),
    ("https://api.wych.io:port/v3", "bad-address", "port"),
    ("https://[::1/v3", "bad-address", "brackets"),
    ("https://xn--/v3", "bad-address", "host name"),
    ("https://api..wych.io/v3", "bad-address", "host name"),
    (f"https://{'a' * 64}.wych.io/v3", "bad-address", "host name"),
    ("https://999.1.1.1/v3", "bad-address", "host name"),
    ("https://api.wych.io\\v3", "odd-characters", "backslash"),
    ("https://api.wych.io//v3", "double-slash", "slashes"),
    ("https://api.wych.io/{version}", "placeholder-left", "placeholder"),
    ("https://api.wych.io/v3 ", "stray-whitespace", "space"),
    ("https://\u0430pi.wych.io/v3", "odd-characters", "ASCII"),
]


@pytest.mark.parametrize(("name", "text"), GOOD)
def test_what_real_services_use_passes(name, text):
    """No reason is found against a value that could be right."""
    assert explain_problem(name, text) is None


@pytest.mark.parametrize(("name", "text", "reference", "key_word"), BAD)
def test_a_mistake_has_its_reference_and_reason(name, text, reference, key_word):
    """The reference and the point of the reason are this mistake's; a Secret is judged like its text."""
    problem = find_problem(name, text)
    assert problem.reference == reference
    assert key_word in problem.reason
    assert explain_problem(name, Secret(text)) == problem.reason


@pytest.mark.parametrize("name", ADDRESSES)
@pytest.mark.parametrize(("text", "reference", "key_word"), BAD_ADDRESSES)
def test_an_address_has_nothing_but_an_address_in_it(name, text, reference, key_word):
    """Passwords, queries, fragments, backslashes and homoglyphs are refused for every base address, and passwords never repeated."""
    problem = find_problem(name, text)
    assert problem.reference == reference
    assert key_word in problem.reason
    assert "c4nary" not in problem.reason


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_slash_at_the_end_is_refused_with_what_to_write(name):
    """No address is changed silently: the reason holds the text to write (wire facts D6)."""
    problem = find_problem(name, "https://example.com/v3/")
    assert problem.reference == "trailing-slash"
    assert "https://example.com/v3" in problem.reason
    assert "https://example.com/v3/" not in problem.reason


@given(st.text(min_size=1))
def test_what_no_header_can_carry_has_a_reason(text):
    """Only such a text has one; nothing outside of visible ASCII and inner spaces gets past (RFC 9110 section 5.5)."""
    sendable = text.isascii() and text.isprintable() and text == text.strip(" ")
    assert (copy_mistakes.find_unsendable(Secret(text)) is None) == sendable


@given(st.sampled_from(NAMES), st.text() | st.from_regex(r"https?://[^ ]{0,20}", fullmatch=True))
def test_any_text_is_judged_without_failing(name, text):
    """Whatever is given, a check returns a sentence or None, and judging beside others fails neither."""
    reason = explain_problem(name, text)
    assert reason is None or (reason and "\n" not in reason)
    assert all(
        finding.reason for _, finding in find_mixups({name: text, "WYCH_ENVIRONMENT": "production"})
    )


@given(
    st.sampled_from(sorted(SECRET_NAMES)),
    st.text(min_size=4, alphabet=st.characters(categories=["Nd"])),
)
def test_no_reason_holds_a_part_of_a_secret(name, digits):
    """The reason for a refused secret does not quote it."""
    assert digits not in (explain_problem(name, digits + "\n") or "")


def test_every_setting_has_a_check():
    """The table of checks has exactly the settings, and its environments are the environments."""
    assert tuple(validation._CHECKS) == NAMES
    assert [name for name in ENVIRONMENTS if explain_problem("WYCH_ENVIRONMENT", name)] == []
    with pytest.raises(KeyError):
        explain_problem("WYCH_CLIENTID", "x")


def test_every_oddity_is_known_by_its_words():
    """Each thing Secret.looks_odd can say has a remedy, and only doubtful ones are not held against a secret."""
    words = {words for words, _ in secret._ODDITIES}
    assert words == set(copy_mistakes._ALL)
    assert words - set(copy_mistakes._CERTAIN) == {"a quote at one end only", "a space inside"}


RANDOM = "Xq7Lr2Vt9Kp4Zm1Nc8Bw5Hd3Gs6Jf0Ya"
UUID = "7f1b2c3d-9e8f-4a5b-8c6d-1e2f3a4b5c6d"


@pytest.mark.parametrize("secret", [UUID, "client_987", "my.shop", "acme-data"])
@pytest.mark.parametrize("client_id", [RANDOM, "9f86d081884c7d659a2feaa0c55ad015", RANDOM + "+/="])
def test_swapped_id_and_secret_are_suspected(client_id, secret):
    """An id that looks random beside a secret that looks like an id is refused, since a sent id would be logged."""
    ((name, finding),) = find_mixups({"WYCH_CLIENT_ID": client_id, "WYCH_CLIENT_SECRET": secret})
    assert (name, finding.reference) == ("WYCH_CLIENT_ID", "swapped-credentials")
    assert "WYCH_CLIENT_SECRET" in finding.reason
    assert not [*find_mixups({"WYCH_CLIENT_ID": secret, "WYCH_CLIENT_SECRET": client_id})]


@pytest.mark.parametrize(
    ("client_id", "secret"),
    [
        (UUID, UUID.upper()),
        (RANDOM, RANDOM[::-1]),
        ("client_987", "client_988"),
        ("shop", UUID),
        (UUID, RANDOM),
        ("a" * 40, UUID),
        (UUID.replace("f", "F"), "acme-data"),
    ],
)
def test_lookalikes_are_not_suspected(client_id, secret):
    """Two random texts, two ids, UUIDs in any case, long plain names: nothing is suspected."""
    assert not [*find_mixups({"WYCH_CLIENT_ID": client_id, "WYCH_CLIENT_SECRET": secret})]


def test_one_text_in_two_places_is_refused():
    """Id, secret and key are three texts: the later of two equal ones is named (wire facts D18)."""
    mixups = find_mixups({"WYCH_CLIENT_SECRET": Secret(RANDOM), "WYCH_API_KEY": RANDOM})
    ((name, finding),) = mixups
    assert (name, finding.reference) == ("WYCH_API_KEY", "swapped-credentials")
    assert "WYCH_CLIENT_SECRET" in finding.reason
    found = dict(
        find_mixups({"WYCH_CLIENT_ID": "a", "WYCH_CLIENT_SECRET": "a", "WYCH_API_KEY": "b"})
    )
    assert list(found) == ["WYCH_CLIENT_SECRET"]


@pytest.mark.parametrize(
    ("environment", "name", "text", "key_word"),
    [
        ("production", "WYCH_API_URL", "http://127.0.0.1:9924/v3", "this machine"),
        ("production", "WYCH_ISSUER_URL", "https://localhost/realms/partner", "this machine"),
        ("mock", "WYCH_ISSUER_URL", ISSUER, "Wych"),
        ("mock", "WYCH_PORTAL_URL", "https://nz.partner.wych.app", "Wych"),
        ("sandbox", "WYCH_ISSUER_URL", ISSUER, "production"),
        ("sandbox", "WYCH_API_URL", "https://API.wych.io/v3", "production"),
        ("sandbox", "WYCH_CONNECT_URL", "https://connect.wych.app/app", "production"),
        (
            "production",
            "WYCH_CLIENT_SECRET",
            "mock-only-not-a-real-secret-0001",
            "the mock",
        ),
        ("sandbox", "WYCH_CLIENT_ID", "mock-recipient", "the mock"),
        ("sandbox", "WYCH_API_KEY", "mock-only-anything", "the mock"),
    ],
)
def test_halves_of_two_environments_are_refused(environment, name, text, key_word):
    """An address or credential of one environment under the name of another is said to be that (wire facts D19)."""
    ((mixed, finding),) = find_mixups({name: text, "WYCH_ENVIRONMENT": environment})
    assert (mixed, finding.reference) == (name, "environment-mismatch")
    assert key_word in finding.reason
    assert f"WYCH_ENVIRONMENT is {environment}" in finding.reason


@pytest.mark.parametrize(
    ("environment", "name", "text"),
    [
        ("sandbox", "WYCH_API_URL", "http://127.0.0.1:9924/v3"),
        ("sandbox", "WYCH_ISSUER_URL", "https://login.sandbox.wych.app/realms/partner"),
        ("production", "WYCH_ISSUER_URL", ISSUER),
        ("mock", "WYCH_ISSUER_URL", "https://notwych.app/realms/partner"),
        ("mock", "WYCH_CLIENT_ID", "mock-recipient"),
        ("production", "WYCH_CALLBACK_URL", "http://localhost:3000/back"),
        ("production", "WYCH_API_URL", "https://[broken"),
    ],
)
def test_what_may_be_is_not_called_mixed(environment, name, text):
    """The sandbox may be anywhere, a callback may be on this machine, and other people's hosts are not Wych's."""
    assert not [*find_mixups({name: text, "WYCH_ENVIRONMENT": environment})]
