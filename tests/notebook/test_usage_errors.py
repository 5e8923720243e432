"""What is mistyped in a cell is told in one line; a mistake of ours keeps its traceback."""

import pytest
from IPython.core.interactiveshell import InteractiveShell

DRILL = 'kit.drill("wrong-client-secret")'


@pytest.fixture
def cell(ready, capsys, tmp_path, monkeypatch):
    """Runs code as a cell does, with `kit` there; what is shown for it."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    shell = InteractiveShell()
    shell.colors = "nocolor"
    shell.push({"kit": ready})

    def run(code):
        shell.run_cell(code)
        return capsys.readouterr().out.strip()

    return run


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ('kit.step("toke")', "✗ there is no step toke (did you mean token?)."),
        ('kit.catch_up("tokn")', "✗ there is no step tokn (did you mean token?)."),
        (
            "kit.step(3)",
            (
                "✗ there is no step 3; there are register, discover, token, first_call, connect,"
                " customer_data."
            ),
        ),
        (
            'kit.step("q")',
            (
                "✗ there is no step q; there are register, discover, token, first_call, connect,"
                " customer_data."
            ),
        ),
        (r'kit.step("tokn\x1b[2J\n")', r"✗ there is no step tokn\x1b[2J (did you mean token?)."),
        (
            'kit.step("connect", customer_mail="a")',
            "✗ connect does not ask customer_mail (did you mean customer_email?).",
        ),
        ('kit.step("connect", callback=1)', "✗ callback has to be text, not int."),
        (
            'kit.switch("sandbx")',
            "✗ an environment must be mock, sandbox or production (did you mean sandbox?).",
        ),
        ('kit.chart("balances")', '✗ there are no data yet: kit.step("customer_data") gets them.'),
        ('kit.drill("throtled")', "✗ throtled is no exercise: did you mean throttled?"),
        (
            'kit.bundle(to="/no/such/place.zip")',
            "✗ /no/such/place.zip cannot be written: there is no such folder.",
        ),
        (
            f"{DRILL}.write(client_secert='x')",
            "✗ client_secert is no setting (did you mean client_secret?).",
        ),
        (f"{DRILL}.copy('nope')", "✗ nope is not shown by Wych."),
        (f"{DRILL}.answer('throtled')", "✗ throtled is no reference: did you mean throttled?"),
        (f"{DRILL}.journal(9)", "✗ there are 0 exchanges, numbered from 1, the newest."),
    ],
)
def test_a_slip_is_one_line(cell, code, said):
    """What is wrong and what was meant, and no frames of ours."""
    assert cell(code) == said


def test_a_shell_that_says_otherwise_is_told_in_a_line(cell, monkeypatch):
    """Settings that will not do are no mistake of the kit either."""
    monkeypatch.setenv("WYCH_ENVIRONMENT", "mock")
    said = cell('kit.switch("sandbox")')
    assert said.startswith("✗ WYCH_ENVIRONMENT")
    assert "which wins" in said
    assert "\n" not in said


def test_a_mistake_of_ours_keeps_its_traceback(cell, monkeypatch, ready):
    """Only what a person mistyped is shortened: a bug is told with its place."""

    def broken(_):
        raise KeyError("here")

    monkeypatch.setattr(type(ready), "reread", broken)
    assert "Traceback" in cell('kit.step("token")')
