// An operator's task: a rule of the scanner, tried on what is there, in force for what comes, and for what is stored.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { expectNoAxeViolations, expectNoTrouble, launch, openPage, tabTo, visit as visitPage } from "./lib/browser.js";
import { dict, object, sendError, str } from "./lib/send.js";
import { api, startServer, until } from "./lib/server.js";

const IMAGE = "<img src=x onerror=alert(1)>";
const frames = (order) => [
  {
    function: "place", file: "/srv/shop/orders.py", line: 31, code: "raise OrderError(order.number)",
    values: { arguments: { order: object("Order", { number: str(order), note: str(IMAGE) }) }, locals: { password: str("hunter2"), headers: dict({ "X-Token": str("abc") }) } },
  },
];
const send = (server, order, more = {}) => sendError(server.agent, { type: "shop.OrderError", message: `order ${order} was refused`, frames: frames(order), ...more });
const noSidewaysScrolling = async (page) => assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${page.url()} scrolls sideways`);

async function events(server, count) {
  return until(`${count} events have their values`, async () => {
    const { issues } = await api(server, "/issues?from=now-1d");
    if (issues.length === 0) return null;
    const found = await api(server, `/issues/${issues[0].id}/events?from=now-1d&has_values=true`);
    return found.total === count ? { issue: issues[0].id, events: found.events } : null;
  });
}

describe("settings", () => {
  let server;
  let browser;

  before(async () => {
    [server, browser] = await Promise.all([startServer(), launch()]);
    await send(server, "ORD-4711", { at: Date.now() - 60_000 });
    await events(server, 1);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const visit = (path, options, task) => visitPage(browser, server, path, options, task);

  test("a rule is written, tried, switched on, hits what comes, and what is stored", () =>
    visit("/issues", { permissions: ["clipboard-read", "clipboard-write"] }, async (page) => {
      await page.getByRole("link", { name: /OrderError/ }).first().waitFor();
      await page.keyboard.press("g");
      await page.keyboard.press("s");
      await page.getByRole("heading", { name: "Redaction", exact: true }).waitFor();
      await page.getByRole("link", { name: "Sensitive Data Scanner" }).click();
      await page.getByText("No groups yet").waitFor();
      await expectNoAxeViolations(page);

      await page.keyboard.press("a");
      await page.getByRole("textbox", { name: "Name" }).fill("Orders");
      await page.getByRole("textbox", { name: "Which data" }).fill("service:shop words");
      await page.getByRole("button", { name: "Add the group" }).click();
      await page.getByText("words are not searched here").waitFor();
      await page.getByRole("textbox", { name: "Which data" }).fill("service:shop");
      await page.getByRole("button", { name: "Add the group" }).click();

      // A new group goes on with its first rule; the server says where a pattern is wrong.
      await page.getByRole("heading", { name: "New rule in Orders" }).waitFor();
      await page.getByRole("textbox", { name: "Name" }).fill("Order numbers");
      const pattern = page.getByRole("textbox", { name: "Regular expression" });
      await pattern.fill("ORD-(\\d+");
      await page.getByText(/unclosed group/).waitFor();
      assert.equal(await page.locator(".at .wrong").innerText(), "(");
      await pattern.fill("ORD-\\d+");
      await page.getByText("The server understands this rule").waitFor();
      const priority = page.getByRole("spinbutton", { name: /^Priority/ });
      for (const typed of ["300", "2e", ""]) {
        await priority.fill("");
        await priority.pressSequentially(typed);
        await page.getByText("This is a whole number from 0 to 255").waitFor();
        await page.getByRole("button", { name: "Add the rule" }).click();
      }
      await expectNoAxeViolations(page);
      assert.deepEqual((await api(server, "/scanner/groups")).groups[0].rules ?? [], []);
      await priority.fill("100");
      await page.getByText("The server understands this rule").waitFor();

      await page.getByRole("textbox", { name: "Text to try the rules on" }).fill(`pay ORD-1 ${IMAGE}`);
      await page.keyboard.press("Control+Enter");
      await page.locator("[data-before] mark").getByText("ORD-1").waitFor();
      await page.locator("[data-after]").getByText("redacted").waitFor();
      await page.getByRole("button", { name: "The last events" }).click();
      await page.getByRole("button", { name: "Try it" }).click();
      await page.getByText("values.arguments.order.number").first().waitFor();
      await expectNoAxeViolations(page);

      // What is not saved is not lost by accident.
      await page.keyboard.press("Escape");
      await page.getByRole("heading", { name: "Leave without saving?" }).waitFor();
      await page.getByRole("button", { name: "Stay" }).click();
      assert.equal(await pattern.inputValue(), "ORD-\\d+");
      await page.getByRole("button", { name: "Add the rule" }).click();
      await page.getByText('The rule "Order numbers" is added.').waitFor();
      await page.getByRole("switch", { name: "Rule Order numbers", checked: true }).waitFor();

      // The next event carries the mark, with the name of the rule and the way to it.
      await send(server, "ORD-4712");
      const { issue } = await events(server, 2);
      await page.goto(`/issues/${issue}`);
      await page.getByRole("treeitem", { name: /^order/ }).click();
      await page.getByRole("treeitem", { name: /^number str/ }).getByRole("link", { name: "redacted: Order numbers" }).waitFor();
      await page.getByRole("treeitem", { name: /^password str\s*redacted: name "password"/ }).waitFor();
      assert.doesNotMatch(await page.locator("main").innerText(), /ORD-4712/);
      assert.equal(await page.locator("main img").count(), 0);
      await page.keyboard.press("m");
      const markdown = await until("Markdown is copied", () => page.evaluate(() => navigator.clipboard.readText()));
      assert.match(markdown, /\[redacted: Order numbers\]/);
      assert.match(markdown, /‹redacted: name "password"›/);

      await page.getByRole("link", { name: "redacted: Order numbers" }).first().click();
      await page.getByRole("heading", { name: "Rule: Order numbers" }).waitFor();
      await page.keyboard.press("Escape");
      await page.waitForURL((url) => !url.searchParams.has("rule"));
      await until("the hits are shown", async () => {
        await page.reload();
        await page.getByRole("switch", { name: "Rule Order numbers" }).waitFor();
        return (await page.locator("li", { hasText: "Order numbers" }).locator(".hits strong").count()) > 0;
      });
      await page.keyboard.press("h");
      await page.waitForURL(/range=7d/);

      // What is stored already, after asking once.
      await page.goto("/settings/scrub");
      await page.getByText("Nothing was scrubbed yet").waitFor();
      await page.getByRole("button", { name: "Scrub everything…" }).click();
      await page.getByRole("button", { name: "Scrub", exact: true }).click();
      await page.getByText("Done", { exact: true }).waitFor();
      await page.getByRole("list", { name: "Changes by rule" }).getByRole("link", { name: "Order numbers" }).waitFor();
      await expectNoAxeViolations(page);
      const all = await events(server, 2);
      for (const event of all.events) assert.doesNotMatch(JSON.stringify(await api(server, `/events/${event.id}`)), /ORD-471/);

      // Deleted once asked, and a link to it says so.
      await page.goto("/settings/scanner");
      const href = await page.getByRole("link", { name: "Order numbers" }).getAttribute("href");
      await page.getByRole("button", { name: "Delete rule Order numbers" }).click();
      await page.getByRole("button", { name: "Delete", exact: true }).click();
      await page.getByText('The rule "Order numbers" is deleted.').waitFor();
      await page.goto(href);
      await page.getByRole("heading", { name: "This rule is not here any more" }).waitFor();
      await page.getByText("Close", { exact: true }).click();

      await page.goto("/settings/audit");
      await page.getByRole("combobox", { name: "What" }).selectOption("scrub.started");
      await page.getByRole("cell", { name: /started scrubbing/ }).waitFor();
      await page.getByRole("combobox", { name: "What" }).selectOption("values.viewed");
      await page.getByRole("link", { name: /^event / }).first().click();
      await page.getByRole("heading", { name: "shop.OrderError" }).first().waitFor();
    }));

  test("rules of the library are added several at a time", async () => {
    const group = await api(server, "/scanner/groups", { method: "POST", body: { name: "Library", enabled: true, query: "" } });
    await visit(`/settings/scanner?library=${group.id}`, {}, async (page) => {
      await page.getByRole("searchbox", { name: "Search the library" }).fill("card");
      await page.getByRole("checkbox", { name: /payment_card/ }).check();
      await page.getByRole("searchbox", { name: "Search the library" }).fill("jwt");
      await page.getByRole("checkbox", { name: /jwt/ }).check();
      await page.getByRole("button", { name: "Add 2 rules" }).click();
      await page.getByRole("link", { name: "JSON Web Token" }).waitFor();
      await page.getByText("library: payment_card").waitFor();
    });
  });

  test("settings that somebody else changed meanwhile are put together, by keyboard", () =>
    visit("/settings/redaction", {}, async (page) => {
      const { version } = await api(server, "/redaction");
      const names = page.getByRole("textbox", { name: "Add to redacted names" });
      await names.waitFor();
      await tabTo(page, names);
      await page.keyboard.type("mine_key");
      await page.keyboard.press("Enter");
      await page.getByText("1 unsaved change").waitFor();
      await page.getByRole("textbox", { name: "Text to try the rules on" }).fill("mine_key=Sommer");
      await page.keyboard.press("Control+Enter");
      await page.locator("[data-before] mark").getByText("Sommer").waitFor();

      await api(server, "/redaction", { method: "PUT", body: { version, settings: { project: { identifiers: ["their_key"] } } } });
      await page.keyboard.press("Control+s");
      await page.getByText("Somebody changed these settings meanwhile.").waitFor();
      await expectNoAxeViolations(page);
      await page.getByRole("button", { name: /Load them again/ }).click();
      await page.getByText("their_key").waitFor();
      await page.getByText("mine_key", { exact: true }).waitFor();

      // Back does not lose it either.
      await page.getByRole("link", { name: "Audit log" }).click();
      await page.getByRole("button", { name: "Stay" }).click();
      await page.keyboard.press("Control+s");
      await page.getByText(/Saved as version/).waitFor();
      assert.deepEqual((await api(server, "/redaction")).settings.project.identifiers, ["their_key", "mine_key"]);
    }));

  test("what is wrong is told at its field", () =>
    visit("/settings/redaction", {}, async (page) => {
      await page.getByRole("button", { name: "Add a service" }).waitFor();
      await page.keyboard.press("a");
      await page.getByText("(no service yet)").waitFor();
      await page.keyboard.press("Control+s");
      await page.locator("input[data-service][aria-invalid=true]").waitFor();
      await page.getByRole("textbox", { name: "Service" }).first().fill("checkout-*");
      await page.keyboard.press("Control+s");
      await page.getByText(/Saved as version/).waitFor();
      await page.getByRole("switch", { name: /^email/ }).click();
      await page.getByRole("button", { name: "Discard" }).click();
      await page.getByRole("region", { name: "Unsaved changes" }).waitFor({ state: "detached" });
    }));

  for (const colorScheme of ["light", "dark"]) {
    for (const width of [1440, 1024, 390]) {
      test(`accessible and without sideways scrolling: ${colorScheme}, ${width}`, () =>
        visit("/settings", { colorScheme, viewport: { width, height: 844 } }, async (page) => {
          for (const [section, heading] of [["redaction", "Redaction"], ["scanner", "Sensitive Data Scanner"], ["scrub", "Scrub stored data"], ["audit", "Audit log"]]) {
            await page.goto(`/settings/${section}`);
            await page.getByRole("heading", { name: heading, exact: true }).waitFor();
            await page.locator("main").locator("[role=switch], td, article").first().waitFor();
            await expectNoAxeViolations(page);
            await noSidewaysScrolling(page);
          }
        }));
    }
  }
});

describe("permissions", () => {
  let browser;
  before(async () => { browser = await launch(); });
  after(() => browser?.close());

  async function withPermissions(names, task) {
    const server = await startServer({ env: { REENACT_ACCESS_LOCAL_ADMIN: names } });
    try {
      await send(server, "ORD-4711");
      const issue = await until("the error is there", async () => (await api(server, "/issues?from=now-1d")).issues.find((one) => one.has_values));
      const view = await openPage(browser, server);
      await task(view.page, issue.id, server);
      await expectNoTrouble(view);
      await view.close();
    } finally {
      await server.stop();
    }
  }

  test("without `settings` they are shown, and say why they cannot be changed", () =>
    withPermissions("values", async (page) => {
      await page.goto("/settings/redaction");
      await page.getByText(/has no permission to change settings/).waitFor();
      assert.ok(await page.getByRole("switch", { name: /^age_key/ }).isDisabled());
      assert.equal(await page.getByRole("button", { name: "Add a service" }).count(), 0);
      await page.getByRole("textbox", { name: "Text to try the rules on" }).fill("password=hunter2");
      await page.getByRole("button", { name: "Try it" }).click();
      await page.locator("[data-before] mark").getByText("hunter2").waitFor();
      await page.getByRole("link", { name: "Audit log" }).click();
      await page.getByText("You may not read the audit log").waitFor();
      await expectNoAxeViolations(page);
    }));

  test("without `values` the page says that they are hidden", () =>
    withPermissions("settings", async (page, issue) => {
      await page.goto(`/issues/${issue}`);
      await page.getByText(/may not see/).first().waitFor();
      assert.equal(await page.getByRole("tree").count(), 0);
      assert.doesNotMatch(await page.locator("main").innerText(), /hunter2/);
    }));

  test("masks are taken off by those who may, and only by them", async () => {
    const mask = async (server) => {
      const group = await api(server, "/scanner/groups", { method: "POST", body: { name: "g", enabled: true, query: "" } });
      await api(server, `/scanner/groups/${group.id}/rules`, { method: "POST", body: { name: "Orders", enabled: true, pattern: { kind: "regex", regex: "ORD-\\d+" }, action: { kind: "mask" }, priority: 1, sampling_percent: 100 } });
      await send(server, "ORD-77");
      const { events: all } = await events(server, 2);
      return all[0].id;
    };
    await withPermissions("values,unmask,settings", async (page, issue, server) => {
      const event = await mask(server);
      await page.goto(`/issues/${issue}/events/${event}`);
      const row = page.getByRole("treeitem", { name: /^number str/ });
      await page.getByRole("treeitem", { name: /^order/ }).click();
      assert.match(await row.innerText(), /masked/);
      assert.doesNotMatch(await page.locator("main").innerText(), /[0-9a-f]{60}/);
      await row.click();
      await page.keyboard.press("u");
      await row.getByText("ORD-77").waitFor();
      await row.getByText("in the audit log").waitFor();
      assert.equal((await api(server, "/audit?action=values.unmasked")).entries[0].subject, event);
      await page.goto("/settings/audit");
      await page.goBack();
      await page.getByRole("treeitem", { name: /^order/ }).waitFor();
      assert.doesNotMatch(await page.locator("main").innerText(), /ORD-77/);
      await expectNoAxeViolations(page);
    });
    await withPermissions("values,settings", async (page, issue, server) => {
      const event = await mask(server);
      await page.goto(`/issues/${issue}/events/${event}`);
      await page.getByRole("treeitem", { name: /^order/ }).click();
      await page.getByRole("treeitem", { name: /^number str.*masked/ }).waitFor();
      assert.equal(await page.getByRole("button", { name: "Unmask" }).count(), 0);
    });
  });
});
