// An occurrence taken along: the request for a terminal, and a file that shows itself without any server.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { expectNoAxeViolations, launch, openPage, visit as visitPage } from "./lib/browser.js";
import { int, object, sendError, str } from "./lib/send.js";
import { api, startServer, until } from "./lib/server.js";

const HOSTILE = "</script><img src=x onerror=alert(1)><!--\u202e'; rm -rf ~ #";

describe("an occurrence is shared", () => {
  let server, browser, event, bare;

  before(async () => {
    [server, browser] = await Promise.all([startServer(), launch()]);
    const values = { arguments: { amount: int(12), note: str(HOSTILE), password: str("hunter2"), cart: object("shop.Cart", { size: int(3), owner: str("ada@example.org") }) } };
    const frames = [{ function: "charge", file: "/srv/shop/gateway.py", line: 6, code: "return amount / 0", values }];
    const tags = { "http.method": "POST", "http.url": "https://shop.example/pay?id='7' x", "http.request.headers.accept": "text/html", "http.request.headers.x-note": "it's" };
    await sendError(server.agent, { type: "builtins.ZeroDivisionError", message: `division ${HOSTILE}`, frames, tags });
    await sendError(server.agent, { type: "builtins.KeyError", message: "'bare'", frames: [{ function: "bare", file: "/srv/shop/bare.py", line: 3 }] });
    [event, bare] = await until("both events, one with values", async () => {
      const { issues } = await api(server, "/issues?from=now-1d");
      if (issues.length !== 2) return null;
      const found = await Promise.all(issues.map(async (one) => [one.type, (await api(server, `/issues/${one.id}/events?from=now-1d`)).events[0]]));
      const all = Object.fromEntries(found);
      return all.ZeroDivisionError.has_values ? [all.ZeroDivisionError, all.KeyError] : null;
    });
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const visit = (one, options, task) => visitPage(browser, server, `/events/${one.id}`, options, task);
  const menu = (page) => page.getByRole("button", { name: "Share this occurrence" });
  const shot = async (page, name) => { if (process.env.SHOTS) await page.screenshot({ path: join(process.env.SHOTS, `share-${name}.png`), fullPage: true }); };

  test("the request as a command, by keyboard", () =>
    visit(event, { permissions: ["clipboard-read", "clipboard-write"] }, async (page) => {
      await menu(page).focus();
      await page.keyboard.press("ArrowDown");
      await shot(page, "menu");
      await expectNoAxeViolations(page);
      await page.keyboard.press("Enter");
      await page.getByText(/The request is copied\./).first().waitFor();
      const copied = await page.evaluate(() => navigator.clipboard.readText());
      assert.ok(copied.startsWith("curl --globoff"), copied);
      assert.ok(copied.includes("--request 'POST'") && copied.includes("'https://shop.example/pay?id=%277%27%20x'"), copied);
      assert.ok(copied.includes("--header 'x-note: it'\\''s'"), copied);
    }));

  test("without a request there is no command", () =>
    visit(bare, {}, async (page) => {
      await menu(page).click();
      await page.getByRole("menuitem", { name: "Download as one file" }).waitFor();
      assert.equal(await page.getByRole("menuitem").count(), 1);
    }));

  test("the file opens from the disk, shows the values that strict redaction leaves, and is inert", async () => {
    let path;
    await visit(event, {}, async (page) => {
      await menu(page).click();
      const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: "Download as one file" }).click()]);
      assert.equal(download.suggestedFilename(), `event-${event.id.slice(0, 16)}.html`);
      path = `${await download.path()}.html`;
      await download.saveAs(path);
    });
    const text = readFileSync(path, "utf8");
    for (const secret of ["hunter2", "ada@example.org", "onerror", "rm -rf", "shop.example", "return amount / 0"]) assert.ok(!text.includes(secret), secret);
    assert.match(text, /http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'nonce-/);

    for (const colorScheme of ["light", "dark"]) {
      // No server: whatever the page asks for would be a foreign request.
      const view = await openPage(browser, { ui: "file://" }, { colorScheme, offline: true });
      const { page, trouble } = view;
      await page.goto(pathToFileURL(path).href);
      await page.getByRole("heading", { name: "ZeroDivisionError", exact: true }).waitFor();
      await page.getByText("Texts are redacted in this file").waitFor();
      await page.getByText("/srv/shop/gateway.py:6").first().waitFor();
      await page.getByText("amount = 12", { exact: true }).waitFor();
      await page.getByText(/^cart = shop\.Cart/).click();
      await page.getByText(".size = 3", { exact: true }).waitFor();
      await page.getByText(/^note = .*strict/).waitFor();
      assert.ok((await page.getByLabel("The test").innerText()).includes("def test_"));
      const [json] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save the JSON" }).click()]);
      assert.equal(JSON.parse(readFileSync(await json.path(), "utf8")).id, event.id);
      const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save the test" }).click()]);
      assert.match(file.suggestedFilename(), /^test_\w+\.py$/);
      assert.equal(await page.locator("img").count(), 0);
      await expectNoAxeViolations(page);
      await shot(page, colorScheme);
      const violations = await page.evaluate(() => window.violations);
      assert.deepEqual([...trouble.filter((one) => !one.includes("blob:")), ...violations], []);
      await view.close();
    }
  });
});
