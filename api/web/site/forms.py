"""A form of the campus' pages as the macros of forms.html read it: what was typed, and what is wrong with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from flask import request

from api.errors import AppError


class Form:
    """The fields of a form: what was posted where it was refused, else what stands.

    stands: field → value as it is kept. error: why it was refused. typed: whether the post was of this form.
    """

    def __init__(self, stands: Mapping[str, object], error: AppError | None = None, *, typed: bool = True) -> None:
        self._stands = stands
        self._typed = typed and request.method == "POST"
        self.faults: defaultdict[str, str] = defaultdict(str)
        self.again = ""
        if error is not None:
            said = " ".join(part for part in (error.sentence, error.remedy) if part)
            if error.field:
                self.faults[error.field] = said
            else:
                self.again = said

    @property
    def has_faults(self) -> bool:
        return bool(self.again or self.faults)

    def of(self, name: str) -> str:
        """The text of a field."""
        if self._typed and name in request.form:
            return request.form[name]
        found = self._stands.get(name)
        return "" if found is None else str(found)

    def several(self, name: str) -> list[str]:
        """The values of a field that may have several."""
        if self._typed:
            return request.form.getlist(name)
        found = self._stands.get(name, ())
        return [str(one) for one in found] if isinstance(found, (list, tuple)) else []
