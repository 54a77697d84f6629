"""The plans that come with Tintype."""

from pathlib import Path

import graphql_api
from graphql_api.domain.plan import parse_plans

OURS = (Path(graphql_api.__file__).parent / "plans.toml").read_text()
PLANS = parse_plans(OURS, "free")
