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
    ("code", "named"),
    [
        ('kit.step("toke")', ["toke", "did you mean token?"]),
        ('kit.catch_up("tokn")', ["tokn", "did you mean token?"]),
        ("kit.step(3)", ["step 3", "register", "customer_data"]),
        ('kit.step("q")', ["step q", "register", "customer_data"]),
        (r'kit.step("tokn\x1b[2J\n")', [r"tokn\x1b[2J", "did you mean token?"]),
        (
            'kit.step("connect", customer_mail="a")',
            ["connect", "customer_mail", "did you mean customer_email?"],
        ),
        ('kit.step("connect", callback=1)', ["callback", "text", "int"]),
        ('kit.switch("sandbx")', ["mock, sandbox or production", "did you mean sandbox?"]),
        ('kit.chart("balances")', ['kit.step("customer_data")']),
        ('kit.drill("throtled")', ["throtled", "throttled"]),
        ('kit.bundle(to="/no/such/place.zip")', ["/no/such/place.zip", "folder"]),
        (f"{DRILL}.write(client_secert='x')", ["client_secert", "client_secret"]),
        (f"{DRILL}.copy('nope')", ["nope"]),
        (f"{DRILL}.answer('throtled')", ["throtled", "throttled"]),
        (f"{DRILL}.journal(9)", ["no exchange 9"]),
    ],
)
def test_a_slip_is_one_line(cell, code, named):
    """What is wrong and what was meant, and no frames of ours."""
    shown = cell(code)
    assert shown.startswith("✗ ")
    assert "\n" not in shown
    assert [part for part in named if part not in shown] == []


def test_a_shell_that_says_otherwise_is_told_in_a_line(cell, monkeypatch):
    """Settings that will not do are no mistake of the kit either."""
    monkeypatch.setenv("WYCH_ENVIRONMENT", "mock")
    shown = cell('kit.switch("sandbox")')
    assert shown.startswith("✗ WYCH_ENVIRONMENT")
    assert "your shell" in shown
    assert "\n" not in shown


def test_a_mistake_of_ours_keeps_its_traceback(cell, monkeypatch, ready):
    """Only what a person mistyped is shortened: a bug is told with its place."""

    def broken(_):
        raise KeyError("here")

    monkeypatch.setattr(type(ready), "reload_settings", broken)
    assert "Traceback" in cell('kit.step("token")')
