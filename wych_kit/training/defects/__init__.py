"""List every way to break a set-up: one defect for each scenario that an exercise can show.

defect           what a defect is
settings         wrong settings, and files that cannot be read as meant
requests         a request written by hand, with one mistake
mock_faults      a mock that fails on purpose
customers        connections that give no data
network          names, ports and proxies that lead nowhere
refusing_proxy   a proxy that refuses every request
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from wych_kit.training.defects.customers import CUSTOMER_DEFECTS
from wych_kit.training.defects.defect import Defect, Shows
from wych_kit.training.defects.mock_faults import FAULT_DEFECTS
from wych_kit.training.defects.network import NETWORK_DEFECTS
from wych_kit.training.defects.requests import REQUEST_DEFECTS
from wych_kit.training.defects.settings import SETTINGS_DEFECTS
from wych_kit.training.exercise_setup import ExerciseSetup

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DEFECTS", "Defect", "ExerciseSetup", "Shows"]

# A way to make every scenario of the catalogue that is not this kit's own condition, by its
# reference.
DEFECTS: Mapping[str, Defect] = MappingProxyType(
    {
        each.reference: each
        for each in (
            *SETTINGS_DEFECTS,
            *REQUEST_DEFECTS,
            *FAULT_DEFECTS,
            *CUSTOMER_DEFECTS,
            *NETWORK_DEFECTS,
        )
    }
)
