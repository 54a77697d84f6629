"""Content negotiation."""

import pytest

from graphql_api.web.accept import preferred

OFFERS = ("application/graphql-response+json", "application/json", "text/html")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, "application/json"),
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("application/json", "application/json"),
        ("application/graphql-response+json", "application/graphql-response+json"),
        ("application/graphql-response+json, application/json;q=0.9", "application/graphql-response+json"),
        ("application/json;q=0.2, text/html", "text/html"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", "text/html"),
        ("application/json;q=0, */*", "application/graphql-response+json"),
        ("text/html;q=0.5, */*;q=0.1", "text/html"),
        ("image/png", None),
        ("application/json;q=0", None),
        ("application/json;q=x", None),
        ("application/jsonfoo", None),
        ("APPLICATION/JSON ; Q=1.0", "application/json"),
        (",,;,", None),
    ],
)
def test_the_best_liked_offer_wins(header: str | None, expected: str | None) -> None:
    assert preferred(header, OFFERS, default="application/json") == expected
