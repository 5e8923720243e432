"""Each setting's check has the exact reason for what it refuses, and lets pass what real services use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wych_kit import secret
from wych_kit.secret import Secret
from wych_kit.settings import copy_mistakes, validation
from wych_kit.settings.environments import ENVIRONMENTS
from wych_kit.settings.loading import NAMES, SECRET_NAMES
from wych_kit.settings.validation import check, find, together

ISSUER = "https://login.wych.app/realms/partner"
HTTPS_ONLY = "must start with https:// (http is fine only for 127.0.0.1, ::1 and localhost)"
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
BAD = [
    (
        "WYCH_ENVIRONMENT",
        "prod",
        "must be mock, sandbox or production (did you mean production?)",
        "setting-invalid",
    ),
    (
        "WYCH_ENVIRONMENT",
        " Mock",
        "must be mock, sandbox or production (did you mean mock?)",
        "setting-invalid",
    ),
    ("WYCH_ENVIRONMENT", "qqq", "must be mock, sandbox or production", "setting-invalid"),
    ("WYCH_TOKEN_CACHE", "dics", "must be disk or memory (did you mean disk?)", "setting-invalid"),
    ("WYCH_ISSUER_URL", "login.wych.app/realms/partner", HTTPS_ONLY, "not-https"),
    ("WYCH_ISSUER_URL", "http://login.wych.app/realms/partner", HTTPS_ONLY, "not-https"),
    ("WYCH_ISSUER_URL", "http://127.0.0.1.example.com/realms/partner", HTTPS_ONLY, "not-https"),
    ("WYCH_ISSUER_URL", "ftp://login.wych.app", HTTPS_ONLY, "not-https"),
    ("WYCH_ISSUER_URL", "https:///realms/partner", HTTPS_ONLY, "not-https"),
    (
        "WYCH_ISSUER_URL",
        ISSUER + "/",
        (
            f"must not end in a slash: write {ISSUER}; it has to equal the issuer in the document,"
            " character by character (RFC 8414 section 3.3)"
        ),
        "trailing-slash",
    ),
    (
        "WYCH_ISSUER_URL",
        ISSUER + "/.well-known/openid-configuration",
        (
            "is the address of the discovery document; the issuer is the part before that: write"
            f" {ISSUER}"
        ),
        "not-the-issuer",
    ),
    (
        "WYCH_ISSUER_URL",
        ISSUER + "/protocol/openid-connect/token",
        (
            "is the address of one of its endpoints; the issuer is the part before that: write"
            f" {ISSUER}"
        ),
        "not-the-issuer",
    ),
    (
        "WYCH_API_URL",
        "https://api.wych.io/v3/partner/1/app/2/users",
        (
            "is the address of a call; only the part before /partner is wanted: write"
            " https://api.wych.io/v3"
        ),
        "not-a-base",
    ),
    (
        "WYCH_CONNECT_URL",
        "https://connect.wych.app/app/shop/connection",
        "is one app's link: write https://connect.wych.app/app here and shop in WYCH_APP_NAME",
        "not-a-base",
    ),
    ("WYCH_CALLBACK_URL", "myapp://back", "must start with https:// or http://", "not-https"),
    ("WYCH_CALLBACK_URL", "https://example.com/#there", "must end before the #", "not-a-base"),
    (
        "WYCH_CLIENT_ID",
        "client_123456789",
        "is still a placeholder: put your own value there",
        "placeholder-left",
    ),
    (
        "WYCH_CLIENT_ID",
        "your-client-id",
        "is still a placeholder: put your own value there",
        "placeholder-left",
    ),
    ("WYCH_CLIENT_ID", "a b", "has a space inside: take it away", "stray-whitespace"),
    ("WYCH_CLIENT_ID", "'ab", "has a quote at one end: take it away", "quotes-kept"),
    (
        "WYCH_PARTNER_ID",
        "{partnerId}",
        "is still a placeholder: put your own value there",
        "placeholder-left",
    ),
    (
        "WYCH_PARTNER_ID",
        ":partnerId",
        "is still a placeholder: put your own value there",
        "placeholder-left",
    ),
    (
        "WYCH_APP_ID",
        "$APP_ID",
        "is still a placeholder: put your own value there",
        "placeholder-left",
    ),
    (
        "WYCH_APP_ID",
        "<your app id>",
        "is still a placeholder: put your own value there",
        "placeholder-left",
    ),
    (
        "WYCH_APP_ID",
        "1/app/2",
        (
            "must be the bare id, without / ? # % or the rest of an address: it becomes one part of"
            " a path"
        ),
        "not-an-id",
    ),
    (
        "WYCH_CLIENT_ID",
        "https://client.example.com/id",
        "is an address; an id is wanted",
        "not-an-id",
    ),
    (
        "WYCH_APP_NAME",
        "K\u014dwhai/Pay",
        (
            "must be the bare id, without / ? # % or the rest of an address: it becomes one part of"
            " a path"
        ),
        "not-an-id",
    ),
    ("WYCH_APP_NAME", " shop", "has a space at the start or end: take it away", "stray-whitespace"),
    (
        "WYCH_HOME",
        "kit",
        "must be a whole path, from / or ~ on, so that it means the same in every folder",
        "setting-invalid",
    ),
    (
        "WYCH_HOME",
        "~nobody-of-this-name/kit",
        "starts with ~ and a name that this machine does not know",
        "setting-invalid",
    ),
    ("WYCH_HOME", __file__, "is a file; a folder is needed", "setting-invalid"),
    (
        "WYCH_CLIENT_SECRET",
        "s3cret\n",
        "ends in a line break: copy it without; in a shell, `printf %s` instead of `echo`",
        "stray-whitespace",
    ),
    (
        "WYCH_API_KEY",
        "supxxxxxxxxret",
        "is still a placeholder: put your own value there",
        "placeholder-left",
    ),
    (
        "WYCH_API_KEY",
        "ab******yz",
        "is a masked value: show it in the portal, then copy it",
        "masked-secret",
    ),
]
BAD_ADDRESSES = [
    (
        "https://user:c4nary@api.wych.io/v3",
        "must not hold a user name or password: take away what is before the @",
    ),
    (
        "https://user:c4nary@api.wych.io/v3/",
        "must not hold a user name or password: take away what is before the @",
    ),
    (
        "https://c4nary@api.wych.io/.well-known/x",
        "must not hold a user name or password: take away what is before the @",
    ),
    ("https://api.wych.io/v3?key=c4nary", "must end before the ?"),
    ("https://api.wych.io/v3?", "must end before the ?"),
    ("https://api.wych.io/v3#", "must end before the #"),
    ("https://api.wych.io:port/v3", "is no address: look at its port, or at the brackets in it"),
    ("https://[::1/v3", "is no address: look at its port, or at the brackets in it"),
    (
        "https://xn--/v3",
        "has a host name that cannot be: look at the dots, and at what is between them",
    ),
    (
        "https://api..wych.io/v3",
        "has a host name that cannot be: look at the dots, and at what is between them",
    ),
    (
        f"https://{'a' * 64}.wych.io/v3",
        "has a host name that cannot be: look at the dots, and at what is between them",
    ),
    (
        "https://999.1.1.1/v3",
        "has a host name that cannot be: look at the dots, and at what is between them",
    ),
    ("https://api.wych.io\\v3", "has a backslash: write /"),
    ("https://api.wych.io//v3", "has two slashes together in its path: write one"),
    ("https://api.wych.io/{version}", "is still a placeholder: put your own value there"),
    ("https://api.wych.io/v3 ", "has a space at the start or end: take it away"),
    ("https://\u0430pi.wych.io/v3", "has a character outside plain ASCII: copy it again"),
]


@pytest.mark.parametrize(("name", "text"), GOOD)
def test_what_real_services_use_passes(name, text):
    """No reason is found against a value that could be right."""
    assert check(name, text) is None


@pytest.mark.parametrize(("name", "text", "reason", "reference"), BAD)
def test_a_mistake_has_its_exact_reason(name, text, reason, reference):
    """The whole sentence and the scenario's reference are as a person will meet them; a Secret is judged like its text."""
    assert find(name, text) == (reason, reference)
    assert check(name, Secret(text)) == reason


@pytest.mark.parametrize("name", ADDRESSES)
@pytest.mark.parametrize(("text", "reason"), BAD_ADDRESSES)
def test_an_address_has_nothing_but_an_address_in_it(name, text, reason):
    """Passwords, queries, fragments, backslashes and homoglyphs are refused for every base address, and passwords never repeated."""
    assert check(name, text) == reason


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_slash_at_the_end_is_refused_with_what_to_write(name):
    """No address is changed silently: the reason holds the text to write (wire facts D6)."""
    assert check(name, "https://example.com/v3/").startswith(
        "must not end in a slash: write https://example.com/v3"
    )


@given(st.sampled_from(NAMES), st.text() | st.from_regex(r"https?://[^ ]{0,20}", fullmatch=True))
def test_any_text_is_judged_without_failing(name, text):
    """Whatever is given, a check returns a sentence or None, and judging beside others fails neither."""
    reason = check(name, text)
    assert reason is None or (reason and "\n" not in reason)
    assert all(
        finding.reason for _, finding in together({name: text, "WYCH_ENVIRONMENT": "production"})
    )


@given(
    st.sampled_from(sorted(SECRET_NAMES)),
    st.text(min_size=4, alphabet=st.characters(categories=["Nd"])),
)
def test_no_reason_holds_a_part_of_a_secret(name, digits):
    """The reason for a refused secret does not quote it."""
    assert digits not in (check(name, digits + "\n") or "")


def test_every_setting_has_a_check():
    """The table of checks has exactly the settings, and its environments are the environments."""
    assert tuple(validation._CHECKS) == NAMES
    assert [name for name in ENVIRONMENTS if check("WYCH_ENVIRONMENT", name)] == []
    with pytest.raises(KeyError):
        check("WYCH_CLIENTID", "x")


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
    words = "looks like a secret, and WYCH_CLIENT_SECRET like an id: they seem to be swapped"
    found = [*together({"WYCH_CLIENT_ID": client_id, "WYCH_CLIENT_SECRET": secret})]
    assert found == [("WYCH_CLIENT_ID", (words, "swapped-credentials"))]
    assert not [*together({"WYCH_CLIENT_ID": secret, "WYCH_CLIENT_SECRET": client_id})]


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
    assert not [*together({"WYCH_CLIENT_ID": client_id, "WYCH_CLIENT_SECRET": secret})]


def test_one_text_in_two_places_is_refused():
    """Id, secret and key are three texts: the later of two equal ones is named (wire facts D18)."""
    found = {
        name: finding.reason
        for name, finding in together(
            {"WYCH_CLIENT_SECRET": Secret(RANDOM), "WYCH_API_KEY": RANDOM}
        )
    }
    assert found == {
        "WYCH_API_KEY": "is the same text as WYCH_CLIENT_SECRET: copy each from its own place"
    }
    found = dict(together({"WYCH_CLIENT_ID": "a", "WYCH_CLIENT_SECRET": "a", "WYCH_API_KEY": "b"}))
    assert list(found) == ["WYCH_CLIENT_SECRET"]


@pytest.mark.parametrize(
    ("environment", "name", "text", "words"),
    [
        ("production", "WYCH_API_URL", "http://127.0.0.1:9924/v3", "is on this machine"),
        ("production", "WYCH_ISSUER_URL", "https://localhost/realms/partner", "is on this machine"),
        ("mock", "WYCH_ISSUER_URL", ISSUER, "is Wych's"),
        ("mock", "WYCH_PORTAL_URL", "https://nz.partner.wych.app", "is Wych's"),
        ("sandbox", "WYCH_ISSUER_URL", ISSUER, "is production's"),
        ("sandbox", "WYCH_API_URL", "https://API.wych.io/v3", "is production's"),
        ("sandbox", "WYCH_CONNECT_URL", "https://connect.wych.app/app", "is production's"),
        (
            "production",
            "WYCH_CLIENT_SECRET",
            "mock-only-not-a-real-secret-0001",
            "is the mock's own",
        ),
        ("sandbox", "WYCH_CLIENT_ID", "mock-recipient", "is the mock's own"),
        ("sandbox", "WYCH_API_KEY", "mock-only-anything", "is the mock's own"),
    ],
)
def test_halves_of_two_environments_are_refused(environment, name, text, words):
    """An address or credential of one environment under the name of another is said to be that (wire facts D19)."""
    reason = f"{words}, but WYCH_ENVIRONMENT is {environment}: change one of the two"
    assert [*together({name: text, "WYCH_ENVIRONMENT": environment})] == [
        (name, (reason, "environment-mismatch"))
    ]


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
    assert not [*together({name: text, "WYCH_ENVIRONMENT": environment})]
