"""The pages of people in a real Chromium: its forms are taken for our own, and no rule of their policy is broken."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.browser.test_graphiql import page as page  # noqa: PLC0414 (a fixture)
from tests.client import Client


@pytest.mark.filterwarnings("default::ResourceWarning")
async def test_a_person_signs_up_in_and_out(page: Page, client: Client) -> None:
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type in {"error", "warning"} else None)
    base_url = client.url.rstrip("/")

    await page.goto(f"{base_url}/account/sign-up")
    await page.fill("input[name=email]", "ada@example.org")
    await page.fill("input[name=password]", "correct horse battery")
    await page.click("button")
    await expect(page.locator("h1")).to_have_text("Your account is made")
    await page.click("a.button")
    await page.fill("input[name=email]", "ada@example.org")
    await page.fill("input[name=password]", "correct horse battery")
    await page.click("button")
    await expect(page.locator("h1")).to_have_text("Your account")
    await page.click("button.plain")
    await expect(page.locator("h1")).to_have_text("Sign in")

    assert complaints == []
