"""A form's field for a whole number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wtforms import Form, IntegerField
from wtforms.validators import StopValidation


class NumberField(IntegerField):
    """A whole number; what is none is refused in our own words.

    Args:
        otherwise: the sentence for what is no number.
    """

    def __init__(self, *arguments: Any, otherwise: object, **options: Any) -> None:  # noqa: ANN401  as wtforms has it
        super().__init__(*arguments, **options)
        self._otherwise = otherwise

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        """Read what was typed. Raises ValueError with the sentence."""
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            raise ValueError(self._otherwise) from error

    def pre_validate(self, _form: Form) -> None:
        """Say once of what is no number that it is none: nothing else can be said of it."""
        if self.process_errors and "".join(self.raw_data or ()).strip():
            raise StopValidation
