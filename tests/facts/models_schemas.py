# Written the way projects write models, every style among them.
# ruff: noqa: ANN401
# mypy: ignore-errors
# Every spelling is here on purpose, old ones included.
"""Pydantic models in every spelling; `test_schemas.py` lets pydantic read an object through each of them."""

import warnings
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import (
    AliasChoices,
    AliasGenerator,
    AliasPath,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    RootModel,
    computed_field,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel
from sqlmodel import Field as SQLField
from sqlmodel import SQLModel

T = TypeVar("T")


def camelize(name: str) -> str:
    return to_camel(name)


class Plain(BaseModel):
    a: int


class Orm(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    a: int
    b: str | None = None
    constant: ClassVar[int] = 1
    _private: int = PrivateAttr(default=2)
    _also: int = 3
    hidden: int = Field(default=0, exclude=True)
    aliased: int = Field(alias="other")
    validated: int = Field(validation_alias="third")
    both: int = Field(alias="fourth", validation_alias="fifth")
    serialized: int = Field(serialization_alias="sixth")
    chosen: int = Field(validation_alias=AliasChoices("first", "second"))
    path: int = Field(validation_alias=AliasPath("container", "key"))
    mixed: int = Field(validation_alias=AliasChoices("single", AliasPath("nested", 0)))
    annotated: Annotated[int, Field(alias="inside")]
    annotated_default: Annotated[int, Field(alias="inside_default")] = 3

    @computed_field
    @property
    def total(self) -> int:
        return self.a

    @property
    def plain_property(self) -> int:
        return self.a


class Inherits(Orm):
    model_config = {"str_strip_whitespace": True}

    a: str
    c: int


class Dictionary(BaseModel):
    model_config = {"from_attributes": True}

    a: int


class Merged(Dictionary):
    model_config = {**Dictionary.model_config, "extra": "forbid"}


class Overruled(Orm):
    model_config = ConfigDict(from_attributes=False)


class Keyword(BaseModel, from_attributes=True):
    a: int


with warnings.catch_warnings():
    warnings.simplefilter("ignore")

    class Legacy(BaseModel):
        class Config:
            from_attributes = True

        a: int


class Camel(BaseModel):
    model_config = ConfigDict(from_attributes=True, alias_generator=to_camel)

    created_at: int
    explicit_name: int = Field(alias="given")


class CamelByName(Camel):
    model_config = ConfigDict(populate_by_name=True)

    updated_at: int


class CamelGenerator(BaseModel):
    model_config = ConfigDict(from_attributes=True, alias_generator=AliasGenerator(validation_alias=camelize), validate_by_name=True)

    created_at: int


class OtherGenerator(BaseModel):
    model_config = ConfigDict(from_attributes=True, alias_generator=AliasGenerator(serialization_alias=to_camel))

    created_at: int


class Before(Orm):
    @model_validator(mode="before")
    @classmethod
    def prepare(cls, value: Any) -> Any:
        return value

    @model_validator(mode="after")
    def check(self) -> "Before":
        return self

    @field_validator("a", mode="before")
    @classmethod
    def check_a(cls, value: Any) -> Any:
        return value


class Wrapped(Orm):
    @model_validator(mode="wrap")
    @classmethod
    def around(cls, value: Any, handler: Any) -> Any:
        return handler(value)


class Page(BaseModel, Generic[T]):
    model_config = ConfigDict(from_attributes=True)

    items: list[T]
    total: int


class PlainPage(Page[Plain]):
    more: bool = False


class Names(RootModel[list[str]]):
    pass


class HeroBase(SQLModel):
    name: str
    age: int | None = SQLField(default=None, alias="years")


class HeroRead(HeroBase):
    id: int


class NotASchema:
    a: int
