"""What is worth remembering of who did what."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class AuditAction(StrEnum):
    """An act that matters for security."""

    SIGNED_UP = "user.signed_up"
    SIGNED_IN = "user.signed_in"
    SIGN_IN_FAILED = "user.sign_in_failed"
    SIGNED_OUT = "user.signed_out"
    TOKEN_REUSED = "user.refresh_token_reused"  # noqa: S105 (the name of an act)
    EMAIL_VERIFIED = "user.email_verified"
    PASSWORD_CHANGED = "user.password_changed"  # noqa: S105
    PASSWORD_RESET = "user.password_reset"  # noqa: S105
    USER_APPROVED = "user.approved"
    USER_SUSPENDED = "user.suspended"
    USER_REINSTATED = "user.reinstated"
    USER_DELETED = "user.deleted"
    TEAM_CREATED = "team.created"
    TEAM_RENAMED = "team.renamed"
    TEAM_DELETED = "team.deleted"
    PLAN_CHANGED = "team.plan_changed"
    TEAM_EXPORTED = "team.exported"
    MEMBER_INVITED = "member.invited"
    INVITATION_REVOKED = "member.invitation_revoked"
    MEMBER_JOINED = "member.joined"
    MEMBER_ROLE_CHANGED = "member.role_changed"
    MEMBER_REMOVED = "member.removed"
    KEY_CREATED = "key.created"
    KEY_ROTATED = "key.rotated"
    KEY_RENAMED = "key.renamed"
    KEY_REVOKED = "key.revoked"
    WEBHOOK_CREATED = "webhook.created"
    WEBHOOK_CHANGED = "webhook.changed"
    WEBHOOK_DELETED = "webhook.deleted"


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """Who did what to what, from where and when. Names are as they were then; `id` is 0 until it is kept."""

    action: AuditAction
    actor: str
    subject: str
    address: str
    at: dt.datetime
    id: int = 0
