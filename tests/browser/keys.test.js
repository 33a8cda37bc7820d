// Keys of programs: one is made and shown once, does what it may, and is worth nothing after its removal.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { expectNoAxeViolations, launch, tabTo, visit as visitPage } from "./lib/browser.js";
import { api, startServer } from "./lib/server.js";

const IMAGE = "<img src=x onerror=alert(1)>";
const noSidewaysScrolling = async (page) => assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${page.url()} scrolls sideways`);
const shot = async (page, name) => { if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/keys-${name}.png` }); };

describe("keys", () => {
  let server;
  let browser;
  before(async () => { [server, browser] = await Promise.all([startServer(), launch()]); });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });
  const visit = (path, task, options = {}) => visitPage(browser, server, path, options, task);
  const asked = async (key, path, method = "GET") => (await fetch(`${server.ui}/api/v1${path}`, { method, headers: { authorization: `Bearer ${key}` } })).status;

  test("one is made by keyboard, shown once, and does what it may until it is removed", () =>
    visit("/settings/audit", async (page) => {
      await page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name: "API keys" }).click();
      await page.getByText("There are no keys").waitFor();
      await expectNoAxeViolations(page);
      await page.keyboard.press("a");
      const panel = page.getByRole("dialog", { name: "New key" });
      await panel.getByRole("textbox", { name: "Name" }).waitFor();
      await page.keyboard.type("agent");
      await tabTo(page, panel.getByRole("checkbox", { name: /^settings/ }));
      await page.keyboard.press("Space");
      await expectNoAxeViolations(page);
      await page.keyboard.press("Enter");
      const card = page.getByRole("region", { name: "The key agent" });
      await card.waitFor();
      assert.ok(await card.evaluate((one) => one === document.activeElement), "the focus is on the new key");
      await expectNoAxeViolations(page);
      const key = await card.locator("code").first().innerText();
      assert.match(key, /^reenact_[0-9a-f]{40}$/);

      // Nobody loses it by accident, not by making another one either: it is nowhere else.
      await page.keyboard.press("a");
      await panel.getByRole("textbox", { name: "Name" }).fill("other");
      await page.keyboard.press("Enter");
      const other = page.getByRole("region", { name: "The key other" });
      await other.getByRole("button", { name: "Copy the key" }).click();
      await other.getByRole("button", { name: "I have it" }).click();
      await page.getByRole("button", { name: "Remove other" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
      await page.getByRole("button", { name: "Remove other" }).waitFor({ state: "detached" });
      await page.getByRole("link", { name: "Audit log" }).click();
      await page.getByRole("dialog").getByText("The key agent was not copied, and is not shown again.").waitFor();
      await page.getByRole("button", { name: "Stay" }).click();
      await card.getByRole("button", { name: "Copy the key" }).click();
      await card.getByText("Copied").first().waitFor();
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), key);
      assert.deepEqual([await asked(key, "/keys"), await asked(`${key}0`, "/keys")], [200, 401]);

      await page.getByRole("link", { name: "Audit log" }).click();
      await page.getByRole("row", { name: /local admin 127\.0\.0\.1.*made a key.*agent/ }).waitFor();
      await page.getByRole("link", { name: /^key [0-9a-f]{8}$/ }).first().click();
      const row = page.getByRole("list", { name: "Keys" }).getByRole("listitem").filter({ hasText: "agent" });
      await row.getByText("settings", { exact: true }).waitFor();
      assert.equal(await page.getByText(key).count(), 0);

      await row.getByRole("button", { name: "Remove agent" }).click();
      await page.getByRole("dialog").getByText(/worth nothing from then on/).waitFor();
      await page.keyboard.press("Escape");
      assert.equal(await asked(key, "/keys"), 200);
      await row.getByRole("button", { name: "Remove agent" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
      await page.getByText("There are no keys").waitFor();
      assert.equal(await asked(key, "/keys"), 401);
    }, { permissions: ["clipboard-read", "clipboard-write"] }));

  test("what is refused is said where it was asked for", async () => {
    for (const [name, scopes] of [["agent", ["values", "triage"]], [`${IMAGE} \u202egnol`, []], ["all", ["values", "unmask", "settings", "triage"]]]) await api(server, "/keys", { method: "POST", body: { name, scopes } });
    await visit("/settings/keys?key=new", async (page) => {
      const panel = page.getByRole("dialog", { name: "New key" });
      const name = panel.getByRole("textbox", { name: "Name" });
      await name.fill("agent");
      await panel.getByRole("button", { name: "Make the key" }).click();
      await panel.getByRole("alert").getByText("there is a key with this name").waitFor();
      assert.equal(await name.getAttribute("aria-invalid"), "true");
      await expectNoAxeViolations(page);
      await name.fill("é".repeat(60));
      await panel.getByRole("button", { name: "Make the key" }).click();
      await panel.getByText("a name has 1 to 100 bytes and no control characters").waitFor();
      await panel.getByRole("button", { name: "Cancel" }).click();
      await page.getByRole("list", { name: "Keys" }).waitFor();
      assert.equal(new URL(page.url()).search, "");
      const { keys } = await api(server, "/keys");
      await page.getByRole("button", { name: "Remove agent" }).click();
      await fetch(`${server.ui}/api/v1/keys/${keys.find((key) => key.name === "agent").id}`, { method: "DELETE" });
      await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
      await page.getByRole("dialog").getByRole("alert").waitFor();
    });
    await api(server, "/keys", { method: "POST", body: { name: "agent", scopes: ["values", "triage"] } });
  });

  test("in light, dark and on a telephone", async () => {
    for (const [name, options] of [["light", { colorScheme: "light" }], ["dark", { colorScheme: "dark" }], ["telephone", { viewport: { width: 390, height: 844 } }]]) {
      await visit("/settings/keys", async (page) => {
        await page.getByRole("list", { name: "Keys" }).getByRole("listitem").nth(2).waitFor();
        assert.equal(await page.locator("main img").count(), 0);
        await expectNoAxeViolations(page);
        await noSidewaysScrolling(page);
        await shot(page, name);
        await page.getByRole("button", { name: "Add a key" }).click();
        const panel = page.getByRole("dialog", { name: "New key" });
        await panel.getByRole("textbox", { name: "Name" }).fill(`reader ${name}`);
        await panel.getByRole("checkbox", { name: /^values/ }).check();
        await expectNoAxeViolations(page);
        await shot(page, `new-${name}`);
        await panel.getByRole("button", { name: "Make the key" }).click();
        const card = page.getByRole("region", { name: /^The key/ });
        await card.waitFor();
        await expectNoAxeViolations(page);
        await noSidewaysScrolling(page);
        await shot(page, `made-${name}`);
        await card.getByRole("button", { name: "I have it" }).click();
        await card.waitFor({ state: "detached" });
        await page.getByRole("button", { name: `Remove reader ${name}` }).click();
        await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
        await page.getByRole("button", { name: `Remove reader ${name}` }).waitFor({ state: "detached" });
      }, options);
    }
  });

  test("a server that fails is asked again", () =>
    visit("/settings/captures", async (page) => {
      await page.getByRole("heading", { name: "Captures" }).waitFor();
      await page.route("**/api/v1/keys", (route) => route.fulfill({ status: 500, json: { error: { code: "internal", message: "the disk is gone", request_id: "r1" } } }));
      await page.getByRole("link", { name: "API keys" }).click();
      await page.getByText("The keys could not be loaded").waitFor();
      await expectNoAxeViolations(page);
      await page.unroute("**/api/v1/keys");
      await page.getByRole("button", { name: /again|Retry/i }).first().click();
      await page.getByRole("list", { name: "Keys" }).waitFor();
    }));

  test("who may not change settings does not see them, and who may not do something cannot give it", async () => {
    const few = async (admin, task) => {
      const own = await startServer({ env: { REENACT_ACCESS_LOCAL_ADMIN: admin } });
      try {
        await visitPage(browser, own, "/settings/keys?key=new", {}, task);
      } finally {
        await own.stop();
      }
    };
    await few("values", async (page) => {
      await page.getByText("You may not see the keys").waitFor();
      assert.equal(await page.getByRole("button", { name: "Add a key" }).or(page.getByRole("dialog")).count(), 0);
      await expectNoAxeViolations(page);
    });
    await few("settings", async (page) => {
      const panel = page.getByRole("dialog", { name: "New key" });
      await panel.waitFor();
      for (const [scope, disabled] of [["values", true], ["triage", true], ["unmask", true], ["settings", false]]) {
        assert.equal(await panel.getByRole("checkbox", { name: new RegExp(`^${scope}`) }).isDisabled(), disabled, scope);
      }
      await panel.getByText("you may not do that yourself").first().waitFor();
      await expectNoAxeViolations(page);
    });
  });
});
