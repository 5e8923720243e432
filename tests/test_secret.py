"""A secret has one way out, `reveal()`; every other way ends at a mask or a refusal."""

import copy
import dataclasses
import inspect
import io
import json
import logging
import pickle
import pprint
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.pretty import pretty_repr
from rich.traceback import Traceback

from wych_kit.secret import MASK, Secret

CANARY = "c4nary-Tweet-0815"


@dataclasses.dataclass
class Holder:
    secret: Secret
    more: list[Secret]


def traceback_texts(error):
    """The error as Python's own traceback and as rich's, both with every frame's local names."""
    plain = "".join(
        traceback.TracebackException.from_exception(error, capture_locals=True).format()
    )
    console = Console(file=io.StringIO(), width=200)
    console.print(
        Traceback.from_exception(
            type(error), error, error.__traceback__, show_locals=True, locals_max_string=None
        )
    )
    return plain, console.file.getvalue()


@given(st.text())
def test_the_text_comes_back_from_reveal_and_only_from_there(text):
    """Whatever the text is, reveal() gives it, and str, repr and f-strings say no more than whether there is one."""
    secret = Secret(text)
    assert secret.reveal() == text
    assert bool(secret) is bool(text)
    assert (str(secret), repr(secret)) == (
        (MASK, f"Secret({MASK})") if text else ("", "Secret(empty)")
    )
    assert (
        f"{secret}|{secret!s}|{secret!r}|{secret:>20}"
        == f"{secret!s}|{secret!s}|{secret!r}|{secret!s:>20}"
    )


@given(st.text(min_size=8, alphabet="abcdefgh0123456789"))
def test_no_rendering_holds_the_text(text):
    """Printing, pretty-printing, asdict, string formatting and JSON with a catch-all show none of the text."""
    secret = Secret(text)
    holder = Holder(secret, [secret])
    shown = [
        repr(holder),
        repr(dataclasses.asdict(holder)),
        repr(dataclasses.astuple(holder)),
        pprint.pformat({"a": [holder]}),
        pretty_repr(holder),
        "%s %r %10.50s" % (secret, secret, secret),  # noqa: UP031  # old formatting is one of the ways
        json.dumps({"secret": secret}, default=str),
        json.dumps({"secret": secret}, default=repr),
        repr(inspect.getmembers(secret)),
        repr(secret.__getstate__()),
        ascii(secret),
    ]
    assert [each for each in shown if text in each] == []


@pytest.mark.parametrize("spec", ["", "s", "20", "<20", "^9.3", ".1"])
def test_a_format_spec_works_on_the_mask(spec):
    """Any string format is applied to the mask, so that columns line up and nothing is revealed."""
    assert format(Secret(CANARY), spec) == format(MASK, spec)


def test_pickle_and_json_refuse():
    """What would write the text somewhere says no, and the refusal does not quote it."""
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="pickle") as refusal:
            pickle.dumps([Secret(CANARY)], protocol)
        assert CANARY not in str(refusal.value)
    with pytest.raises(TypeError, match="not JSON serializable"):
        json.dumps(Secret(CANARY))
    with pytest.raises(TypeError):
        vars(Secret(CANARY))


def test_a_copy_is_the_same_secret():
    """Both copy and deepcopy work, as dataclasses.asdict and settings need, and make no second holder."""
    secret = Secret(CANARY)
    assert copy.copy(secret) is secret
    assert copy.deepcopy({"a": [secret]})["a"][0] is secret
    assert Secret(secret) == secret
    assert Secret(secret).reveal() == CANARY


def test_logging_at_debug_shows_the_mask(caplog):
    """A secret given to a logger, as argument or in a structure, is logged as its mask."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("any").debug(
        "with %s %r %s", Secret(CANARY), Secret(CANARY), {"key": Secret(CANARY)}
    )
    assert MASK in caplog.text
    assert CANARY not in caplog.text


def test_a_traceback_with_locals_shows_the_mask():
    """A frame that holds a secret can be shown with its locals."""

    def fails(secret, holder):
        raise RuntimeError(f"while using {secret}, {len(holder.more)}")

    secret = Secret(
        "".join(reversed(["-0815", "c4nary-Tweet"]))
    )  # never whole in a source line, which tracebacks show
    with pytest.raises(RuntimeError) as failure:
        fails(secret, Holder(secret, [secret]))
    for text in traceback_texts(failure.value):
        assert MASK in text
        assert CANARY not in text


@pytest.mark.parametrize(
    "fails",
    [
        lambda parts: Secret(parts[0].encode() + parts[1].encode()),
        lambda parts: Secret("".join(parts)) < Secret("".join(parts)),
        lambda parts: pickle.dumps(Secret("".join(parts))),
        lambda parts: json.dumps(Secret("".join(parts))),
        lambda parts: format(Secret("".join(parts)), "d"),
        lambda parts: Secret("".join(parts)) + "x",
        lambda parts: Secret("".join(parts)).encode(),
        lambda parts: setattr(Secret("".join(parts)), "text", 1),
    ],
    ids=["bytes", "order", "pickle", "json", "format", "add", "attribute", "set"],
)
def test_what_fails_inside_shows_nothing(fails):
    """When an operation on a secret fails, even in its own methods, no frame's locals and no message hold the text."""
    with pytest.raises((TypeError, ValueError, AttributeError)) as failure:
        fails(("c4nary-Tweet", "-0815"))
    for text in traceback_texts(failure.value):
        assert CANARY not in text


@pytest.mark.parametrize("wrong", [None, 5, b"bytes", ["a"]])
def test_only_a_text_can_be_a_secret(wrong):
    """Anything but a text is refused by kind, without repeating it."""
    with pytest.raises(TypeError, match=f"^a secret is a text, not {type(wrong).__name__}$"):
        Secret(wrong)


@given(st.text(), st.text())
def test_equality_and_hash_follow_the_text(one, other):
    """Two secrets are equal exactly when their texts are, and equal ones are one key of a dict; a secret equals no plain text."""
    assert (Secret(one) == Secret(other)) is (one == other)
    assert Secret(one) == Secret(one)
    assert len({Secret(one), Secret(one), Secret(other)}) == len({one, other})
    assert Secret(one) != one
    assert hash(Secret(one)) != hash(one)


@pytest.mark.parametrize(
    ("one", "other"),
    [("abc", "abd"), ("abc", "abc "), ("", " "), ("\u00e9", "e\u0301"), ("a", "\ud800")],
)
def test_a_fingerprint_tells_secrets_apart(one, other):
    """Equal secrets have equal fingerprints, on every machine; different ones differ, down to a trailing space."""
    assert Secret(one).fingerprint() == Secret("".join(one)).fingerprint()
    assert Secret(one).fingerprint() != Secret(other).fingerprint()
    assert len(Secret(one).fingerprint()) == 8


def test_a_fingerprint_promises_no_more_than_it_holds():
    """It does tell whether a guess is right, and its description must not say otherwise."""
    shown = Secret("hunter2").fingerprint()
    assert [
        guess for guess in ("hunter1", "hunter2", "hunter3") if Secret(guess).fingerprint() == shown
    ] == ["hunter2"]
    assert "cannot confirm" not in (Secret.fingerprint.__doc__ or "")
    assert "can try guesses" in " ".join((Secret.fingerprint.__doc__ or "").split())


def test_a_fingerprint_stays_the_same_between_versions():
    """People compare fingerprints across machines and releases, so this one is fixed."""
    assert Secret("mock-only-not-a-real-secret-0001").fingerprint() == "041a6407"


ODD = [
    ("", "it is empty"),
    ("s3cr3t\n", "a line break at the end"),
    ("s3cr3t\r\n", "a line break at the end"),
    ("s3c\nr3t", "a line break inside"),
    ("\ufeffs3cr3t", "a byte order mark or an invisible character"),
    ("s3c\u200br3t", "a byte order mark or an invisible character"),
    ("\u201cs3cr3t\u201d", "curly quotes"),
    ('"s3cr3t"', "quotes around it"),
    ("'s3cr3t'", "quotes around it"),
    ('"s3cr3t', "a quote at one end only"),
    (" s3cr3t", "a space at the start or end"),
    ("s3cr3t\t", "a space at the start or end"),
    ("s3cr3t\u00a0", "a space at the start or end"),
    ("s3c r3t", "a space inside"),
    ("$WYCH_CLIENT_SECRET", "it still looks like a placeholder"),
    ("${SECRET}", "it still looks like a placeholder"),
    ("$(SECRET)", "it still looks like a placeholder"),
    ("%SECRET%", "it still looks like a placeholder"),
    ("<your secret>", "it still looks like a placeholder"),
    ("<>", "it still looks like a placeholder"),
    ("{{ secret }}", "it still looks like a placeholder"),
    ("your-client-secret", "it still looks like a placeholder"),
    ("changeme", "it still looks like a placeholder"),
    ("supxxxxxxxxret", "it still looks like a placeholder"),
    (
        "\u2022\u2022\u2022\u2022\u2022\u2022",
        "it looks like a masked value, copied from a screen that hides it",
    ),
    ("*******", "it looks like a masked value, copied from a screen that hides it"),
    ("abc\u2026xyz", "it looks like a masked value, copied from a screen that hides it"),
    ("abxxxxxxxxyz", "it looks like a masked value, copied from a screen that hides it"),
    ("s3cr\u00e9t", "characters no client secret has (RFC 6749 App. A.2: 0x20 to 0x7E)"),
    ("s3\x1bcr3t", "characters no client secret has (RFC 6749 App. A.2: 0x20 to 0x7E)"),
]


@pytest.mark.parametrize(("text", "words"), ODD)
def test_a_copying_mistake_is_named(text, words):
    """Each mark of a copying mistake is found, and named without the rest of the secret."""
    found = Secret(text).looks_odd()
    assert words in found
    assert not any("s3c" in each for each in found)


@pytest.mark.parametrize(
    "good",
    [
        "7f1b2c3d-9e8f-4a5b-8c6d-1e2f3a4b5c6d",
        "kP0+/7Zq3vB9xYtR2mNw5aSdF8gHjK1L4cVbXe6UuQo=",
        "9f86d081884c7d659a2feaa0c55ad015",
        "Zx8Q~vR3.kL-mT_7wYbN2pHsJ5cD9fGa",
        "p@ssw%rd&more:x;y|z!#^()[]?,",
        "a$b{c}d<1>e>f",
        "Tr$ubAdor{{&3",
        "mock-only-not-a-real-secret-0001",
        "x",
    ],
)
def test_a_good_secret_is_not_odd(good):
    """What generators and people really use passes, though it holds dollars, brackets, slashes and equals signs."""
    assert Secret(good).looks_odd() == ()


@given(
    st.text(
        alphabet=st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="\"'`*"),
        min_size=32,
        max_size=32,
    )
)
def test_random_printable_text_is_hardly_ever_odd(text):
    """A generated secret of any printable characters is not taken for a placeholder, unless words stand in brackets in it."""
    odd = Secret(text).looks_odd()
    if not any(mark in text for mark in ("${", "$(", "{{", "<", "sup", "xxx", "XXX")):
        assert odd == ()


def test_oddities_come_worst_first():
    """When several things are odd, the one that explains the others stands first."""
    assert Secret(' "s3cr3t" \n').looks_odd()[0] == "a line break at the end"
    assert Secret("").looks_odd() == ("it is empty",)
