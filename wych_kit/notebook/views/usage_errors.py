"""Shows what was mistyped in a cell in one line, without a traceback.

The cell stands right above the message, and the place in
the kit's code that noticed helps nobody. Only mistakes
of the person are shortened: a bug keeps its traceback.
"""

from __future__ import annotations

from functools import partial, wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from wych_kit.client.journal.transcript import escape_control_characters
from wych_kit.errors import SettingInvalid

if TYPE_CHECKING:
    from collections.abc import Callable

_Error = TypeVar("_Error", bound=Exception)
_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


def without_traceback(error: _Error) -> _Error:
    """Return the same exception, of which a notebook shows one line only. The caller raises it."""
    # `str` of a KeyError is its message in quotes.
    message = str(error.args[0] if isinstance(error, KeyError) else error)
    line = f"✗ {' '.join(escape_control_characters(message).split())}"
    if not line.endswith((".", "?")):
        line += "."
    # IPython asks an exception under this name how it wants to be shown.
    vars(error)["_render_traceback_"] = partial(list, [line])
    return error


def shorten_setting_errors(
    function: Callable[_Arguments, _Result],
) -> Callable[_Arguments, _Result]:
    """Decorate a method so that its `SettingInvalid` is shown without a traceback.

    An invalid setting is the person's, wherever the kit noticed it.
    """

    @wraps(function)
    def wrapper(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        try:
            return function(*args, **kwargs)
        except SettingInvalid as error:
            raise without_traceback(error)  # noqa: B904 - the same exception, not a new one

    return wrapper
