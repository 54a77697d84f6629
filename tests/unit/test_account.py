"""Keys and what they allow."""

import re

import pytest

from graphql_api.domain.account import Principal, Team
from graphql_api.domain.key import ApiKey, Profile, Scope, digest, new_secret
from graphql_api.errors import Forbidden, Unauthenticated

TEAM = Team(1, "team", "abcd")


@pytest.mark.parametrize(
    ("profile", "pattern"),
    [
        (Profile.G1, r"7\|[A-Za-z0-9]{40}"),
        (Profile.G3, r"img_live_[A-Za-z0-9]{40}"),
        (Profile.G4, r"img_live_[A-Za-z0-9]{40}"),
        (Profile.APP, r"img_sk_live_[A-Za-z0-9]{40}"),
        (Profile.TEST, r"test_[A-Za-z0-9]{40}"),
        (Profile.LIVE, r"live_[A-Za-z0-9]{40}"),
        (Profile.SK, r"sk_[0-9a-f]{64}"),
    ],
)
def test_a_key_has_the_form_of_its_api(profile: Profile, pattern: str) -> None:
    assert re.fullmatch(pattern, new_secret(profile, 7))
    assert new_secret(profile, 7) != new_secret(profile, 7)


def test_a_digest_takes_any_text() -> None:
    assert len(digest("\ud800")) == 64


def test_nobody_may_do_nothing() -> None:
    with pytest.raises(Unauthenticated):
        Principal().require(Scope.READ)


def test_a_key_may_do_what_its_scopes_say() -> None:
    key = ApiKey(1, "k", Profile.G4, frozenset({Scope.READ}))
    principal = Principal(TEAM, key, key.scopes)

    assert principal.require(Scope.READ) is TEAM
    with pytest.raises(Forbidden, match="'write'"):
        principal.require(Scope.WRITE)


def test_who_may_not_read_owns_nothing() -> None:
    key = ApiKey(1, "k", Profile.G4, frozenset({Scope.WRITE}))

    assert not Principal(TEAM, key, key.scopes).reads_team(TEAM.id)
