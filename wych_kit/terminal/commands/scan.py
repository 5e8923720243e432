"""`wych-kit scan`: reports where secrets stand in files. It never prints one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from wych_kit.terminal.context import settings_of
from wych_kit.terminal.exit_status import DONE, REFUSED, USAGE
from wych_kit.terminal.parser import add_examples

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from wych_kit.client.journal.redaction import Redactor
    from wych_kit.support.secret_scan import Finding, SecretFinder
    from wych_kit.support.text_sources import Skipped

# Names of skipped files in a line of the summary.
_MOST_NAMES = 3


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = (
        "Find secrets in files: yours by value, others by their shape. No secret is printed."
    )
    parser.add_argument(
        "paths",
        metavar="PATH",
        nargs="*",
        default=["."],
        help="files and folders (default: this folder); - is standard input",
    )
    parser.add_argument(
        "--allow",
        metavar="MARK",
        action="append",
        default=[],
        help="accept a finding by its eight digits; repeat it for more",
    )
    add_examples(
        parser,
        "wych-kit scan",
        "wych-kit scan ~/.bash_history ~/.ipython",
        "git log -p --all | wych-kit scan -",
    )


def run(arguments: argparse.Namespace) -> int:
    """Search files and folders and return the exit status.

    Findings go to standard output, the summary to standard error. The settings' secrets and
    those of the `.env` files beside its own are searched by value; signed tokens, private keys
    and named secrets by shape. `--allow` takes the marks of findings that may stay; a mark
    stands for one value, not for a place. 0 no findings, 1 findings, 2 a path is missing or
    cannot be read.
    """
    from wych_kit.client.journal.redaction import Redactor
    from wych_kit.support import text_sources
    from wych_kit.support.secret_scan import (
        MOCK_KEY,
        Finding,
        SecretFinder,
        escape_to_one_line,
        list_secrets_in_use,
    )

    settings = settings_of(arguments)
    env_files = text_sources.find_settings_files(settings.file.path)
    secrets = list(list_secrets_in_use(settings, env_files))
    finder, skipped = SecretFinder(secrets), text_sources.Skipped()
    # The name of a file or folder may itself contain a secret.
    redactor = Redactor(
        (name.partition(" ")[0].removeprefix("WYCH_"), secret) for name, secret in secrets
    )
    files = 0
    findings: list[Finding] = []
    try:
        for chunk in text_sources.read_chunks(arguments.paths, env_files, skipped):
            files += chunk.is_first
            for line, kind, secret in finder.find(chunk.text):
                digits = secret.fingerprint()
                where = escape_to_one_line(f"{chunk.where}line {line}")
                if digits == MOCK_KEY:
                    skipped["the mock's own key, which everybody has"].append(where)
                elif digits not in arguments.allow:
                    findings.append(Finding(redactor.redact_text(where), kind, digits))
    except FileNotFoundError as error:
        return _report(escape_to_one_line(f"{error.filename} does not exist."), status=USAGE)
    except OSError as error:
        message = f"{error.filename} cannot be read: {error.strerror}."
        return _report(escape_to_one_line(message), status=USAGE)
    for finding in findings:
        print(f"{finding.where}: {finding.kind} [{finding.digits}]")  # noqa: T201 - the output
    lines = _summarise(files, finder, findings, skipped, redactor)
    return _report(*lines, status=REFUSED if findings else DONE)


def _summarise(
    files: int, finder: SecretFinder, findings: list[Finding], skipped: Skipped, redactor: Redactor
) -> Iterator[str]:
    from wych_kit.support.secret_scan import escape_to_one_line

    names = ", ".join(dict.fromkeys(finder.names))
    by_value = f"By value: {names}." if names else "By value: nothing, because no secret is set."
    yield f"Searched {files} {'file' if files == 1 else 'files'}. {by_value}"
    yield "By shape: signed tokens, private keys and named secrets."
    for reason, places in skipped.items():
        shown = ", ".join(places[:_MOST_NAMES])
        if len(places) > _MOST_NAMES:
            shown += f" and {len(places) - _MOST_NAMES} more"
        yield redactor.redact_text(escape_to_one_line(f"Skipped, {reason}: {shown}"))
    if findings:
        yield (
            "Remove each one. Replace the secret if others may have seen it."
            " To accept a finding: --allow and its eight digits."
        )


def _report(*lines: str, status: int) -> int:
    # Plain print: the scan also works where no extra is installed.
    for line in lines:
        print(line, file=sys.stderr)  # noqa: T201 - see above
    return status
