// A day's triage: from the list to resolved, and what comes back. By keyboard only, unless it says otherwise.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { expectNoAxeViolations, expectNoTrouble, launch, openPage, tabTo, visit as visitPage } from "./lib/browser.js";
import { int, sendError } from "./lib/send.js";
import { api, startServer, until } from "./lib/server.js";

const MINUTE = 60_000;
const NAMES = ["Timeout", "Refused", "Missing", "Broken", "Stale"];

/** One error of the issue with that name. The list shows them in the order of `NAMES`. */
const raise = (server, name, more = {}) =>
  sendError(server.agent, {
    type: `shop.${name}`, message: `${name.toLowerCase()} again`, at: Date.now() - (NAMES.indexOf(name) + 1) * MINUTE,
    frames: [{ function: `on_${name.toLowerCase()}`, file: `/srv/shop/${name.toLowerCase()}.py`, line: 12, code: "raise", values: { locals: { tries: int(3) } } }],
    ...more,
  });

const issueOf = async (server, name) => {
  const { issues } = await api(server, `/issues?query=error.type:shop.${name}&from=now-1d`);
  return api(server, `/issues/${issues[0].id}`);
};
/** Until the server has the issue in this state. */
const stands = (server, name, state) => until(`${name} is ${state}`, async () => (await issueOf(server, name)).status.state === state);

async function begin() {
  const [server, browser] = await Promise.all([startServer(), launch()]);
  for (const name of NAMES) await raise(server, name);
  await until("all issues are there, with their values", async () => {
    const { issues } = await api(server, "/issues?from=now-1d");
    return issues.length === NAMES.length && issues.every((one) => one.has_values);
  });
  return { server, browser };
}

const row = (page, name) => page.getByRole("link", { name: new RegExp(`shop\\.${name}`) });
const tab = (page, name, count) => page.getByRole("navigation", { name: "Issues by state" }).getByRole("link", { name: count === undefined ? new RegExp(`^${name}`) : `${name} ${count}`, exact: count !== undefined });
const toast = (page, text) => page.getByRole("region", { name: "Messages" }).getByText(text);
const focused = (page, locator) => until("the focus is there", () => locator.evaluateAll((all) => all.some((e) => e === document.activeElement)));
/** Presses `j` until the row has the focus. */
async function walkTo(page, name) {
  await row(page, name).waitFor();
  for (let i = 0; i < 20; i++) {
    if (await row(page, name).evaluate((link) => link === document.activeElement)) return;
    await page.keyboard.press(i === 0 ? "k" : "j");
  }
  assert.fail(`j does not lead to ${name}`);
}

describe("a day's triage by keyboard", () => {
  let server;
  let browser;
  before(async () => { ({ server, browser } = await begin()); });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });
  const visit = (path, task, options = {}) => visitPage(browser, server, path, options, task);

  test("open an issue, resolve it, take it back, ignore it for a while", () =>
    visit("/issues", async (page) => {
      await tab(page, "For review", 5).waitFor();
      await walkTo(page, "Timeout");
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "shop.Timeout" }).waitFor();
      const standing = page.getByRole("group", { name: "State of the issue" });
      await standing.getByText("For review").waitFor();

      await page.keyboard.press("e");
      await toast(page, "Resolved: shop.Timeout").waitFor();
      await standing.getByText("Resolved").waitFor();
      await page.getByText(/^Resolved: an event of a version that did not have it/).waitFor();
      await stands(server, "Timeout", "resolved");

      await page.keyboard.press("u");
      await toast(page, /^Undone: Resolved/).waitFor();
      await standing.getByText("For review").waitFor();
      await stands(server, "Timeout", "for_review");

      await page.keyboard.press("i");
      const dialog = page.getByRole("dialog", { name: "Ignore" });
      await dialog.waitFor();
      await expectNoAxeViolations(page);
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Tab");
      await page.keyboard.press("Control+A");
      await page.keyboard.type("2");
      await page.keyboard.press("Enter");
      await dialog.waitFor({ state: "detached" });
      await page.getByText(/^Ignored until 2 more events \(0 events seen so far\)/).waitFor();
      await stands(server, "Timeout", "ignored");
    }));

  test("what was ignored until more events comes back with them", async () => {
    await raise(server, "Timeout", { at: Date.now() });
    await until("one event is counted", async () => (await issueOf(server, "Timeout")).status.ignore?.events_seen === 1);
    await visit("/issues?tab=ignored", async (page) => {
      await row(page, "Timeout").waitFor();
      await walkTo(page, "Timeout");
      await page.keyboard.press("o");
      await page.getByText(/1 event seen so far/).waitFor();
      await tabTo(page, page.getByRole("navigation", { name: "Breadcrumb" }).getByRole("link", { name: "Issues" }));
      await page.keyboard.press("Enter");
      await page.waitForURL(/\/issues\?.*tab=ignored/);
    });
    await raise(server, "Timeout", { at: Date.now() });
    await stands(server, "Timeout", "for_review");
    await visit("/issues", async (page) => {
      await tab(page, "For review", 5).waitFor();
      await row(page, "Timeout").waitFor();
    });
  });

  test("assign by name from the list, which reviews; the name is offered the next time", () =>
    visit("/issues", async (page) => {
      await walkTo(page, "Refused");
      await page.keyboard.press("a");
      const dialog = page.getByRole("dialog", { name: "Assign" });
      await dialog.getByRole("combobox", { name: "Name" }).waitFor();
      await page.keyboard.type("Ada Lovelace");
      await page.keyboard.press("Enter");
      await toast(page, "Assigned to Ada Lovelace: shop.Refused").waitFor();
      await tab(page, "Reviewed", 1).waitFor();
      await row(page, "Refused").waitFor({ state: "detached" });
      await focused(page, row(page, "Missing"));

      await page.keyboard.press("]");
      await page.waitForURL(/tab=reviewed/);
      await page.getByRole("row").filter({ has: row(page, "Refused") }).getByText("Ada Lovelace").waitFor();
      await walkTo(page, "Refused");
      await page.keyboard.press("Shift+A");
      await toast(page, "Assigned to local admin: shop.Refused").waitFor();
      await page.keyboard.press("u");
      await page.getByRole("row").filter({ has: row(page, "Refused") }).getByText("Ada Lovelace").waitFor();
      await page.keyboard.press("/");
      await page.keyboard.type("assignee:ada");
      await page.getByRole("option", { name: /Ada Lovelace\s*1 issue/ }).waitFor();
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
      await page.keyboard.press("Enter");
      await page.waitForURL(/q=assignee/);
      await row(page, "Refused").waitFor();
      await page.goBack();
      await page.waitForURL((url) => !url.searchParams.has("q"));
      await page.keyboard.press("Escape");
      await page.keyboard.press("[");
      await page.waitForURL((url) => !url.searchParams.has("tab"));

      await walkTo(page, "Missing");
      await page.keyboard.press("a");
      await page.keyboard.type("ada");
      await page.getByRole("option", { name: /Ada Lovelace/ }).waitFor();
      await expectNoAxeViolations(page);
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
      await toast(page, "Assigned to Ada Lovelace: shop.Missing").waitFor();
      await page.keyboard.press("u");
      await row(page, "Missing").waitFor();
    }));

  test("comment, find it in the activity, delete it again", () =>
    visit("/issues", async (page) => {
      await walkTo(page, "Missing");
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "shop.Missing" }).waitFor();
      await page.keyboard.press("c");
      await page.waitForURL(/issue\.view=activity/);
      await page.keyboard.type("**Known**: see `missing.py` <img src=x onerror=alert(1)>");
      await page.keyboard.press("Control+Enter");
      const activity = page.getByRole("region", { name: "Activity" });
      const entry = activity.getByRole("listitem").filter({ hasText: "commented" });
      await entry.locator("strong").filter({ hasText: "Known" }).waitFor();
      await entry.getByText("<img src=x onerror=alert(1)>").waitFor();
      assert.equal(await page.locator("main img").count(), 0);
      assert.equal(await page.getByRole("textbox", { name: "Comment" }).inputValue(), "");
      await activity.getByText(/saw it for the first time/).waitFor();
      await expectNoAxeViolations(page);
      await tabTo(page, entry.getByRole("button", { name: "Delete the comment" }));
      await page.keyboard.press("Enter");
      await page.getByRole("dialog", { name: "Delete this comment?" }).waitFor();
      await expectNoAxeViolations(page);
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      await entry.waitFor({ state: "detached" });
      await page.keyboard.press("h");
      await page.getByRole("tree").waitFor();
    }));

  test("several at once: select a range, resolve, take it back as one", () =>
    visit("/issues", async (page) => {
      await walkTo(page, "Missing");
      await page.keyboard.press("x");
      await page.keyboard.press("j");
      await page.keyboard.press("j");
      await page.keyboard.press("Shift+X");
      const bar = page.getByRole("region", { name: "Selected issues" });
      await bar.getByText("3 selected").waitFor();
      await expectNoAxeViolations(page);
      await page.keyboard.press("e");
      await toast(page, "Resolved: 3 issues").waitFor();
      await tab(page, "Resolved", 3).waitFor();
      await bar.waitFor({ state: "detached" });
      await page.keyboard.press("u");
      await toast(page, /^Undone: Resolved: 3 issues/).waitFor();
      await tab(page, "Resolved", 0).waitFor();
    }));

  test("two are merged, and come apart again with undo", () =>
    visit("/issues", async (page) => {
      await tab(page, "For review", 4).waitFor();
      await walkTo(page, "Missing");
      await page.keyboard.press("x");
      await page.keyboard.press("j");
      await page.keyboard.press("x");
      const bar = page.getByRole("region", { name: "Selected issues" });
      await bar.getByText("2 selected").waitFor();
      await bar.getByRole("button", { name: "Merge" }).waitFor();
      await page.keyboard.press("m");
      await toast(page, /^Merged into shop\.(Missing|Broken): 1 issue$/).waitFor();
      await tab(page, "For review", 3).waitFor();
      await page.keyboard.press("u");
      await toast(page, /^Undone: Merged into/).waitFor();
      await tab(page, "For review", 4).waitFor();
      await row(page, "Missing").waitFor();
      await row(page, "Broken").waitFor();
    }));

  test("a rule is previewed before it is in force", () =>
    visit("/settings/grouping", async (page) => {
      await page.getByText("No rules").waitFor();
      await page.keyboard.press("a");
      await tabTo(page, page.getByRole("textbox", { name: "Name" }));
      await page.keyboard.type("all of the shop");
      await page.keyboard.press("Tab");
      await page.keyboard.type("service:shop");
      await page.keyboard.press("Tab");
      await page.keyboard.type("shop");
      await tabTo(page, page.getByRole("button", { name: "Preview" }));
      await page.keyboard.press("Enter");
      await page.getByText("5 issues would become 1, 1 issue would have events of several of today's").waitFor();
      await expectNoAxeViolations(page);
      await tabTo(page, page.getByRole("button", { name: "Discard" }));
      await page.keyboard.press("Enter");
      await page.getByText("No rules").waitFor();
      assert.equal((await api(server, "/grouping/rules")).rules.length, 0);
    }));

  test("all that match are asked about, with the search repeated", () =>
    visit("/issues?q=again", async (page) => {
      await walkTo(page, "Missing");
      await page.keyboard.press("x");
      const bar = page.getByRole("region", { name: "Selected issues" });
      await tabTo(page, bar.getByRole("button", { name: /^Select all \d+ matching/ }), 300);
      await page.keyboard.press("Enter");
      await bar.getByText("All 4 issues that match").waitFor();
      await page.keyboard.press("r");
      const dialog = page.getByRole("dialog", { name: "Mark 4 issues as reviewed?" });
      await dialog.getByText("again").waitFor();
      await dialog.getByText(/under For review, last day/).waitFor();
      await expectNoAxeViolations(page);
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      await toast(page, "Reviewed: 4 issues").waitFor();
      await page.getByText("No issues match").waitFor();
      await page.getByRole("link", { name: "5 issues under All" }).waitFor();
      await page.keyboard.press("u");
      await tab(page, "For review", 4).waitFor();
    }));

  test("resolved in this version, back with a newer one as a regression", () =>
    visit("/issues", async (page) => {
      await walkTo(page, "Broken");
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "shop.Broken" }).waitFor();
      await tabTo(page, page.getByRole("button", { name: "Resolve in a version" }));
      await page.keyboard.press("ArrowDown");
      await page.getByRole("menuitem", { name: "Resolve in this version" }).waitFor();
      await page.keyboard.press("Enter");
      await page.getByText(/^Resolved in version 1\.2\.3/).waitFor();

      await raise(server, "Broken", { version: "1.3.0", at: Date.now() });
      await stands(server, "Broken", "for_review");
      await page.keyboard.press("g");
      await page.keyboard.press("i");
      await page.getByRole("row").filter({ has: row(page, "Broken") }).getByText("Regression").waitFor();
      await walkTo(page, "Broken");
      await page.keyboard.press("Enter");
      const banner = page.locator("p").filter({ hasText: /It was resolved and came back/ });
      await banner.getByText("1.3.0").waitFor();
      await expectNoAxeViolations(page);
      await page.keyboard.press("h");
      const entry = page.getByRole("listitem").filter({ hasText: "reopened it as a regression" });
      await entry.getByText(/regression in version 1\.3\.0/).waitFor();
      await tabTo(page, entry.getByRole("link", { name: "Show the event" }));
      await page.keyboard.press("Enter");
      await page.getByRole("tree").waitFor();
    }));

  test("exclude says what it does before it does it", () =>
    visit("/issues", async (page) => {
      await walkTo(page, "Stale");
      await tabTo(page, page.getByRole("row").filter({ has: row(page, "Stale") }).getByRole("button", { name: /change the state/ }));
      await page.keyboard.press("Enter");
      await page.getByRole("menuitem", { name: "Exclude…" }).waitFor();
      await expectNoAxeViolations(page);
      for (let i = 0; i < 12; i++) {
        if (await page.getByRole("menuitem", { name: "Exclude…" }).evaluate((item) => item === document.activeElement)) break;
        await page.keyboard.press("ArrowDown");
      }
      await page.keyboard.press("Enter");
      const dialog = page.getByRole("dialog", { name: "Exclude this issue?" });
      await dialog.getByText(/thrown away/).waitFor();
      await expectNoAxeViolations(page);
      await page.keyboard.press("Escape");
      await dialog.waitFor({ state: "detached" });
      await stands(server, "Stale", "for_review");
    }));

  test("everything looked after is a calm page, and the tabs are in the address", async () => {
    const { issues } = await api(server, "/issues?from=now-1d");
    await api(server, "/issues/bulk", { method: "POST", body: { ids: issues.map((one) => one.id), change: { state: "resolved" } } });
    await visit("/issues", async (page) => {
      await page.getByText("Nothing to review").waitFor();
      await expectNoAxeViolations(page);
      await page.getByRole("link", { name: "Show all 5" }).waitFor();
      for (const [name, address] of [["Reviewed", "reviewed"], ["Resolved", "resolved"], ["Ignored", "ignored"], ["All", "all"]]) {
        await page.keyboard.press("]");
        await page.waitForURL((url) => url.searchParams.get("tab") === address);
        assert.equal(await tab(page, name).getAttribute("aria-current"), "page");
      }
      await row(page, "Stale").waitFor();
      await page.goBack();
      await page.waitForURL(/tab=ignored/);
      await page.reload();
      await page.getByText("No issues match").waitFor();
    });
  });
});

describe("when a change does not go through", () => {
  let server;
  let browser;
  before(async () => { ({ server, browser } = await begin()); });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  async function visit(path, task) {
    const view = await openPage(browser, server);
    await view.page.goto(path);
    await task(view.page);
    await expectNoTrouble(view);
    await view.close();
  }

  test("what somebody else changed meanwhile is not overwritten unasked", async () => {
    const { id } = await issueOf(server, "Timeout");
    await visit(`/issues/${id}`, async (page) => {
      const standing = page.getByRole("group", { name: "State of the issue" });
      await standing.getByText("For review").waitFor();
      await api(server, `/issues/${id}`, { method: "PATCH", body: { state: "ignored" } });
      await page.keyboard.press("e");
      await page.getByRole("alert").filter({ hasText: "somebody else changed shop.Timeout meanwhile" }).waitFor();
      await standing.getByText("Ignored").waitFor();
      await expectNoAxeViolations(page);
      await page.getByRole("button", { name: "Change it all the same" }).click();
      await standing.getByText("Resolved").waitFor();
    });
  });

  test("without a server nothing is lost: the change can be tried again, the comment stays", async () => {
    const { id } = await issueOf(server, "Refused");
    await visit(`/issues/${id}`, async (page) => {
      await page.getByRole("tree").waitFor();
      const API = "**/api/v1/issues/**";
      await page.route(API, (route) => (route.request().method() === "GET" ? route.continue() : route.abort("connectionrefused")));
      await page.keyboard.press("r");
      const alert = page.getByRole("alert").filter({ hasText: "Not done (Mark shop.Refused as reviewed)" });
      await alert.waitFor();
      await page.keyboard.press("c");
      await page.getByRole("textbox", { name: "Comment" }).waitFor();
      await page.keyboard.type("worth keeping");
      await page.keyboard.press("Control+Enter");
      await page.getByText(/Not sent: .*What you typed is still here/).waitFor();
      await page.keyboard.press("Escape");
      await page.keyboard.press("h");
      await page.getByRole("tree").waitFor();
      await page.keyboard.press("c");
      assert.equal(await page.getByRole("textbox", { name: "Comment" }).inputValue(), "worth keeping");
      await page.unroute(API);
      await page.keyboard.press("Control+Enter");
      await page.getByRole("listitem").filter({ hasText: "worth keeping" }).waitFor();
      await page.getByRole("button", { name: "Try again" }).click();
      await stands(server, "Refused", "reviewed");
    });
  });

  test("a message goes by itself, but not while somebody rests on it", async () => {
    await visit("/issues", async (page) => {
      await page.clock.install();
      await walkTo(page, "Missing");
      await page.keyboard.press("r");
      await toast(page, "Reviewed: shop.Missing").waitFor();
      await toast(page, "Reviewed: shop.Missing").hover();
      await page.clock.fastForward(20_000);
      await toast(page, "Reviewed: shop.Missing").waitFor();
      await page.mouse.move(700, 300);
      await page.clock.fastForward(9_000);
      await toast(page, "Reviewed: shop.Missing").waitFor({ state: "detached" });
    });
  });

  test("by mouse: boxes, a range with Shift, the bar", () =>
    visit("/issues?tab=all", async (page) => {
      await page.getByRole("checkbox", { name: "Select shop.Refused" }).click();
      await page.getByRole("checkbox", { name: "Select shop.Broken" }).click({ modifiers: ["Shift"] });
      const bar = page.getByRole("region", { name: "Selected issues" });
      await bar.getByText("3 selected").waitFor();
      await bar.getByRole("button", { name: "Ignore" }).click();
      await page.getByRole("menuitem", { name: "Ignore for ever" }).click();
      await toast(page, "Ignored for ever: 3 issues").waitFor();
      await tab(page, "Ignored", 3).waitFor();
      await page.getByRole("region", { name: "Messages" }).getByRole("button", { name: /^Undo/ }).click();
      await tab(page, "Ignored", 0).waitFor();
    }));

  for (const colorScheme of ["light", "dark"]) {
    for (const width of [1440, 1024, 390, 320]) {
      test(`accessible and without sideways scrolling: ${colorScheme}, ${width}`, () =>
        visitPage(browser, server, "/issues?tab=all", { colorScheme, viewport: { width, height: 844 } }, async (page) => {
          const look = async () => {
            await expectNoAxeViolations(page);
            assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${page.url()} scrolls sideways`);
          };
          await page.getByRole("checkbox", { name: "Select shop.Stale" }).click();
          await page.getByRole("row").filter({ has: row(page, "Stale") }).getByRole("button", { name: /change the state/ }).click();
          await page.getByRole("menuitem").first().waitFor();
          await look();
          await page.keyboard.press("Escape");
          await row(page, "Stale").click();
          await page.getByRole("tree").waitFor();
          await page.getByRole("button", { name: "Ignore until" }).click();
          await page.getByRole("menuitem").first().waitFor();
          await look();
          await page.keyboard.press("Escape");
          await page.getByRole("link", { name: "Activity", exact: true }).click();
          await page.getByText(/saw it for the first time/).waitFor();
          await look();
        }));
    }
  }
});

test("what was changed again since is not undone, and said to be so", async () => {
  const { server, browser } = await begin();
  try {
    await visitPage(browser, server, "/issues", {}, async (page) => {
      await walkTo(page, "Missing");
      await page.keyboard.press("x");
      await page.keyboard.press("j");
      await page.keyboard.press("x");
      await page.keyboard.press("r");
      await toast(page, "Reviewed: 2 issues").waitFor();
      const { id } = await issueOf(server, "Missing");
      await api(server, `/issues/${id}`, { method: "PATCH", body: { state: "resolved" } });
      await page.keyboard.press("u");
      await toast(page, /^Undone: Reviewed: 2 issues\. 1 issue was changed again since and stays so/).waitFor();
      await page.keyboard.press("u");
      await toast(page, "There is nothing to undo").waitFor();
      await page.goto(`/issues/${id}/activity`);
      const activity = page.getByRole("region", { name: "Activity" });
      await tabTo(page, activity.getByRole("button", { name: /^Undo: resolved it/ }));
      await page.keyboard.press("Enter");
      await toast(page, "Undone for 1 issue").waitFor();
      await activity.getByRole("listitem").filter({ hasText: "resolved it" }).getByText("undone", { exact: true }).waitFor();
      await stands(server, "Missing", "reviewed");
    });
  } finally {
    await browser.close();
    await server.stop();
  }
});

test("who may not change issues sees where they stand, and is told", async () => {
  const [server, browser] = await Promise.all([startServer({ env: { REENACT_ACCESS_LOCAL_ADMIN: "values" } }), launch()]);
  try {
    await raise(server, "Missing");
    await until("the issue is there", async () => (await api(server, "/issues?from=now-1d")).total === 1);
    await visitPage(browser, server, "/issues", {}, async (page) => {
      await row(page, "Missing").waitFor();
      await page.getByRole("cell", { name: "For review" }).waitFor();
      assert.equal(await page.getByRole("table").getByRole("checkbox").count(), 0);
      assert.equal(await page.getByRole("button", { name: /change the state/ }).count(), 0);
      await walkTo(page, "Missing");
      await page.keyboard.press("e");
      await toast(page, /has no permission to change issues/).waitFor();
      await page.keyboard.press("Enter");
      await page.getByRole("group", { name: "State of the issue" }).getByText("For review").waitFor();
      await page.keyboard.press("h");
      await page.getByText(/saw it for the first time/).waitFor();
      assert.equal(await page.getByRole("textbox", { name: "Comment" }).count(), 0);
      await expectNoAxeViolations(page);
    });
  } finally {
    await browser.close();
    await server.stop();
  }
});
