"""Prefect's own UI, as a person uses it. Its element classes are its only stable handles: labels are not tied to fields."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


class Form:
    """A deployment's form, and what follows it."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def open(self, deployment: str) -> None:
        """The deployment's page, Run, Custom run."""
        self.page.goto(f"/deployments/deployment/{deployment}")
        self.page.get_by_role("button", name="Run", exact=True).click()
        self.page.get_by_text("Custom run").click()
        self.page.get_by_role("button", name="Submit").wait_for()

    def field(self, title: str) -> Locator:
        """The part of the form that has this title."""
        label = self.page.locator(".schema-form-property__label", has_text=title)
        return self.page.locator(".schema-form-property", has=label)

    def type(self, title: str, text: str) -> None:
        """Type over what a text or number field holds."""
        self.field(title).locator("textarea, input").first.fill(text)

    def choose(self, title: str, choice: str) -> None:
        """Open a list by keyboard and choose from it."""
        self.field(title).locator(".p-select-button__control").press("Space")
        self.page.get_by_role("option", name=choice, exact=True).click()

    def submit(self) -> None:
        """Press the button."""
        self.page.get_by_role("button", name="Submit").click()

    def submitted(self) -> str:
        """Follow the note to the new flow run; its id."""
        self.page.get_by_role("button", name="View run").last.click()  # the UI shows each note twice, one above the other
        self.page.wait_for_url("**/runs/flow-run/*")
        return self.page.url.split("/flow-run/")[1][:36]

    def problem(self) -> Locator:
        """The note that says why nothing was started."""
        return self.page.get_by_role("article").filter(has_text="Error creating flow run").first
