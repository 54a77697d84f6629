"""GraphiQL in a real Chromium: it shows a team's media, uploads, works offline and breaks no rule of the page's CSP."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page, Request, async_playwright, expect

from tests import pictures
from tests.client import Client
from tests.conftest import missing

# Chromium's own errands would be refused by a machine without the Internet, and are nobody's business on any other.
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_BUILT = Path(__file__).parents[2] / "graphql_api" / "web" / "static" / "graphiql" / "index.html"


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    chromium = shutil.which("chromium")
    if chromium is None:
        missing("Chromium")
    assert _BUILT.exists(), "run `make setup`"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=list(_QUIET))
        try:
            yield await browser.new_page()
        finally:
            await browser.close()


@pytest.mark.filterwarnings("default::ResourceWarning")
async def test_graphiql_lists_the_media_offline(page: Page, client: Client) -> None:
    base_url, key = client.url.rstrip("/"), client.keys["first"]
    made = await client.uploaded(pictures.png(), name="cat.png")
    origin = urlsplit(base_url).netloc
    foreign: list[str] = []
    complaints: list[str] = []
    # CSP violations and failed requests arrive as console errors, in the page and in its workers.
    page.on("console", lambda m: complaints.append(m.text) if m.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda r: foreign.append(r.url) if urlsplit(r.url).netloc not in ("", origin) else None)

    await page.goto(f"{base_url}/graphql#key=wrong")
    # A key that is not good: the bar says so, and the response pane shows the server's own error.
    await expect(page.locator("#status")).to_contain_text("does not accept")
    assert "wrong" not in page.url
    await page.fill("#api-key", key)
    await page.press("#api-key", "Enter")
    await expect(page.locator("#status")).to_be_empty()
    await page.click(".graphiql-execute-button")
    # Monaco draws only the lines in sight and writes spaces as U+00A0: look for words without spaces, near the top.
    response = page.locator(".graphiql-response .view-lines")
    await expect(response).to_contain_text('"mediaList"')
    await expect(response).to_contain_text(f'"{made["uid"]}"')
    await expect(response).to_contain_text('"cat.png"')

    await page.click('button[aria-label="Show Documentation Explorer"]')
    await expect(page.locator(".graphiql-doc-explorer")).to_contain_text("Query")

    assert key not in page.url
    # What outlives the tab must not hold the key: GraphiQL keeps its tabs and history in localStorage.
    assert key not in await page.evaluate("JSON.stringify({ ...localStorage })")
    # Chromium itself logs the two refusals of the wrong key; nothing else may be there.
    assert [line for line in complaints if "401" not in line] == []
    assert foreign == []


@pytest.mark.filterwarnings("default::ResourceWarning")
async def test_graphiql_listens(page: Page, client: Client) -> None:
    base_url = client.url.rstrip("/")
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type in {"error", "warning"} else None)
    await page.goto(f"{base_url}/graphql#key={client.keys['first']}")
    await expect(page.locator("#status")).to_be_empty()
    await page.click('.graphiql-tab-button:has-text("Changes")')
    await expect(page.locator(".graphiql-query-editor .view-lines")).to_contain_text("mediaChanged")
    await page.wait_for_timeout(1000)  # it takes its time to know the operation of the tab
    await page.click(".graphiql-execute-button")
    response = page.locator(".graphiql-response .view-lines")
    made = None
    for attempt in range(20):  # (nothing on the page tells when the server listens)
        made = await client.uploaded(pictures.png(seed=attempt), name="new.png")
        await page.wait_for_timeout(500)
        if "MEDIA_CREATED" in (await response.text_content() or ""):
            break

    await expect(response).to_contain_text('"MEDIA_CREATED"')
    await expect(response).to_contain_text('"new.png"')
    assert made
    assert complaints == []


@pytest.mark.filterwarnings("default::ResourceWarning")
async def test_graphiql_uploads(page: Page, client: Client) -> None:
    base_url = client.url.rstrip("/")
    complaints: list[str] = []
    sent: list[Request] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda r: sent.append(r) if r.method == "POST" else None)
    await page.goto(f"{base_url}/graphql#key={client.keys['first']}")
    await expect(page.locator("#status")).to_be_empty()
    await page.click('.graphiql-tab-button:has-text("Upload")')
    await expect(page.locator(".graphiql-query-editor .view-lines")).to_contain_text("uploadMedia")
    await page.wait_for_timeout(1000)  # it takes its time to know the operation of the tab
    response = page.locator(".graphiql-response .view-lines")
    file, clear = page.get_by_label("File", exact=True), page.get_by_role("button", name="Clear file")

    # Without a file nothing is sent.
    before = len(sent)
    await page.click(".graphiql-execute-button")
    await expect(response).to_contain_text("Choose\u00a0a\u00a0file\u00a0first")
    assert len(sent) == before

    picture = pictures.png(48, 36)
    await file.set_input_files({"name": "roof.png", "mimeType": "image/png", "buffer": picture})
    await page.click(".graphiql-execute-button")
    await expect(response).to_contain_text('"uploadMedia"')
    await expect(response).to_contain_text('"roof.png"')
    await expect(response).to_contain_text("48")
    await expect(response).to_contain_text('"PNG"')
    headers = await sent[-1].all_headers()
    assert headers["content-type"].startswith("multipart/form-data; boundary=")
    assert headers["graphql-require-preflight"] == "1"
    answer = await client.data("{ mediaList(first: 2) { nodes { name width height format bytes tags } } }")
    made = {"name": "roof.png", "width": 48, "height": 36, "format": "PNG", "bytes": len(picture), "tags": ["cat"]}
    assert answer["mediaList"]["nodes"] == [made]

    # What goes wrong on the way is shown, whoever says it: the network, a proxy's page.
    await page.route("**/graphql", lambda route: route.abort())
    await page.click(".graphiql-execute-button")
    await expect(response).to_contain_text("Failed")
    await page.unroute("**/graphql")
    await page.route("**/graphql", lambda route: route.fulfill(status=413, content_type="text/html", body="<p>Large"))
    await page.click(".graphiql-execute-button")
    await expect(response).to_contain_text("<p>Large")
    await page.unroute("**/graphql")

    # The file is let go of, and with it the button for that.
    await clear.click()
    await expect(clear).to_be_hidden()
    await page.click(".graphiql-execute-button")
    await expect(response).to_contain_text("Choose\u00a0a\u00a0file\u00a0first")

    # Chromium itself logs the two failures that were made here; nothing else may be there.
    assert [line for line in complaints if "413" not in line and "ERR_FAILED" not in line] == []
