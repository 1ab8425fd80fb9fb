"""What goes in and out over HTTP."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from app.models import InvitationStatus, Plan, Role


class ReadModel(BaseModel):
    """Built from the attributes of a row."""

    model_config = ConfigDict(from_attributes=True)


class UserRead(ReadModel):
    """A person."""

    id: int
    email: str
    full_name: str
    locale: str


class ProfileUpdate(BaseModel):
    """What people may change about themselves."""

    full_name: str = Field(min_length=1, max_length=200)


class OrganisationCreate(BaseModel):
    """A new customer."""

    name: str = Field(min_length=1, max_length=200)
    slug: str = Field(pattern=r"^[a-z0-9-]+$", max_length=100)
    plan: Plan = Plan.FREE


class OrganisationRename(BaseModel):
    """A new name for a customer."""

    name: str = Field(min_length=1, max_length=200)


class OrganisationRead(ReadModel):
    """A customer, without what belongs to it."""

    id: int
    name: str
    slug: str
    plan: Plan
    created_at: datetime


class StepCreate(BaseModel):
    """A new item of the checklist."""

    title: str = Field(min_length=1, max_length=200)
    hint: str | None = None


class StepRead(ReadModel):
    """An item of the checklist."""

    id: int
    title: str
    done: bool


class MemberRead(ReadModel):
    """A user in an organisation."""

    id: int
    role: Role
    user: UserRead


class OrganisationDetail(OrganisationRead):
    """A customer with its people and its checklist."""

    members: list[MemberRead]
    steps: list[StepRead]


class RoleChange(BaseModel):
    """A new role for a member, in the word that the clients use."""

    role: str = Field(pattern=r"^(owner|admin|member)$")


class InvitationCreate(BaseModel):
    """Whom to invite."""

    email: str = Field(min_length=3, max_length=320)
    role: Role = Role.MEMBER


class InvitationRead(ReadModel):
    """An invitation."""

    id: int
    email: str
    role: Role
    status: InvitationStatus


class MeetingCreate(BaseModel):
    """A new meeting."""

    title: str = Field(min_length=1, max_length=200)
    starts_at: datetime


class MeetingChange(BaseModel):
    """What may be changed of a meeting."""

    title: str = Field(default="", max_length=200)


class MeetingHost(BaseModel):
    """Who leads a meeting."""

    host_id: int | None = None


class MeetingRead(ReadModel):
    """A meeting."""

    id: int
    title: str
    host_id: int | None
