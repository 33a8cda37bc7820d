// What the list and the page of an issue tell at a glance: versions in the charts, the life of an issue, a look at a row,
// filters and columns as the reader wants them, and pages that learn by themselves that an issue is back.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { expectNoAxeViolations, expectNoTrouble, launch, openPage, tabTo, visit as visitPage } from "./lib/browser.js";
import { int, object, sendError, str } from "./lib/send.js";
import { api, startServer, until } from "./lib/server.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const HOSTILE = '<img src=x onerror="alert(1)">\u202Egnp';

/** Own frames `step_0` to `step_6`; the last one failed on a line that names three values. */
const frames = (total = 100) => Array.from({ length: 7 }, (_, i) => ({
  function: `step_${i}`, file: `/srv/shop/step_${i}.py`, line: 10 + i, code: i === 6 ? "raise Declined(order.total, user, note)" : `step_${i + 1}(order)`,
  ...(i === 6 ? { values: { arguments: { order: object("Order", { total: int(total) }), user: str("ada"), note: str(HOSTILE) } } } : {}),
}));
const FAILS = { status: 500, contentType: "application/json", body: JSON.stringify({ error: { code: "internal", message: "it broke", request_id: "req-1" } }) };

async function begin(send, options = {}) {
  const [server, browser] = await Promise.all([startServer(options), launch()]);
  await send((more) => sendError(server.agent, { type: "shop.Declined", message: "card declined", frames: frames(), ...more }), server);
  return { server, browser };
}

describe("the list and the page of an issue", () => {
  let server;
  let browser;
  let issue;
  const now = Date.now();
  before(async () => {
    ({ server, browser } = await begin(async (send, server) => {
      for (const [version, hours] of [["1.0", 20], ["1.0", 19], ["1.0", 18], ["1.1", 10], ["1.1", 9], ["1.2", 2]]) {
        await send({ version, at: now - hours * HOUR, frames: frames(hours), captured: hours !== 9, tags: { "usr.id": `user-${hours}`, region: hours > 9 ? "north" : "south" } });
      }
      for (let i = 0; i < 40; i++) await send({ type: "mail.Late", message: "late", service: "mail", version: `${i}.0`, at: now - 5 * HOUR + i * MINUTE, frames: [{ function: "post", file: "/srv/mail/post.py", line: 5 }] });
      await send({ type: "odd.Odd", message: HOSTILE, service: HOSTILE, version: HOSTILE, env: "staging", at: now - 30 * MINUTE, frames: [], stack: "" });
      await until("everything is there", async () => {
        const { issues } = await api(server, "/issues?from=now-2d");
        issue = issues.find((one) => one.type === "shop.Declined");
        return issues.length === 3 && issue?.count === 6 && issue.has_values;
      });
      await api(server, `/issues/${issue.id}`, { method: "PATCH", body: { state: "reviewed" } });
    }));
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });
  const visit = (path, options, task) => visitPage(browser, server, path, options, task);
  const row = (page, name) => page.getByRole("link", { name: new RegExp(name.replace(".", "\\.")) });
  const all = async (page) => { await page.goto("/issues?tab=all"); await row(page, "shop.Declined").waitFor(); };

  describe("versions in the chart", () => {
    const marks = (page) => page.getByRole("list", { name: "Versions first seen" });
    const buttons = (page) => marks(page).getByRole("button");

    test("stand where they were first seen, one with its name on focus, many as one", () =>
      visit("/issues?tab=all", {}, async (page) => {
        const first = marks(page).getByRole("button", { name: /^shop 1\.0 in prod, / });
        await first.waitFor();
        await marks(page).getByRole("button", { name: /^shop 1\.1 in prod, / }).waitFor();
        // Forty versions within forty minutes of a day are not forty marks.
        const shown = await buttons(page).count();
        assert.ok(shown >= 4 && shown <= 7, `${shown} marks`);
        const boxes = await buttons(page).evaluateAll((every) => every.map((e) => e.getBoundingClientRect().toJSON()));
        for (const [i, box] of boxes.entries()) if (i > 0) assert.ok(box.left >= boxes[i - 1].left + 20, "marks lie on each other");
        await first.focus();
        const link = marks(page).getByRole("link", { name: "shop 1.0 in prod" });
        await link.waitFor();
        await page.keyboard.press("Escape");
        await link.waitFor({ state: "detached" });
        const many = marks(page).getByRole("button", { name: /of these from/ }).first();
        await many.hover();
        await marks(page).getByText(/^and \d+ more: zoom in to see them$/).waitFor();
        await page.mouse.move(5, 5);
        await marks(page).getByText(/zoom in/).waitFor({ state: "detached" });
        assert.equal(await page.locator('img[src="x"]').count(), 0);
      }));

    test("lead to what happened in them, and follow the search", () =>
      visit("/issues?tab=all&q=service:shop", {}, async (page) => {
        await until("only those of the service are there", async () => (await buttons(page).count()) === 3);
        await marks(page).getByRole("button", { name: /^shop 1\.1/ }).focus();
        await page.keyboard.press("Tab");
        await page.keyboard.press("Enter");
        await page.waitForURL((url) => url.searchParams.get("q") === "service:shop version:1.1");
        await page.getByText("1 issue", { exact: true }).waitFor();
      }));

    test("can be put away, and a failure is said", () =>
      visit("/issues?tab=all", {}, async (page) => {
        await buttons(page).first().waitFor();
        await page.getByRole("checkbox", { name: "New versions" }).click();
        await marks(page).waitFor({ state: "detached" });
        await page.reload();
        await page.getByRole("slider", { name: "Errors over time" }).waitFor();
        assert.equal(await marks(page).count(), 0);
        await page.route("**/api/v1/versions?*", (route) => route.fulfill(FAILS));
        await page.reload();
        await page.getByRole("checkbox", { name: "New versions" }).click();
        await page.getByText("The versions could not be loaded.").waitFor();
        await page.unroute("**/api/v1/versions?*");
        await page.getByRole("button", { name: "Try again" }).click();
        await buttons(page).first().waitFor();
      }));
  });

  describe("a look at a row", () => {
    const card = (page, name = "shop.Declined") => page.getByRole("group", { name: `A look at ${name}` });
    const looks = async () => (await api(server, "/audit?limit=200")).entries.filter((entry) => entry.action === "values.viewed").length;

    test("by pointer: after a moment, beside its row, values only when asked for", () =>
      visit("/issues?tab=all", {}, async (page) => {
        const link = row(page, "shop.Declined");
        await link.waitFor();
        const before = await looks();
        await link.hover();
        assert.equal(await card(page).count(), 0);
        await card(page).getByText("step_6").first().waitFor();
        assert.deepEqual((await card(page).getByRole("list", { name: "Own frames, the newest first" }).getByRole("listitem").allInnerTexts()).map((text) => text.split(" ")[0]), ["step_6", "step_5", "step_4", "step_3", "step_2"]);
        await card(page).getByText("and 2 more own frames").waitFor();
        assert.equal(await looks(), before, "frames alone are no look at values");
        const [rowBox, cardBox] = await Promise.all([page.getByRole("row").filter({ has: link }).boundingBox(), card(page).boundingBox()]);
        assert.ok(cardBox.y >= rowBox.y + rowBox.height || cardBox.y + cardBox.height <= rowBox.y, "the card covers its row");
        await card(page).getByRole("button", { name: /^Values of this line/ }).click();
        const values = card(page).getByRole("list", { name: "Values of that line" });
        await values.getByText("order.total = 2").waitFor();
        assert.equal(await values.getByRole("listitem").count(), 3);
        assert.match(await values.innerText(), /user = 'ada'[\s\S]*note = '<img src=x onerror="alert\(1\)">\\u202egnp'/);
        assert.equal(await looks(), before + 1, "the look at values is in the audit log");
        await page.mouse.move(5, 5);
        await card(page).waitFor({ state: "detached" });
        // Over the list without resting on a row nothing opens.
        const box = await link.boundingBox();
        await page.mouse.move(box.x + 5, box.y + 5);
        await page.mouse.move(5, 5);
        await page.waitForTimeout(500);
        assert.equal(await card(page).count(), 0);
      }));

    test("by keyboard: p opens it, it goes along, Esc closes it and nothing else", () =>
      visit("/issues?tab=all", {}, async (page) => {
        const link = row(page, "shop.Declined");
        await link.waitFor();
        await link.focus();
        await page.keyboard.press("x");
        await page.keyboard.press("p");
        await card(page).getByText("step_6").first().waitFor();
        await page.keyboard.press("v");
        await card(page).getByText("user = 'ada'").waitFor();
        await expectNoAxeViolations(page);
        await page.keyboard.press("k");
        await card(page).waitFor({ state: "detached" });
        await card(page, "mail.Late").or(card(page, "odd.Odd")).waitFor();
        await page.keyboard.press("j");
        await card(page).waitFor();
        await page.keyboard.press("Escape");
        await card(page).waitFor({ state: "detached" });
        assert.ok(await page.getByRole("region", { name: "Selected issues" }).isVisible(), "the selection is still there");
        assert.ok(await link.evaluate((e) => e === document.activeElement));
        await page.keyboard.press("Escape");
        await page.getByRole("region", { name: "Selected issues" }).waitFor({ state: "detached" });
      }));

    test("without a stack, and when the server fails", () =>
      visit("/issues?tab=all", {}, async (page) => {
        await row(page, "odd.Odd").focus();
        await page.keyboard.press("p");
        await card(page, "odd.Odd").getByText("The newest event came without a stack.").waitFor();
        await page.keyboard.press("p");
        await page.route("**/api/v1/events/*", (route) => route.fulfill(FAILS));
        await page.reload();
        await row(page, "mail.Late").focus();
        await page.keyboard.press("p");
        await card(page, "mail.Late").getByText("The frames could not be loaded.").waitFor();
        await page.unroute("**/api/v1/events/*");
        await card(page, "mail.Late").getByRole("button", { name: "Try again" }).click();
        await card(page, "mail.Late").getByText("/srv/mail/post.py:5").waitFor();
      }));

    test("not by finger", () =>
      visit("/issues?tab=all", { hasTouch: true }, async (page) => {
        await row(page, "shop.Declined").waitFor();
        const box = await row(page, "shop.Declined").boundingBox();
        await page.evaluate(({ x, y }) => {
          for (const type of ["pointerover", "pointerenter", "pointermove"]) document.elementFromPoint(x, y).closest("tr").dispatchEvent(new PointerEvent(type, { pointerType: "touch", bubbles: true, clientX: x, clientY: y }));
        }, { x: box.x + 5, y: box.y + 5 });
        await page.waitForTimeout(600);
        assert.equal(await card(page).count(), 0);
      }));
  });

  describe("filters and columns", () => {
    const chooser = (page) => page.getByRole("region", { name: "Choose filters" });
    const names = (page) => page.getByRole("complementary", { name: "Filters" }).locator("details > details > summary, aside > details > details > summary").allInnerTexts();

    test("filters are hidden, moved and added by keyboard, stay, and come back", () =>
      visit("/issues?tab=all", {}, async (page) => {
        await row(page, "shop.Declined").waitFor();
        const shown = async () => (await names(page)).map((name) => name.trim().toLowerCase());
        assert.deepEqual((await shown()).slice(0, 3), ["service", "environment", "version"]);
        await tabTo(page, page.getByRole("button", { name: "Choose filters" }));
        await page.keyboard.press("Enter");
        await until("the first one has the focus", () => chooser(page).getByRole("checkbox", { name: "Service" }).evaluate((e) => e === document.activeElement));
        await page.keyboard.press("Alt+ArrowDown");
        await until("it went down", async () => (await shown())[1] === "service");
        assert.ok(await chooser(page).getByRole("checkbox", { name: "Service" }).evaluate((e) => e === document.activeElement), "the focus went along");
        await page.keyboard.press("Space");
        await until("it is hidden", async () => !(await shown()).includes("service"));
        await chooser(page).getByRole("textbox", { name: "Any tag" }).or(chooser(page).getByRole("combobox", { name: "Any tag" })).focus();
        await page.keyboard.type("@region");
        await page.keyboard.press("Enter");
        const region = page.getByRole("checkbox", { name: "region north, 1 issue" });
        await region.waitFor();
        await page.keyboard.press("Enter");
        await chooser(page).getByRole("alert").getByText("The name of a tag is missing.").waitFor();
        await expectNoAxeViolations(page);
        await page.keyboard.press("Escape");
        await chooser(page).waitFor({ state: "detached" });
        assert.ok(await page.getByRole("button", { name: "Choose filters" }).evaluate((e) => e === document.activeElement));
        await region.click();
        await page.waitForURL((url) => url.searchParams.get("q") === "@region:north");
        await page.reload();
        await region.waitFor();
        assert.ok(!(await shown()).includes("service"));
        await page.getByRole("button", { name: "Choose filters" }).click();
        await chooser(page).getByRole("button", { name: "Reset" }).click();
        await until("all is as it was", async () => (await shown())[0] === "service");
        await chooser(page).getByRole("button", { name: "Reset" }).waitFor({ state: "detached" });
      }));

    test("what is remembered wrongly does no harm", () =>
      visit("/issues?tab=all", {}, async (page) => {
        await page.evaluate(() => { localStorage.setItem("reenact.facets", '{"keys":[1,"<b>","env",null]}'); localStorage.setItem("reenact.columns", "]"); });
        await page.reload();
        await row(page, "shop.Declined").waitFor();
        await until("only the known one is there", async () => (await names(page))[0]?.trim().toLowerCase() === "environment");
        await page.getByRole("columnheader", { name: "Trend" }).waitFor();
      }));

    test("columns are chosen, rows stand closer together, and it stays so", () =>
      visit("/issues?tab=all", {}, async (page) => {
        await row(page, "shop.Declined").waitFor();
        const height = async () => (await page.getByRole("row").filter({ has: row(page, "shop.Declined") }).boundingBox()).height;
        const before = await height();
        assert.ok(before >= 52 && before <= 60, `a row of ${before} px`);
        const open = () => page.locator("summary").and(page.getByLabel("Columns and density")).click();
        await open();
        await page.getByRole("checkbox", { name: "Trend" }).click();
        await page.getByRole("checkbox", { name: "Closer together" }).click();
        await page.getByRole("columnheader", { name: "Trend" }).waitFor({ state: "detached" });
        await expectNoAxeViolations(page);
        await page.keyboard.press("Escape");
        assert.ok((await height()) <= 46, `a dense row of ${await height()} px`);
        await page.reload();
        await row(page, "shop.Declined").waitFor();
        assert.equal(await page.getByRole("columnheader", { name: "Trend" }).count(), 0);
        await open();
        await page.getByRole("button", { name: "Reset" }).click();
        await page.getByRole("columnheader", { name: "Trend" }).waitFor();
        assert.equal(await height(), before);
      }));

    test("a trend says how many where the pointer is", () =>
      visit("/issues?tab=all", {}, async (page) => {
        const line = page.getByRole("row").filter({ has: row(page, "shop.Declined") });
        await line.waitFor();
        const box = await line.getByRole("img", { name: /^Trend/ }).boundingBox();
        await page.mouse.move(box.x + box.width - 10, box.y + 10);
        await line.getByText(/^\d+ errors?$/).waitFor();
        await page.mouse.move(5, 5);
        await line.getByText(/^\d+ errors?$/).waitFor({ state: "detached" });
      }));
  });

  describe("the life of an issue", () => {
    const strip = (page) => page.getByRole("region", { name: "Lifecycle" });
    const at = (hours) => new Date(now - hours * HOUR).toISOString();

    test("says since when, in which versions, what was done and how much it touches", () =>
      visit(`/issues/${issue.id}`, {}, async (page) => {
        for (const text of ["First seen", "version 1.0", "Last seen", "version 1.2"]) await strip(page).getByText(text, { exact: true }).waitFor();
        for (const version of ["1.0", "1.1", "1.2"]) await strip(page).getByRole("figure").getByText(version, { exact: true }).first().waitFor();
        await strip(page).getByText("As a table").click();
        const rows = strip(page).getByRole("table").getByRole("row");
        assert.deepEqual((await rows.first().innerText()).split(/\s+/).slice(1), ["1.0", "1.1", "1.2"]);
        for (const [stat, n] of [["All time", "6"], ["Users", "6"], ["Versions", "3"]]) {
          assert.equal((await strip(page).locator("dl > div").filter({ hasText: stat }).locator("dd").innerText()).trim(), n, stat);
        }
        const done = strip(page).getByRole("list", { name: "Changes of the state" }).getByRole("button", { name: /^local admin marked it as reviewed, / });
        await done.focus();
        await strip(page).getByText("local admin marked it as reviewed").waitFor();
      }));

    test("a part of it is chosen by pointer, and the occurrences below are those of the part", () =>
      visit(`/issues/${issue.id}`, {}, async (page) => {
        await page.getByText("1 of 6").waitFor();
        const box = await strip(page).getByRole("slider").boundingBox();
        await page.mouse.move(box.x + 1, box.y + 20);
        await page.mouse.down();
        await page.mouse.move(box.x + box.width * 0.3, box.y + 20, { steps: 4 });
        await page.mouse.up();
        await page.waitForURL(/part=/);
        await page.getByText("1 of 3").waitFor();
        await page.getByRole("complementary", { name: "Details" }).getByText("1.0", { exact: true }).first().waitFor();
        // The chart itself shows all of its life still.
        await strip(page).getByRole("figure").getByText("1.2", { exact: true }).first().waitFor();
        await page.keyboard.press("n");
        await page.getByText("2 of 3").waitFor();
        await page.getByRole("link", { name: "Occurrences", exact: true }).click();
        await page.getByText("3 occurrences, custom range").waitFor();
        await page.getByRole("table").getByRole("row").nth(1).getByRole("link").click();
        await page.getByText("1 of 3").waitFor();
        await page.reload();
        await page.getByText("1 of 3").waitFor();
        await strip(page).getByRole("button", { name: "Show all" }).click();
        await page.getByText(/ of 6$/).waitFor();
        assert.ok(!new URL(page.url()).searchParams.has("part"));
        await page.goBack();
        await page.getByText(/ of 3$/).waitFor();
      }));

    test("by keyboard, and as a range of its own", () =>
      visit(`/issues/${issue.id}`, {}, async (page) => {
        await page.getByText("1 of 6").waitFor();
        await strip(page).getByRole("slider").focus();
        await page.keyboard.press("Home");
        for (let i = 0; i < 20; i++) await page.keyboard.press("Shift+ArrowRight");
        await page.keyboard.press("Enter");
        await page.getByText("1 of 3").waitFor();
        await expectNoAxeViolations(page);
        await strip(page).getByRole("button", { name: "Zoom in" }).click();
        await page.waitForURL((url) => url.searchParams.has("from") && !url.searchParams.has("part"));
        await strip(page).getByText("Custom range").waitFor();
        await page.getByText("1 of 3").waitFor();
      }));

    test("a part without occurrences, and one that is none", () =>
      visit(`/issues/${issue.id}?part=${at(15)}/${at(14)}`, {}, async (page) => {
        await page.getByText("No occurrence in this part").waitFor();
        await page.getByRole("button", { name: "Show all" }).last().click();
        await page.getByText("1 of 6").waitFor();
        await page.goto(`/issues/${issue.id}?part=nonsense`);
        await page.getByText("1 of 6").waitFor();
        assert.equal(await strip(page).getByRole("button", { name: "Show all" }).count(), 0);
      }));

    test("when the chart or what was done cannot be had", () =>
      visit("/setup", {}, async (page) => {
        await page.route(/api\/v1\/(histogram|issues\/\w+\/activity)\?/, (route) => route.fulfill(FAILS));
        await page.goto(`/issues/${issue.id}`);
        await strip(page).getByText("The chart could not be loaded.").waitFor();
        await strip(page).getByText("What was done could not be loaded.").waitFor();
        await page.unroute(/api\/v1\/(histogram|issues\/\w+\/activity)\?/);
        await strip(page).getByRole("button", { name: "Try again" }).first().click();
        await strip(page).getByRole("slider").waitFor();
      }));
  });

  for (const colorScheme of ["light", "dark"]) {
    for (const width of [1440, 1024, 390, 320]) {
      test(`accessible and without sideways scrolling: ${colorScheme}, ${width}`, () =>
        visit("/issues?tab=all", { colorScheme, viewport: { width, height: 844 } }, async (page) => {
          const look = async () => {
            await expectNoAxeViolations(page);
            assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${page.url()} scrolls sideways`);
          };
          await all(page);
          const marks = page.getByRole("list", { name: "Versions first seen" }).getByRole("button");
          await marks.first().waitFor();
          for (const mark of await marks.all()) {
            await mark.focus();
            const { left, right } = await mark.evaluate((button) => button.nextElementSibling.firstElementChild.getBoundingClientRect().toJSON());
            assert.ok(left >= 0 && right <= width, `what a mark says ends at ${left} and ${right} of ${width}`);
          }
          await look();
          await row(page, "shop.Declined").focus();
          await page.keyboard.press("p");
          await page.getByRole("group", { name: /^A look at/ }).getByText("step_6").first().waitFor();
          await look();
          await page.keyboard.press("Escape");
          if (width < 1100) await page.getByText("Filters", { exact: true }).first().click();
          await page.getByRole("button", { name: "Choose filters" }).click();
          await page.locator("summary").and(page.getByLabel("Columns and density")).click();
          await look();
          await page.goto(`/issues/${issue.id}?part=${new Date(now - 21 * HOUR).toISOString()}/${new Date(now - 17 * HOUR).toISOString()}`);
          await page.getByText("1 of 3").waitFor();
          await page.getByRole("list", { name: "Changes of the state" }).getByRole("button").last().focus();
          await look();
        }));
    }
  }
});

test("who may not see values sees frames alone", async () => {
  const { server, browser } = await begin(async (send, server) => {
    await send({ at: Date.now() - MINUTE });
    await until("it is there", async () => (await api(server, "/issues?from=now-1d")).issues[0]?.has_values);
  }, { env: { REENACT_ACCESS_LOCAL_ADMIN: "settings" } });
  try {
    await visitPage(browser, server, "/issues?tab=all", {}, async (page) => {
      await page.getByRole("link", { name: /shop\.Declined/ }).focus();
      await page.keyboard.press("p");
      const card = page.getByRole("group", { name: "A look at shop.Declined" });
      await card.getByText("step_6").first().waitFor();
      await card.getByText("raise Declined(order.total, user, note)").waitFor();
      assert.equal(await card.getByRole("button").count(), 0);
      await page.keyboard.press("v");
      assert.equal(await card.getByRole("list", { name: "Values of that line" }).count(), 0);
      assert.equal((await api(server, "/audit?limit=200")).entries.filter((entry) => entry.action === "values.viewed").length, 0);
    });
  } finally {
    await browser.close();
    await server.stop();
  }
});

test("the page of an issue learns by itself that it is back, and keeps what it shows", async () => {
  let send;
  const { server, browser } = await begin(async (sending, server) => {
    send = sending;
    await send({ version: "1.0", at: Date.now() - HOUR });
    await until("it is there", async () => (await api(server, "/issues?from=now-1d")).issues[0]?.has_values);
  });
  try {
    const [{ id }] = (await api(server, "/issues?from=now-1d")).issues;
    await api(server, `/issues/${id}`, { method: "PATCH", body: { state: "resolved" } });
    const view = await openPage(browser, server);
    const { page } = view;
    await page.goto(`/issues/${id}`);
    await page.getByRole("tree").waitFor();
    await page.getByText("1 of 1").waitFor();
    const standing = page.getByRole("group", { name: "State of the issue" });
    await standing.getByText("Resolved").waitFor();
    await send({ version: "2.0", at: Date.now() + 1_000, frames: frames(999) });
    await page.getByText(/^Regression\.$/).waitFor();
    // As in the list, what is back is not called new.
    assert.equal(await page.getByText("New", { exact: true }).count(), 0);
    await standing.getByText("For review").waitFor();
    await page.getByRole("region", { name: "Messages" }).getByText("It is back as a regression in version 2.0").waitFor();
    const strip = page.getByRole("region", { name: "Lifecycle" });
    await strip.getByText("version 2.0", { exact: true }).waitFor();
    await strip.getByRole("figure").getByText("2.0", { exact: true }).first().waitFor();
    await strip.getByRole("list", { name: "Changes of the state" }).getByRole("button").first().waitFor();
    // The occurrence that is read stays, and the newer one is a step away.
    await page.getByText("2 of 2").waitFor();
    await page.getByRole("complementary", { name: "Details" }).getByText("1.0", { exact: true }).first().waitFor();
    await page.keyboard.press("p");
    await page.getByText("1 of 2").waitFor();
    await page.getByRole("link", { name: "Activity", exact: true }).click();
    await page.getByText(/reopened it as a regression in version 2\.0/).waitFor();
    await expectNoTrouble(view);
    await view.close();
  } finally {
    await browser.close();
    await server.stop();
  }
});
