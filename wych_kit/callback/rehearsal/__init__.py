"""Test a callback handler with every redirect that Wych can send.

    for result in rehearse("https://staging.example/callback"):
        print(result.case.name, result.assessment.judgement, result.assessment.observation)

`CASES` are the redirects, each with its basis. All values in them are invented; none is secret.
The handler is judged from outside. Nobody outside can see whether it asks the API before it
believes ACTIVE.

cases       the redirects as data, each with what a good handler does
browser     sends one request as a browser does
assessment  judges the responses to a case
runner      sends the cases one after another
"""

from __future__ import annotations

from wych_kit.callback.rehearsal.assessment import Assessment
from wych_kit.callback.rehearsal.cases import CASES, Case, Visit
from wych_kit.callback.rehearsal.runner import CaseResult, rehearse

__all__ = ["CASES", "Assessment", "Case", "CaseResult", "Visit", "rehearse"]
