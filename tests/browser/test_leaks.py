"""No secret that was typed is stored, even if JupyterLab saves the state of all widgets."""

from __future__ import annotations

import re

import httpx

from tests.browser.lab import STORED, write_env

TOKEN = re.compile(r"\beyJ[\w-]{20,}\.eyJ")
PASSWORD = "canary-3f9c-Password"


def places(sheet):
    """Return the text of everything that outlives the form, by its place.

    That is files, checkpoints, the server's log and folders, and the browser's storage.
    """
    root = sheet.lab.root.parent
    ours = sheet.path.parent / ".env"
    files = [
        path for path in root.rglob("*") if path.is_file() and not path.name.startswith(ours.name)
    ]
    texts = {
        str(path.relative_to(root)): path.read_bytes().decode("utf-8", "replace") for path in files
    }
    return texts | {"browser": sheet.page.evaluate(STORED)}


def holders(sheet, *secrets):
    """Return the places that contain one of these texts."""
    return [
        place for place, text in places(sheet).items() if any(secret in text for secret in secrets)
    ]


def save_and_reopen(sheet):
    """Save twice, so that there is a checkpoint, close the notebook and open it again."""
    sheet.save()
    text = sheet.save()
    sheet.command("application:close")
    sheet.open()
    return text


def test_a_password_that_was_typed_is_nowhere(sheet):
    """A password is in no file, log or browser storage, before and after registering.

    Other fields are stored, so the password would be seen.
    """
    sheet.run()
    sheet.fill("First name", "Canary-visible")
    sheet.fill("Password", PASSWORD)
    sheet.form.locator("input[placeholder*='kept, not shown']").wait_for()
    half_way = sheet.save()
    assert "Canary-visible" in half_way
    assert '"PasswordModel"' in half_way
    assert holders(sheet, PASSWORD) == []
    sheet.go_through()
    assert '"PasswordModel"' in save_and_reopen(sheet)
    checkpoints = list(sheet.path.parent.glob(".ipynb_checkpoints/*.ipynb"))
    assert len(checkpoints) == 1
    assert holders(sheet, PASSWORD) == []
    assert str(sheet.path.relative_to(sheet.lab.root.parent)) in holders(
        sheet, "You made your first authenticated call"
    )


def register_app(wych):
    """Return the credentials that the mock's portal issues for a new app."""
    with httpx.Client(base_url=f"{wych.portal_url}/api/", trust_env=False) as portal:
        account = {
            "email": "kim@example.com",
            "password": PASSWORD,
            "first_name": "Kim",
            "last_name": "Tester",
        }
        portal.headers["Authorization"] = (
            f"Bearer {portal.post('accounts', json=account).json()['session']}"
        )
        business = portal.post(
            "businesses", json={"nzbn": "9429000000109", "name": "Example Limited"}
        ).json()["business_id"]
        portal.put(f"businesses/{business}/receive-data", json={})
        return portal.post(f"businesses/{business}/apps", json={"name": "Example app"}).json()


def test_pasted_credentials_are_in_env_only(sheet, wych):
    """Client secret and API key are in `.env.sandbox` and nowhere else. The token is in no file."""
    app = register_app(wych)
    addresses = {name: app[name] for name in ("issuer_url", "api_url", "connect_url")} | {
        "portal_url": wych.portal_url
    }
    env = sheet.path.parent / ".env.sandbox"
    write_env(
        env,
        environment="sandbox",
        home=sheet.path.parent / "kit",
        token_cache="memory",
        **addresses,
    )
    sheet.run()
    sheet.form.get_by_label("Environment").select_option("sandbox")
    sheet.field("Client id").wait_for()
    for label, name in {
        "Client id": "client_id",
        "Client secret": "client_secret",
        "API key": "api_key",
    }.items():
        sheet.fill(label, app[name])
    for label, name in {"Partner id": "partner_id", "App id": "app_id"}.items():
        sheet.fill(label, app[name])
    sheet.save()
    secrets = (app["client_secret"], app["api_key"])
    assert holders(sheet, *secrets) == []
    sheet.go_through("Check and save")
    assert '"PasswordModel"' in save_and_reopen(sheet)
    assert holders(sheet, *secrets) == []
    assert [place for place, text in places(sheet).items() if TOKEN.search(text)] == []
    assert app["client_secret"] in env.read_text()
    assert str(sheet.path.relative_to(sheet.lab.root.parent)) in holders(sheet, app["client_id"])
