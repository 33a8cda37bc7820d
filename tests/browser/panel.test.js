// An issue beside the list: opened, shared, walked through, made narrower and wider, and closed again.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { expectNoAxeViolations, launch, tabTo, visit as visitPage } from "./lib/browser.js";
import { int, object, sendError, str } from "./lib/send.js";
import { api, startServer, until } from "./lib/server.js";

const MINUTE = 60_000;
const NAMES = ["Timeout", "Refused", "Missing", "Broken"];
const shot = async (page, name) => { if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/panel-${name}.png` }); };

describe("an issue beside the list", () => {
  let server;
  let browser;
  let ids;
  before(async () => {
    [server, browser] = await Promise.all([startServer(), launch()]);
    for (const [i, name] of NAMES.entries()) {
      for (let n = 0; n < 3; n++) {
        await sendError(server.agent, {
          type: `shop.${name}`, message: `${name.toLowerCase()} again`, at: Date.now() - (i * 10 + n + 1) * MINUTE, version: `1.${n}`, tags: { "usr.id": `user-${n}`, region: n % 2 ? "north" : "south" },
          frames: [
            { function: "handle", file: "/srv/shop/worker.py", line: 12, code: "pay(order)", values: { arguments: { attempt: int(n) } } },
            { function: `on_${name.toLowerCase()}`, file: `/srv/shop/${name.toLowerCase()}.py`, line: 40, code: "raise Declined(order.card)", values: { arguments: { order: object("Order", { id: str(`ord_${n}`), total: int(100 + n) }) } } },
          ],
        });
      }
    }
    await until("all issues are there, with their values", async () => {
      const { issues } = await api(server, "/issues?from=now-1d");
      ids = Object.fromEntries(issues.map((one) => [one.type.replace("shop.", ""), one.id]));
      return issues.length === NAMES.length && issues.every((one) => one.count === 3 && one.has_values);
    });
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });
  const visit = (path, task, options = {}) => visitPage(browser, server, path, options, task);
  const panel = (page) => page.getByRole("region", { name: "Issue", exact: true });
  const list = (page) => page.getByRole("region", { name: "Issues", exact: true });
  const row = (page, name) => list(page).getByRole("link", { name: new RegExp(`shop\\.${name}`) });
  const opened = (page, name) => panel(page).getByRole("heading", { level: 1, name: `shop.${name}` }).waitFor();
  const closed = (page) => panel(page).waitFor({ state: "detached" });
  const edge = (page) => page.getByRole("separator", { name: "Width of the issue" });
  const params = (page) => Object.fromEntries(new URL(page.url()).searchParams);
  const path = (page) => new URL(page.url()).pathname;
  const has = (page, locator, what) => until(what, () => locator.evaluate((one) => one === document.activeElement));
  const within = (page) => page.evaluate(() => document.activeElement?.closest("[data-panel]") !== null);
  const widthOf = async (page) => Math.round((await panel(page).boundingBox()).width);
  const noSidewaysScrolling = async (page) => {
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${page.url()} scrolls sideways`);
    assert.ok(await panel(page).evaluate((one) => one.scrollWidth <= one.clientWidth), `the panel of ${page.url()} scrolls sideways`);
  };

  test("a click opens it, with all that its page shows, and the list stays", () =>
    visit("/issues?q=env:prod&range=1w&sort=count", async (page) => {
      await row(page, "Refused").click();
      await opened(page, "Refused");
      await has(page, panel(page), "the panel has the focus");
      assert.equal(path(page), "/issues");
      assert.deepEqual(params(page), { q: "env:prod", range: "1w", sort: "count", issue: ids.Refused });
      assert.equal(await row(page, "Refused").getAttribute("aria-current"), "true");
      assert.equal(await list(page).locator("a[aria-current=true]").count(), 1);
      await panel(page).getByRole("tree").waitFor();
      await panel(page).getByText("1 of 3", { exact: true }).waitFor();
      await panel(page).getByRole("region", { name: "Lifecycle" }).waitFor();
      await panel(page).getByRole("region", { name: "Tag distribution" }).waitFor();
      await until("it is said", () => page.getByRole("status").filter({ hasText: /^shop\.Refused: refused again · Reenact$/ }).count());
      await expectNoAxeViolations(page);

      await row(page, "Broken").click();
      await opened(page, "Broken");
      assert.equal(params(page).issue, ids.Broken);
      await page.getByRole("checkbox", { name: /^Version 1\.1/ }).click();
      await page.waitForURL((url) => url.searchParams.get("q") === "env:prod version:1.1");
      assert.equal(params(page).issue, ids.Broken);
      await panel(page).getByText("Outside of this range").waitFor();
    }));

  test("what is looked at in it is in the address, after a reload and on the way back", () =>
    visit("/issues?tab=all", async (page) => {
      await row(page, "Missing").click();
      await opened(page, "Missing");
      await panel(page).getByText("1 of 3", { exact: true }).waitFor();
      await panel(page).getByRole("link", { name: "Older occurrence", exact: true }).click();
      await panel(page).getByText("2 of 3", { exact: true }).waitFor();
      const event = params(page)["issue.event"];
      assert.match(event, /^[0-9a-f]{32}$/);
      await panel(page).getByRole("link", { name: "Attributes" }).click();
      await page.waitForURL((url) => url.searchParams.get("issue.tab") === "attributes");
      assert.deepEqual(params(page), { tab: "all", issue: ids.Missing, "issue.event": event, "issue.tab": "attributes" });
      await page.reload();
      await opened(page, "Missing");
      await panel(page).getByText("2 of 3", { exact: true }).waitFor();
      assert.equal(await panel(page).getByRole("link", { name: "Attributes" }).getAttribute("aria-current"), "page");
      assert.equal(await page.evaluate(() => document.activeElement === document.body), true, "a page that is loaded leaves the focus alone");

      await panel(page).getByRole("link", { name: "Occurrences", exact: true }).click();
      await panel(page).getByRole("heading", { name: "Occurrences" }).waitFor();
      assert.equal(params(page)["issue.view"], "occurrences");
      assert.equal(params(page).tab, "all");
      await panel(page).getByRole("region", { name: "Tag distribution" }).getByRole("link", { name: /^north/ }).click();
      await panel(page).getByText("1 occurrence, last day").waitFor();
      assert.equal(params(page)["issue.q"], "@region:north");
      assert.equal(params(page).q, undefined);
      await list(page).getByText("4 issues", { exact: true }).waitFor();

      await page.goBack();
      await panel(page).getByText("3 occurrences, last day").waitFor();
      await page.goBack();
      await panel(page).getByText("2 of 3", { exact: true }).waitFor();
      await page.goBack();
      await panel(page).getByRole("tree").waitFor();
      await page.goBack();
      await panel(page).getByText("1 of 3", { exact: true }).waitFor();
      await page.goBack();
      await closed(page);
      assert.deepEqual(params(page), { tab: "all" });
      await page.goForward();
      await opened(page, "Missing");
    }));

  test("Back from it leads to the row, and to where one was in it", () =>
    visit("/issues", async (page) => {
      await row(page, "Missing").click();
      await opened(page, "Missing");
      await panel(page).getByRole("tree").waitFor();
      await panel(page).getByRole("region", { name: "Tag distribution" }).getByRole("link", { name: /^north/ }).scrollIntoViewIfNeeded();
      const top = await panel(page).evaluate((one) => one.scrollTop);
      assert.ok(top > 0);
      await page.keyboard.press("Shift+J");
      await opened(page, "Broken");
      assert.equal(await panel(page).evaluate((one) => one.scrollTop), 0);
      await page.goBack();
      await opened(page, "Missing");
      await until("it is where it was", async () => (await panel(page).evaluate((one) => one.scrollTop)) === top);
      await page.goBack();
      await closed(page);
      await has(page, row(page, "Missing"), "the row has the focus");
    }));

  test("its links are those of its page, for another tab of the browser", () =>
    visit("/issues", async (page) => {
      const other = async (locator) => {
        const [next] = await Promise.all([page.context().waitForEvent("page"), locator.click({ modifiers: ["ControlOrMeta"] })]);
        await next.waitForLoadState();
        const url = new URL(next.url());
        await next.close();
        return url.pathname;
      };
      assert.equal(await other(row(page, "Refused")), `/issues/${ids.Refused}`);
      assert.deepEqual(params(page), {});
      await row(page, "Refused").click();
      await opened(page, "Refused");
      assert.equal(await other(panel(page).getByRole("link", { name: "Activity" })), `/issues/${ids.Refused}/activity`);
      assert.equal(params(page).issue, ids.Refused);
    }));

  test("by keyboard: open, walk, a page and back, close", () =>
    visit("/issues", async (page) => {
      await row(page, "Timeout").waitFor();
      await page.keyboard.press("j");
      await page.keyboard.press("j");
      await has(page, row(page, "Refused"), "the second row has the focus");
      await page.keyboard.press("Enter");
      await opened(page, "Refused");
      await has(page, panel(page), "the panel has the focus");

      await page.keyboard.press("Shift+J");
      await opened(page, "Missing");
      assert.equal(await row(page, "Missing").getAttribute("aria-current"), "true");
      assert.ok(await within(page));
      await page.keyboard.press("Shift+K");
      await page.keyboard.press("Shift+K");
      await opened(page, "Timeout");
      await panel(page).getByText("1 of 4").waitFor();

      // Keys of the issue act where the focus is.
      await panel(page).getByRole("tree").waitFor();
      await page.keyboard.press("n");
      await panel(page).getByText("2 of 3", { exact: true }).waitFor();
      await page.keyboard.press("]");
      await page.waitForURL(/issue\.tab=/);
      await page.keyboard.press("h");
      await panel(page).getByRole("textbox", { name: /comment/i }).waitFor();
      assert.equal(params(page)["issue.view"], "activity");

      await page.keyboard.press("f");
      await page.waitForURL(`**/issues/${ids.Timeout}/activity?*`);
      await page.getByRole("navigation", { name: "Breadcrumb" }).waitFor();
      await page.keyboard.press("f");
      await opened(page, "Timeout");
      assert.equal(params(page)["issue.view"], "activity");
      await has(page, panel(page), "the panel has the focus again");

      await page.keyboard.press("Escape");
      await closed(page);
      await has(page, row(page, "Timeout"), "its row has the focus");
      assert.deepEqual(params(page), {});
      await until("the title is that of the list", async () => (await page.title()) === "Issues · Reenact");
      await page.keyboard.press("o");
      await page.waitForURL(`**/issues/${ids.Timeout}?*`);
      await page.goBack();
      await has(page, row(page, "Timeout"), "its row has the focus after the page");
    }));

  test("the list is used beside it, with its own keys", () =>
    visit("/issues", async (page) => {
      await row(page, "Timeout").click();
      await opened(page, "Timeout");
      await row(page, "Refused").focus();
      await page.keyboard.press("j");
      await has(page, row(page, "Missing"), "the next row has the focus");
      await page.keyboard.press("x");
      await page.getByRole("checkbox", { name: "Select shop.Missing", checked: true }).waitFor();
      assert.equal(params(page).issue, ids.Timeout);
      await page.keyboard.press("Escape");
      await page.getByRole("checkbox", { name: "Select shop.Missing", checked: false }).waitFor();
      await opened(page, "Timeout");
      await page.keyboard.press("Shift+J");
      await opened(page, "Refused");
      await has(page, row(page, "Refused"), "the focus in the list goes along");
      await page.keyboard.press("Enter");
      await has(page, panel(page), "Enter leads into what is open");
      // A field keeps its Escape: what was typed there is not lost with the panel.
      await panel(page).getByRole("tree").waitFor();
      await page.keyboard.press("v");
      await page.keyboard.type("order");
      await page.keyboard.press("Escape");
      await opened(page, "Refused");
      await panel(page).getByRole("button", { name: "Close the issue" }).click();
      await closed(page);
      await has(page, row(page, "Refused"), "its row has the focus");
    }));

  test("what leaves the list stays open, and the way through the list goes on", () =>
    visit("/issues", async (page) => {
      await row(page, "Broken").waitFor();
      await row(page, "Missing").click();
      await opened(page, "Missing");
      await page.keyboard.press("r");
      await row(page, "Missing").waitFor({ state: "detached" });
      await panel(page).getByText("Left this list of 3").waitFor();
      await panel(page).getByRole("group", { name: "State of the issue" }).getByText("Reviewed").waitFor();
      await page.keyboard.press("Shift+J");
      await opened(page, "Broken");
      await page.keyboard.press("u");
      await row(page, "Missing").waitFor();
      await panel(page).getByText("4 of 4").waitFor();
    }));

  test("as wide as the reader wants it, by pointer and by keyboard, also next time", () =>
    visit(`/issues?issue=${ids.Timeout}`, async (page) => {
      await opened(page, "Timeout");
      const first = await widthOf(page);
      assert.ok(Math.abs(first - 0.55 * (1440 - 56)) < 3, `${first} is 55 % of the page`);
      const { x, y, width } = await edge(page).boundingBox();
      await page.mouse.move(x + width / 2, y + 300);
      await page.mouse.down();
      await page.mouse.move(x + width / 2 + 150, y + 300, { steps: 4 });
      await page.mouse.up();
      const dragged = await widthOf(page);
      assert.ok(Math.abs(first - 150 - dragged) < 4, `${dragged} is 150 less than ${first}`);
      await tabTo(page, edge(page));
      await page.keyboard.press("ArrowLeft");
      const wider = await widthOf(page);
      assert.ok(wider > dragged);
      assert.equal(Number(await edge(page).getAttribute("aria-valuenow")), Math.round((wider / (1440 - 56)) * 100));
      await page.reload();
      await opened(page, "Timeout");
      assert.equal(await widthOf(page), wider);
      await tabTo(page, edge(page));
      await page.keyboard.press("End");
      assert.equal(await edge(page).getAttribute("aria-valuenow"), await edge(page).getAttribute("aria-valuemax"));
      await noSidewaysScrolling(page);
      await page.keyboard.press("Home");
      assert.equal(await edge(page).getAttribute("aria-valuenow"), await edge(page).getAttribute("aria-valuemin"));
      await noSidewaysScrolling(page);
      await edge(page).dblclick();
      assert.equal(await widthOf(page), first);
    }));

  test("over the list where there is no room beside it, and nothing else is reached then", () =>
    visit("/issues", async (page) => {
      await row(page, "Missing").click();
      await opened(page, "Missing");
      assert.equal(await row(page, "Timeout").evaluate((one) => one.closest("[inert]") !== null), true, "what is covered cannot be used");
      await expectNoAxeViolations(page);
      await noSidewaysScrolling(page);
      for (let i = 0; i < 60; i++) {
        await page.keyboard.press("Tab");
        assert.equal(await page.evaluate(() => document.activeElement.closest(".top, .results, aside[aria-label=Filters]")), null);
      }
      await page.keyboard.press("Escape");
      await closed(page);
      await has(page, row(page, "Missing"), "its row has the focus");
      await page.keyboard.press("Enter");
      await opened(page, "Missing");
      await page.mouse.click(120, 500);
      await closed(page);
      await row(page, "Missing").click();
      await opened(page, "Missing");
      await page.keyboard.press("/");
      await closed(page);
      await has(page, page.getByRole("combobox", { name: "Search issues" }), "the search has the focus");
    }, { viewport: { width: 1024, height: 800 } }));

  test("a page on a telephone, also for who opens a link to the panel there", () =>
    visit("/issues", async (page) => {
      await row(page, "Missing").click();
      await page.waitForURL(`**/issues/${ids.Missing}?range=1d`);
      await page.getByRole("heading", { name: "shop.Missing" }).waitFor();
      await page.goto(`/issues?q=env:prod&issue=${ids.Missing}&issue.view=activity`);
      await page.waitForURL(`**/issues/${ids.Missing}/activity?*`);
      await page.getByRole("heading", { name: "shop.Missing" }).waitFor();
      assert.equal(await panel(page).count(), 0);
      await expectNoAxeViolations(page);
    }, { viewport: { width: 390, height: 844 } }));

  test("one that is not there, nothing that matches, and a server that fails", () =>
    visit(`/issues?issue=${"0".repeat(16)}`, async (page) => {
      await panel(page).getByText("There is no such issue").first().waitFor();
      await expectNoAxeViolations(page);
      await page.goto(`/issues?issue=${ids.Missing}&issue.view=occurrences&issue.q=env:nowhere`);
      await panel(page).getByText("No occurrence matches").waitFor();
      await panel(page).getByRole("button", { name: "Clear the search" }).click();
      await panel(page).getByText("3 occurrences, last day").waitFor();
      await list(page).getByText("4 issues", { exact: true }).waitFor();
      const ISSUE = `**/api/v1/issues/${ids.Refused}?*`;
      await page.route(ISSUE, (route) => route.fulfill({ status: 500, json: { error: { code: "internal", message: "it broke", request_id: "req-1" } } }));
      await row(page, "Refused").click();
      await panel(page).getByText("The issue could not be loaded").waitFor();
      await row(page, "Timeout").waitFor();
      await page.unroute(ISSUE);
      await panel(page).getByRole("button", { name: "Try again" }).click();
      await opened(page, "Refused");
    }));

  for (const colorScheme of ["light", "dark"]) {
    for (const width of [1440, 1280, 1024, 768]) {
      test(`accessible and without sideways scrolling: ${colorScheme}, ${width}`, () =>
        visit(`/issues?q=env:prod&issue=${ids.Missing}`, async (page) => {
          await panel(page).getByRole("tree").waitFor();
          const look = async (name) => {
            await expectNoAxeViolations(page);
            await noSidewaysScrolling(page);
            await shot(page, `${name}-${colorScheme}-${width}`);
          };
          await look("occurrence");
          for (const [part, text] of [["Occurrences", "3 occurrences"], ["Correlations", /correlation/i], ["Similar", /similar|resemble|alike/i], ["Grouping", /group/i], ["Activity", /first seen|came|comment/i]]) {
            await panel(page).getByRole("navigation", { name: "Parts of the issue" }).getByRole("link", { name: part, exact: true }).click();
            await panel(page).getByText(text).last().waitFor();
            await look(part.toLowerCase());
          }
        }, { colorScheme, viewport: { width, height: 900 } }));
    }
  }
});
