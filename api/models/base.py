"""What all rows share: names of constraints, ids, moments in UTC, versions, and the tags of personal columns."""

from __future__ import annotations

import enum
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

from sqlalchemy import JSON, DateTime, Dialect, Enum, ForeignKey, MetaData, String, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedColumn, declared_attr, mapped_column
from sqlalchemy.types import TypeDecorator

from api import clock
from api.domain.ids import new_id
from api.models.personal import KEEP, Tag

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
ID_LENGTH = 36


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: naive values are refused, and what comes back is aware and in UTC on both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment = clock.require_aware(value).astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _values(words: type[enum.Enum]) -> list[str]:
    return [str(word.value) for word in words]


NAME_LENGTH = 200

Code = Annotated[str, mapped_column(String(40))]
Name = Annotated[str, mapped_column(String(NAME_LENGTH))]
Hash = Annotated[str, mapped_column(String(64))]
JsonObject = dict[str, Any]
JsonList = list[Any]
_JSON = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class Base(DeclarativeBase):
    """Rows of every theme. Enumerations are short strings with a CHECK."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime(),
        str: String(NAME_LENGTH),
        JsonObject: _JSON,
        JsonList: _JSON,
        enum.Enum: Enum(enum.Enum, native_enum=False, create_constraint=True, length=20, values_callable=_values),
    }


class Identified:
    """Rows with an opaque public id of their own."""

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id, sort_order=-1, info=KEEP)


class Created:
    """Rows that remember when they were made."""

    created_at: Mapped[datetime] = mapped_column(default=clock.now, sort_order=2, info=KEEP)


class Versioned:
    """Rows that people edit: the version backs the ETag and is 1 at first."""

    version: Mapped[int] = mapped_column(default=1, sort_order=1, info=KEEP)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805 (a declared attribute belongs to the class)
        return {"version_id_col": cls.version}


def ref(
    target: Any, *, owned: bool = False, index: bool = True, primary_key: bool = False, info: Tag | None = None
) -> MappedColumn[Any]:
    """A foreign key to another row's column.

    owned: the row goes when the target goes. index: not where a key or a unique constraint already starts with it.
    """
    return mapped_column(
        ForeignKey(target, ondelete="CASCADE" if owned else None),
        index=(index and not primary_key) or None,
        primary_key=primary_key,
        info=info or {},
    )


def text_column(*, deferred: bool = False, info: Tag | None = None) -> MappedColumn[Any]:
    """A text without a limit; deferred ones are loaded when asked for."""
    return mapped_column(Text, deferred=deferred, info=info or {})
