"""What a person mistyped in a cell, said in one line: the cell stands right above, and where our code noticed helps nobody."""

from __future__ import annotations

from functools import partial, wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from wych_kit.client.journal.transcript import escape_control_characters
from wych_kit.errors import SettingInvalid

if TYPE_CHECKING:
    from collections.abc import Callable

_Error = TypeVar("_Error", bound=Exception)
_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")


def slip(error: _Error) -> _Error:
    """The same exception, of which a notebook shows the words and no traceback. To be raised."""
    words = " ".join(
        escape_control_characters(
            str(error.args[0] if isinstance(error, KeyError) else error)
        ).split()
    )  # a KeyError's own text is in quotes
    line = f"✗ {words}" if words.endswith("?") else f"✗ {words}."
    vars(error)["_render_traceback_"] = partial(
        list, [line]
    )  # IPython asks an exception how it wants to be shown
    return error


def without_traceback(call: Callable[_Given, _Result]) -> Callable[_Given, _Result]:
    """Have settings that will not do shown without a traceback: they are a person's, wherever they were noticed."""

    @wraps(call)
    def called(*given: _Given.args, **named: _Given.kwargs) -> _Result:
        try:
            return call(*given, **named)
        except SettingInvalid as error:
            raise slip(error)  # noqa: B904 - it is the same one

    return called
