"""Invitations, members and profiles over HTTP."""

from fastapi import APIRouter

from app.routers.dependencies import CurrentUser, Invitations, Members
from app.schemas import InvitationCreate, InvitationRead, MemberRead, ProfileUpdate, RoleChange, UserRead

router = APIRouter(tags=["people"])


@router.get("/organisations/{organisation_id}/invitations", response_model=list[InvitationRead])
async def pending_invitations(organisation_id: int, service: Invitations, user: CurrentUser):
    """List the invitations that nobody has answered."""
    return await service.pending(organisation_id)


@router.post("/organisations/{organisation_id}/invitations", response_model=InvitationRead, status_code=201)
async def invite(organisation_id: int, payload: InvitationCreate, service: Invitations, user: CurrentUser):
    """Invite somebody."""
    return await service.invite(organisation_id, payload, user)


@router.post("/invitations/{token}/accept", response_model=MemberRead)
async def accept(token: str, service: Invitations, user: CurrentUser):
    """Accept an invitation."""
    return await service.accept(token, user)


@router.put("/members/{member_id}/role")
async def change_role(member_id: int, change: RoleChange, service: Members, user: CurrentUser) -> dict[str, str]:
    """Give a member another role."""
    return await service.change_role(member_id, change)


@router.delete("/members/{member_id}", status_code=204)
async def remove_member(member_id: int, service: Members, user: CurrentUser) -> None:
    """Take a member out of the organisation."""
    await service.remove(member_id)


@router.patch("/me", response_model=UserRead)
async def update_profile(payload: ProfileUpdate, service: Members, user: CurrentUser):
    """Change the caller's profile."""
    return await service.update_profile(user, payload)
