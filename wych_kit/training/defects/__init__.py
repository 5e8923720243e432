"""A set-up that works, and every way to break it: for drills, and for the proof that each scenario is named right. Prints nothing.

set_up      a folder with a `.env`, a shell, and a mock of its own
entry       what a way to break it is
values      settings and their file         requests    a request written by hand
faults      a mock that misbehaves          network     names, ports and proxies
proxy       a proxy that lets nobody through      customers   connections that give no data
naming      what each way of looking at a set-up names
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from wych_kit.training.defects.customers import CUSTOMERS
from wych_kit.training.defects.defect import Break, Shows
from wych_kit.training.defects.mock_faults import FAULTS
from wych_kit.training.defects.network import NETWORK
from wych_kit.training.defects.requests import REQUESTS
from wych_kit.training.defects.settings import VALUES
from wych_kit.training.exercise_setup import SetUp

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["BREAKS", "Break", "SetUp", "Shows"]

# A way to make every scenario of the catalogue that is not this kit's own condition, by its
# reference.
BREAKS: Mapping[str, Break] = MappingProxyType(
    {each.reference: each for each in (*VALUES, *REQUESTS, *FAULTS, *CUSTOMERS, *NETWORK)}
)
