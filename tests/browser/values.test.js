// Captured values at work: what sets an issue's occurrences apart, and a pinned variable as a column.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { expectNoAxeViolations, launch, tabTo, visit as visitPage } from "./lib/browser.js";
import { dict, int, sendError, str } from "./lib/send.js";
import { api, startServer, until } from "./lib/server.js";

const HOSTILE = '<img src=x onerror="alert(1)">';

const frames = (currency, index, line) => [
  { function: "handle", file: "/srv/app/worker.py", line: 12, code: "charge(order)" },
  {
    function: "charge", file: "/srv/app/payment.py", line, code: "rate = RATES[order['currency']]",
    values: { arguments: { order: dict({ currency: str(currency), total: int(index), "a.b": str(HOSTILE) }), attempt: int(index % 2) }, locals: { password: str("hunter2") } },
  },
];

describe("captured values at work", () => {
  let server;
  let browser;
  let issue;
  let other;

  before(async () => {
    [server, browser] = await Promise.all([startServer(), launch()]);
    const now = Date.now();
    for (let index = 0; index < 8; index++) {
      await sendError(server.agent, { type: "builtins.KeyError", message: "'XTS'", frames: frames("XTS", index, 39), at: now - 1_000 * (index + 1) });
      await sendError(server.agent, { type: "builtins.TimeoutError", message: "no answer", frames: frames(index % 2 ? "EUR" : "USD", index, 45), at: now - 1_000 * (index + 1) });
    }
    await until("the errors have their values", async () => {
      const { issues } = await api(server, "/issues?from=now-1d");
      if (issues.length !== 2) return false;
      const withValues = await Promise.all(issues.map((one) => api(server, `/issues/${one.id}/events?from=now-1d&has_values=true`)));
      [issue, other] = [issues.find((one) => one.type.endsWith("KeyError")), issues.find((one) => one.type.endsWith("TimeoutError"))];
      return withValues.every(({ total }) => total === 8);
    });
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const visit = (path, options, task) => visitPage(browser, server, path, options, task);
  const findings = (page) => page.getByRole("list", { name: /^Findings/ });

  test("the value that sets an issue apart comes first, and filters its occurrences", () =>
    visit(`/issues/${issue.id}`, {}, async (page) => {
      await page.getByRole("tree").waitFor();
      await page.getByRole("link", { name: "Correlations" }).click();
      await page.getByRole("heading", { name: "Correlations" }).waitFor();
      await page.getByText("8 occurrences with values against 8 of other issues").waitFor();
      const first = findings(page).getByRole("listitem").first();
      assert.match(await first.innerText(), /order\.currency\s*is\s*'XTS'[\s\S]*8 of 8 against 0 of 8[\s\S]*\+100 points, \d+ to 100[\s\S]*stands out/);
      await page.keyboard.press("j");
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "Occurrences" }).waitFor();
      assert.equal(new URL(page.url()).searchParams.get("q"), 'var.order.currency:"XTS"');
      await page.getByText("8 occurrences, all time").waitFor();
      await page.goBack();
      await findings(page).getByRole("link", { name: "Compare with one without" }).first().click();
      await page.getByRole("heading", { name: "Compare two occurrences" }).waitFor();
      await page.getByText("of another issue").waitFor();
    }));

  test("what it is compared with is chosen, and said when there is nothing", () =>
    visit(`/issues/${issue.id}/correlations`, {}, async (page) => {
      await findings(page).waitFor();
      await page.getByRole("link", { name: "Before the range" }).click();
      await page.getByText("Before all time there is nothing.").waitFor();
      assert.equal(new URL(page.url()).searchParams.get("baseline"), "history");
      await findings(page).getByText("in all 8").first().waitFor();
      await page.goBack();
      await page.getByText("stands out").first().waitFor();
    }));

  test("nothing with values, a search that is not understood, an issue that is not there", () =>
    visit(`/issues/${issue.id}/correlations?q=env:nowhere`, {}, async (page) => {
      await page.getByText("No occurrence with values").waitFor();
      await page.getByRole("button", { name: "Show all" }).click();
      await findings(page).waitFor();
      await page.goto(`/issues/${issue.id}/correlations?q=nonsense:1`);
      await page.getByRole("alert").waitFor();
      await page.goto(`/issues/0123456789abcdef/correlations`);
      await page.getByText("There is no such issue").first().waitFor();
    }));

  test("when the server fails it is said, and asked again", () =>
    visit(`/issues/${issue.id}`, {}, async (page) => {
      await page.getByRole("tree").waitFor();
      const ADDRESS = "**/api/v1/issues/*/correlations?*";
      await page.route(ADDRESS, (route) => route.fulfill({ status: 500, contentType: "application/json", body: JSON.stringify({ error: { code: "internal", message: "it broke", request_id: "req-1" } }) }));
      await page.getByRole("link", { name: "Correlations" }).click();
      await page.getByText("The correlations could not be loaded").waitFor();
      await page.unroute(ADDRESS);
      await page.getByRole("button", { name: "Try again" }).click();
      await findings(page).waitFor();
    }));

  test("a variable is pinned by keyboard, is a column, and is unpinned", () =>
    visit(`/issues/${issue.id}`, {}, async (page) => {
      const tree = page.getByRole("tree", { name: "Variables of charge" });
      await tabTo(page, tree.getByRole("treeitem"));
      await tree.getByRole("treeitem", { name: /^order dict/ }).click();
      await tree.getByRole("treeitem", { name: /^'a\.b' str/ }).click();
      await page.keyboard.press("o");
      await page.getByRole("region", { name: "Messages" }).getByText('order."a.b" is a column of the occurrences now').waitFor();
      await page.getByRole("button", { name: "Pinned as column", pressed: true }).waitFor();
      await tree.getByRole("treeitem", { name: /^'currency' str/ }).click();
      await page.getByRole("button", { name: "Pin as column" }).click();
      await page.getByRole("button", { name: "Pinned as column" }).waitFor();
      await tree.getByRole("treeitem", { name: /^password/ }).click();
      await page.getByRole("button", { name: "Pin as column" }).click();
      await page.getByRole("button", { name: "Pinned as column" }).waitFor();

      await page.keyboard.press("l");
      const table = page.getByRole("table");
      await table.getByRole("columnheader", { name: /order\."a\.b"/ }).waitFor();
      await table.getByRole("columnheader", { name: /order\.currency/ }).waitFor();
      assert.equal(await table.getByText("'XTS'", { exact: true }).count() >= 8, true);
      assert.equal(await table.getByText("redacted").first().isVisible(), true);
      assert.equal(await page.locator('img[src="x"]').count(), 0);
      const place = (name) => table.getByRole("columnheader", { name }).boundingBox();
      const [message, pinned, version] = await Promise.all([place("Message"), place(/order\.currency/), place("Version")]);
      assert.ok(message.width > 150, `the message has ${message.width} px`);
      assert.ok(message.x < pinned.x && pinned.x < version.x, "what is pinned stands beside the message");
      await expectNoAxeViolations(page);

      await table.getByRole("link", { name: /^order\.currency of / }).first().click();
      await page.getByRole("tree", { name: "Variables of charge" }).getByRole("treeitem", { name: /^order dict/, selected: true }).waitFor();
      await page.goBack();
      await table.getByRole("button", { name: 'Unpin order."a.b"' }).click();
      await table.getByRole("columnheader", { name: /order\."a\.b"/ }).waitFor({ state: "detached" });
      const { pins } = await api(server, `/issues/${issue.id}/pins`);
      assert.deepEqual(pins.map((pin) => pin.path), ["order.currency", "password"]);
      // The other issue has none.
      await page.goto(`/issues/${other.id}/events`);
      await table.getByRole("columnheader", { name: "Message" }).waitFor();
      assert.equal(await table.getByRole("columnheader", { name: /order/ }).count(), 0);
    }));

  for (const colorScheme of ["light", "dark"]) {
    test(`nothing grave for people who hear the pages, ${colorScheme}, and a narrow screen`, () =>
      visit(`/issues/${issue.id}/correlations`, { colorScheme }, async (page) => {
        await findings(page).waitFor();
        await expectNoAxeViolations(page);
        for (const width of [390, 320]) {
          await page.setViewportSize({ width, height: 800 });
          assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, `${width} px`);
        }
      }));
  }
});
