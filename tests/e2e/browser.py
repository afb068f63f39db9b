"""A person at a browser: Chromium driven by Playwright, with screenshots and an accessibility check."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = ROOT / "artifacts" / "screenshots"
AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
WIDTH, HEIGHT = 1440, 1100
PASSWORD = "correct-horse-battery-staple"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
_RUN_AXE = """async () => (await axe.run(document, {resultTypes: ['violations']})).violations
    .filter(v => ['serious', 'critical'].includes(v.impact))
    .map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.target.join(' ')).join(' | '))"""


def executable() -> str | None:
    """The browser: ``CHROMIUM``, else the first one found; None without any."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


class Person:
    """Someone at a page. ``problems`` collects what the page's console and answers complained about."""

    def __init__(self, page: Page, scheme: str = "light") -> None:
        self.page = page
        self.scheme = scheme
        self.problems: list[str] = []
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on(
            "response", lambda r: self.problems.append(f"{r.status} {r.url}") if r.status >= 500 else None
        )

    def go(self, url: str) -> None:
        """Open an address and wait until the page has settled."""
        self.page.goto(url)
        self.page.wait_for_load_state("networkidle")

    def press(self, name: str, exact: bool = False) -> None:
        """Press the button or follow the link of this name."""
        button = self.page.get_by_role("button", name=name, exact=exact)
        found = button if button.count() else self.page.get_by_role("link", name=name, exact=exact)
        found.first.click()

    def fill(self, label: str, value: str) -> None:
        """Type into the field of this label."""
        self.page.get_by_label(label, exact=False).first.fill(value)

    def setting(self, name: str, value: str) -> None:
        """Type into the settings field of this name."""
        self.page.locator(f"input[name={name}]").first.fill(value)

    def tags(self, label: str, *values: str) -> None:
        """Enter values into a list field."""
        field = self.page.get_by_label(label).first
        for value in values:
            field.fill(value)
            field.press("Enter")

    def enter(self, label: str, value: Any) -> None:
        """Give a field of a form, found by its whole label, a text, a choice, several texts, or yes or no."""
        if isinstance(value, bool):
            self.page.get_by_role("switch", name=label).set_checked(value)
            return
        field = self.page.get_by_label(re.compile(rf"^{re.escape(label)}( \*)?$")).first
        if isinstance(value, list):
            for text in value:
                field.fill(text)
                field.press("Enter")
        elif field.get_attribute("aria-haspopup") == "listbox":
            field.click()
            self.page.get_by_role("option", name=value, exact=True).click()
        else:
            field.fill(str(value))

    def copies(self, name: str) -> str:
        """What the button "Copy NAME" would copy: a value made by us, shown beside it."""
        button = self.page.get_by_role("button", name=f"Copy {name}")
        return str(button.locator("xpath=preceding-sibling::span").first.inner_text())

    def proves(self, password: str) -> None:
        """Give the password once more, as the page asks for it before a dangerous act and after ten minutes."""
        status = self.page.evaluate(
            """async (password) => {
                const session = await (await fetch('/api/v1/session')).json();
                const answer = await fetch('/api/v1/session/step-up', {method: 'POST', body: JSON.stringify({password}),
                    headers: {'content-type': 'application/json', 'x-csrftoken': session.csrf_token}});
                return answer.status;
            }""",
            password,
        )
        assert status == 200

    def sees(self, text: str, timeout: float = 60) -> None:
        """Wait until the text is shown; ``timeout`` in seconds."""
        self.page.get_by_text(text).first.wait_for(timeout=timeout * 1000)

    def show(self, name: str) -> list[str]:
        """Keep a screenshot of the page; returns serious accessibility violations."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.wait_for_timeout(300)
        self.page.screenshot(path=str(SCREENSHOTS / f"{name}.{self.scheme}.png"))
        self.page.evaluate(AXE.read_text() + "; true")
        return [f"{name} {self.scheme} {violation}" for violation in self.page.evaluate(_RUN_AXE)]

    def show_both(self, name: str) -> list[str]:
        """The same of the page in its whole length, by dark and by light."""
        length = self.page.evaluate("document.documentElement.scrollHeight")
        self.page.set_viewport_size({"width": WIDTH, "height": max(HEIGHT, length)})
        violations = []
        schemes: tuple[Literal["dark", "light"], ...] = ("dark", "light")
        for scheme in schemes:
            self.scheme = scheme
            self.page.emulate_media(color_scheme=scheme)
            violations += self.show(name)
        self.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        return violations


@contextmanager
def person(browser: Any, scheme: str = "light") -> Iterator[Person]:
    """A fresh browser profile that prefers light or dark."""
    context = browser.new_context(
        viewport={"width": WIDTH, "height": HEIGHT}, reduced_motion="reduce", color_scheme=scheme
    )
    try:
        yield Person(context.new_page(), scheme)
    finally:
        context.close()


@contextmanager
def chromium() -> Iterator[Any]:
    """The running browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()
