"""What an answer that FastAPI could not make says about its cause, and what it must not say.

A relationship or attribute that cannot be loaded while an answer is made does not reach the outside as MissingGreenlet or
DetachedInstanceError: Pydantic makes it an error of one field (``get_attribute_error``), and FastAPI a ``ResponseValidationError``.
"""

from __future__ import annotations

from fastapi.exceptions import ResponseValidationError

_ATTRIBUTE = "get_attribute_error"


def cause_of(error: BaseException) -> str:
    """Return the name of the class of an error: of the one that was raised while the answer was read, where there is one."""
    if isinstance(error, ResponseValidationError):
        for one in error.errors():
            if one["type"] == _ATTRIBUTE:
                # The class comes first, as in the last line of a traceback.
                return str(one["ctx"]["error"]).partition(":")[0]
    return type(error).__name__


def without_input(error: ResponseValidationError) -> ResponseValidationError:
    """Return the same error without the values that did not fit: its text goes to the logs, and a record shows all of its columns."""
    kept = [{name: value for name, value in one.items() if name not in {"input", "url"}} for one in error.errors()]
    return ResponseValidationError(kept, endpoint_ctx=error.endpoint_ctx).with_traceback(error.__traceback__)
