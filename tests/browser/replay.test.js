// A person's task: find the newest issue, look at the values where it was raised, find a similar error, come back.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { expectNoAxeViolations, launch, tabTo, visit as visitPage } from "./lib/browser.js";
import { dict, int, object, replay, sendError, str } from "./lib/send.js";
import { api, startServer, until } from "./lib/server.js";

const HOUR = 3_600_000;

const frames = (total) => [
  { function: "handle", file: "/srv/app/worker.py", line: 12, code: "charge(order)" },
  {
    function: "charge", file: "/srv/app/payment.py", line: 39, code: "return order.total / rate",
    values: {
      arguments: { order: object("Order", { id: str("ord_7f21"), total: int(total), customer: object("Customer", { name: str("Ada") }) }), rate: int(0) },
      locals: { attempts: dict({ visa: int(2) }) },
    },
  },
];

describe("from the list to the values", () => {
  let server;
  let browser;

  before(async () => {
    [server, browser] = await Promise.all([startServer(), launch()]);
    await replay(server.agent, "4.16-flask-v05");
    const error = { type: "builtins.ZeroDivisionError", message: "division by zero" };
    const now = Date.now();
    await sendError(server.agent, { ...error, frames: frames(41), at: now - 3 * HOUR });
    await sendError(server.agent, { ...error, frames: frames(42), at: now - 2 * HOUR });
    await sendError(server.agent, { ...error, frames: frames(43), at: now - 1_000, captured: false });
    await until("the errors have their values", async () => {
      const { issues } = await api(server, "/issues?query=division&from=now-1d");
      if (issues.length === 0 || issues[0].count !== 3) return false;
      const { total } = await api(server, `/issues/${issues[0].id}/events?from=now-1d&has_values=true`);
      return total === 2;
    });
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const visit = (path, options, task) => visitPage(browser, server, path, options, task);
  const newest = (page) => page.getByRole("link", { name: /ZeroDivisionError in charge/ });
  const raised = (page) => page.getByRole("link", { name: /charge.*raised here/ });

  test("by mouse, there and back", () =>
    visit("/issues", {}, async (page) => {
      await newest(page).click();
      await page.getByRole("heading", { name: "ZeroDivisionError" }).first().waitFor();

      // The newest occurrence with values is shown, the frame that raised is open.
      const tree = page.getByRole("tree", { name: "Variables of charge" });
      await tree.getByRole("treeitem", { name: /^order Order/ }).click();
      await tree.getByRole("treeitem", { name: /^total int 42/ }).waitFor();
      await tree.getByRole("treeitem", { name: /^customer/ }).click();
      await tree.getByRole("treeitem", { name: /^name str 'Ada'/ }).waitFor();

      await page.getByRole("link", { name: "Newer occurrence", exact: true }).click();
      await page.getByText("1 of 3").waitFor();
      assert.equal(await page.getByRole("tree").count(), 0, "the newest occurrence came without values");

      await page.getByRole("link", { name: "View similar errors" }).click();
      await page.getByRole("heading", { name: "Occurrences" }).waitFor();
      const rows = page.getByRole("table").getByRole("row");
      await rows.nth(3).waitFor();
      assert.match(await rows.nth(1).innerText(), /values/);
      assert.doesNotMatch(await rows.nth(3).innerText(), /\bvalues\b(?<!no values)/);
      await rows.nth(2).getByRole("link").click();
      await page.getByText("3 of 3").waitFor();
      await page.getByRole("treeitem", { name: /^order Order\b.*total=41/ }).waitFor();

      await page.goBack();
      await page.getByRole("heading", { name: "Occurrences" }).waitFor();
      await page.goBack();
      await page.getByText("1 of 3").waitFor();
      await page.goForward();
      await page.goForward();
      await page.getByText("3 of 3").waitFor();
      await page.reload();
      await page.getByText("3 of 3").waitFor();
      await page.getByRole("treeitem", { name: /^order Order\b.*total=41/ }).waitFor();
    }));

  test("by keyboard alone", () =>
    visit("/issues", {}, async (page) => {
      await newest(page).waitFor();
      await page.keyboard.press("j");
      assert.ok(await newest(page).evaluate((link) => link === document.activeElement), "j goes to the first row");
      await page.keyboard.press("Enter");
      await raised(page).waitFor();
      await page.getByRole("tree").waitFor();
      await tabTo(page, raised(page));
      await page.keyboard.press("ArrowRight");
      const focused = () => page.evaluate(() => document.activeElement?.textContent ?? "");
      assert.match(await focused(), /Arguments/);
      await page.keyboard.press("ArrowDown");
      assert.match(await focused(), /order/);
      await page.keyboard.press("ArrowRight");
      await page.getByRole("treeitem", { name: /^total int 42/ }).waitFor();
      await page.keyboard.press("End");
      await page.keyboard.press("Home");
      assert.match(await focused(), /Arguments/);

      await page.keyboard.press("v");
      await page.keyboard.type("attempts");
      await page.getByRole("treeitem", { name: /^order/ }).waitFor({ state: "detached" });
      await page.keyboard.press("Escape");

      await page.keyboard.press("p");
      await page.getByText("1 of 3").waitFor();
      await page.keyboard.press("Shift+N");
      await page.getByText("2 of 3").waitFor();
      await page.keyboard.press("l");
      await page.getByRole("heading", { name: "Occurrences" }).waitFor();
      await page.keyboard.press("?");
      await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
      await page.keyboard.press("Escape");
      await page.keyboard.press("g");
      await page.keyboard.press("i");
      await newest(page).waitFor();
    }));

  test("the values of the line that raised stand at its end, the page's title is not repeated", () =>
    visit("/issues", {}, async (page) => {
      await newest(page).click();
      await page.getByRole("tree").waitFor();
      const line = page.getByRole("group", { name: "Source" }).getByRole("listitem").filter({ hasText: "return order.total / rate" });
      await line.getByText(/order\.total\s*=\s*42/).waitFor();
      await line.getByText(/rate\s*=\s*0/).waitFor();
      assert.equal(await page.getByRole("heading", { name: "ZeroDivisionError" }).count(), 1);
    }));

  test("the query completes keys, then values with their counts", () =>
    visit("/issues?range=all", {}, async (page) => {
      await newest(page).waitFor();
      const box = page.getByRole("combobox", { name: "Search issues" });
      await box.click();
      await box.pressSequentially("-error.t");
      await page.getByRole("option", { name: /^error\.type:/ }).waitFor();
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
      assert.equal(await box.inputValue(), "-error.type:");
      await box.pressSequentially("zero");
      await page.getByRole("option", { name: /ZeroDivisionError\s*1 issue/ }).waitFor();
      await expectNoAxeViolations(page);
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      await page.waitForURL(/q=-error\.type/);
      await newest(page).waitFor({ state: "detached" });
    }));

  test("Back puts the reader where they were, with the focus on the issue they looked at", () =>
    visit("/issues?range=all", { viewport: { width: 1000, height: 500 } }, async (page) => {
      const last = page.getByRole("table").getByRole("link").last();
      await last.waitFor();
      await last.focus();
      const before = await page.evaluate(() => scrollY);
      await page.keyboard.press("o");
      await page.waitForURL(/\/issues\/./);
      await page.getByRole("heading", { level: 1 }).waitFor();
      assert.equal(await page.evaluate(() => scrollY), 0);
      assert.equal(await page.evaluate(() => document.activeElement?.id), "main", "the focus is not lost with the link");
      await page.goBack();
      await page.waitForFunction((y) => Math.abs(scrollY - y) <= 2, before);
      await page.waitForFunction(() => document.activeElement?.matches("tr a"));
    }));

  test("from issue to issue without the list between", () =>
    visit("/issues?range=all", {}, async (page) => {
      await page.getByRole("table").getByRole("link").first().click();
      await page.getByText(/^1 of \d+\s+in this list/).first().waitFor();
      await page.keyboard.press("Shift+J");
      await page.getByText(/^2 of \d+\s+in this list/).first().waitFor();
      await page.keyboard.press("Shift+K");
      await page.getByText(/^1 of \d+\s+in this list/).first().waitFor();
    }));

  test("a recorded exception chain shows how one error led to the next", () =>
    visit("/issues?range=all&q=checkout", {}, async (page) => {
      await page.getByRole("link", { name: /RuntimeError/ }).first().click();
      await page.getByText("caused", { exact: true }).first().waitFor();
      const frame = page.getByRole("link", { name: /lookup_discount/ }).first();
      if ((await frame.getAttribute("aria-expanded")) === "false") await frame.click();
      const tree = page.getByRole("tree", { name: "Variables of lookup_discount" });
      await tree.getByRole("treeitem", { name: /^table dict/ }).click();
      await tree.getByRole("treeitem", { name: /^'WELCOME' int 10/ }).waitFor();
      await tree.getByText(/^redacted: name/).waitFor();
      await page.getByRole("link", { name: /frames? in .*(flask|werkzeug)/ }).first().waitFor();
    }));

  test("narrowing by a facet is in the address, and Back lifts it", () =>
    visit("/issues?range=all", {}, async (page) => {
      await newest(page).waitFor();
      const only = page.getByRole("button", { name: /^Only .* ZeroDivisionError|^Only .*builtins\.ZeroDivisionError/ });
      await only.click();
      await page.waitForURL(/q=error\.type/);
      await page.getByText(/^1 issue$/).waitFor();
      await page.goBack();
      await page.waitForURL((url) => !url.searchParams.has("q"));
    }));

  test("a query that makes no sense is explained and the last list stays", () =>
    visit("/issues", {}, async (page) => {
      await newest(page).waitFor();
      await page.getByRole("combobox", { name: "Search issues" }).fill("nonsense:1");
      await page.keyboard.press("Enter");
      await page.getByRole("alert").waitFor();
      await newest(page).waitFor();
    }));

  test("on paper: light, without what can only be clicked, values as they are on the screen", () =>
    visit("/issues", { colorScheme: "dark" }, async (page) => {
      await page.getByRole("button", { name: /^Theme/ }).click();
      await page.getByRole("button", { name: /^Theme/ }).click();
      assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
      await newest(page).click();
      await page.getByRole("treeitem", { name: /^order Order/ }).click();
      await page.emulateMedia({ media: "print" });
      await page.setViewportSize({ width: 700, height: 1000 });
      assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme), "light");
      await page.getByRole("treeitem", { name: /^total int 42/ }).waitFor();
      await page.getByText("return order.total / rate").waitFor();
      await page.getByText("Stack & values").waitFor();
      for (const hidden of ["Main", "Occurrences", "Frames shown"]) assert.equal(await page.getByRole("navigation", { name: hidden }).count(), 0, hidden);
      assert.equal(await page.getByRole("button").count(), 0);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "nothing is cut off at the side");
    }));

  for (const colorScheme of ["light", "dark"]) {
    for (const [name, width] of [["wide", 1440], ["narrow", 390], ["very narrow", 320]]) {
      test(`accessible and without sideways scrolling: ${colorScheme}, ${name}`, () =>
        visit("/issues", { colorScheme, viewport: { width, height: 844 } }, async (page) => {
          const look = async () => {
            await expectNoAxeViolations(page);
            assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${page.url()} scrolls sideways`);
          };
          await newest(page).waitFor();
          await look();
          await newest(page).click();
          await page.getByRole("tree").waitFor();
          await look();
          for (const tab of ["Trace", "Attributes", "JSON"]) {
            await page.getByRole("link", { name: tab, exact: true }).click();
            await page.waitForURL(/tab=/);
            await look();
          }
          await page.getByRole("link", { name: "View similar errors" }).click();
          await page.getByRole("region", { name: "Occurrences", exact: true }).getByRole("table").waitFor();
          await look();
        }));
    }
  }
});
