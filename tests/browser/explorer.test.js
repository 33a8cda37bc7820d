// Looking around: facets of several values, the occurrences of an issue, how they spread over their tags, and two of them side by side.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { expectNoAxeViolations, launch, tabTo, visit as visitPage } from "./lib/browser.js";
import { dict, int, object, sendError, str } from "./lib/send.js";
import { api, startServer, until } from "./lib/server.js";

const MINUTE = 60_000;
const HOSTILE = '<img src=x onerror="alert(1)">\u202Egnp';

const frames = (n) => [
  { function: "handle", file: "/srv/shop/worker.py", line: 12, code: "pay(order)", values: { arguments: { attempt: int(1) } } },
  {
    function: "pay", file: "/srv/shop/pay.py", line: 40, code: "raise Declined(order.card)",
    values: {
      arguments: {
        order: object("Order", { id: str(`ord_${n}`), total: int(100 + n), note: str(n % 2 ? HOSTILE : "plain"), currency: str("EUR") }),
        ...(n % 2 ? { coupon: str("SPRING") } : {}),
      },
      locals: { tries: dict({ visa: int(2) }) },
    },
  },
];

describe("looking around", () => {
  let server;
  let browser;
  let issue;

  before(async () => {
    [server, browser] = await Promise.all([startServer(), launch()]);
    const now = Date.now();
    const send = (more) => sendError(server.agent, { type: "shop.Declined", message: "card declined", at: now - 2 * MINUTE, frames: frames(0), ...more });
    for (let n = 0; n < 6; n++) {
      await send({ frames: frames(n), at: now - (10 + n) * MINUTE, env: n < 4 ? "prod" : "staging", version: `1.${n % 2}`, captured: n !== 5, tags: { "usr.id": `user-${n}`, region: n % 2 ? "north" : "south" } });
    }
    await send({ type: "shop.Refused", message: "refused", service: "billing", env: "staging" });
    await send({ type: "shop.Broken", message: "broken", service: "mail", env: "dev two" });
    await send({ type: "shop.Hostile", message: HOSTILE, service: HOSTILE, env: "prod" });
    await until("everything is there", async () => {
      const { issues } = await api(server, "/issues?from=now-1d");
      issue = issues.find((one) => one.type === "shop.Declined");
      if (issues.length < 4 || issue?.count !== 6) return false;
      return (await api(server, `/issues/${issue.id}/events?from=now-1d&has_values=true`)).total === 5;
    });
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });
  const visit = (path, options, task) => visitPage(browser, server, path, options, task);
  const query = (page) => new URL(page.url()).searchParams.get("q") ?? "";
  const total = (page, n) => page.getByRole("region", { name: "Issues", exact: true }).getByText(`${n} issue${n === 1 ? "" : "s"}`, { exact: true }).waitFor();

  describe("facets", () => {
    test("any of several values, only one, all but one, and back", () =>
      visit("/issues", {}, async (page) => {
        const filters = page.getByRole("complementary", { name: "Filters" });
        const box = (name) => filters.getByRole("checkbox", { name: new RegExp(`^${name}`) });
        const button = (name) => filters.getByRole("button", { name, exact: true });
        await total(page, 4);
        await box("Environment staging").click();
        await total(page, 2);
        await box("Environment dev two").click();
        await total(page, 3);
        assert.equal(query(page), 'env:(staging OR "dev two")');
        assert.ok(await box("Environment staging").isChecked() && await box("Environment dev two").isChecked());
        assert.ok(!(await box("Environment prod").isChecked()));
        await box("Environment staging").click();
        await total(page, 1);
        assert.equal(query(page), 'env:"dev two"');

        await button("Only Environment prod").click();
        await total(page, 2);
        assert.equal(query(page), "env:prod");
        assert.equal(await button("Only Environment prod").getAttribute("aria-pressed"), "true");
        await button("Exclude Environment prod").click();
        await page.waitForURL(/-env/);
        assert.equal(query(page), "-env:prod");
        await total(page, 3);
        await box("Environment prod, .*excluded").waitFor();
        await box("Environment prod").click();
        await page.waitForURL((url) => url.searchParams.get("q") === "env:prod");

        await page.goBack();
        await page.goBack();
        await page.waitForURL((url) => url.searchParams.get("q") === "env:prod");
        await page.goBack();
        await page.goBack();
        await total(page, 3);
        assert.equal(query(page), 'env:(staging OR "dev two")');
      }));

    test("by keyboard, with what is folded remembered", () =>
      visit("/issues", {}, async (page) => {
        await total(page, 4);
        await tabTo(page, page.getByRole("checkbox", { name: /^Service billing/ }));
        await page.keyboard.press("Space");
        await page.waitForURL(/q=service/);
        await total(page, 1);
        const group = page.getByRole("group").filter({ hasText: /^Version/ });
        const open = () => group.evaluate((details) => details.open);
        await page.getByText("Version", { exact: true }).first().click();
        await until("it is folded", async () => !(await open()));
        await page.reload();
        await total(page, 1);
        assert.equal(await open(), false);
      }));

    test("any tag, folded until it is opened, and its name and values completed", () =>
      visit("/issues", {}, async (page) => {
        await total(page, 4);
        const filters = page.getByRole("complementary", { name: "Filters" });
        await filters.getByText("region", { exact: true }).click();
        await filters.getByRole("checkbox", { name: /^region north/ }).click();
        await page.waitForURL((url) => url.searchParams.get("q") === "@region:north");
        await total(page, 1);
        const search = page.getByRole("combobox", { name: "Search issues" });
        await search.fill("@reg");
        await page.getByRole("option", { name: /^@region: 1 issue/ }).waitFor();
        await page.keyboard.press("ArrowDown");
        await page.keyboard.press("Enter");
        await page.getByRole("option", { name: /^south/ }).click();
        await until("it is put", async () => (await search.inputValue()) === "@region:south ");
        await search.fill("age:");
        await page.getByRole("option", { name: /^<1d/ }).click();
        await page.keyboard.press("Enter");
        await page.waitForURL((url) => url.searchParams.get("q") === "age:<1d");
        await total(page, 4);
      }));

    test("what the search names can be taken off where it does not occur", () =>
      visit("/issues?q=env:(prod OR nowhere)", {}, async (page) => {
        await total(page, 2);
        await page.getByRole("checkbox", { name: "Environment nowhere" }).click();
        await page.waitForURL((url) => url.searchParams.get("q") === "env:prod");
      }));
  });

  test("a view is saved, chosen, changed, renamed and deleted", () =>
    visit("/issues?q=env:prod&sort=count&range=1w", {}, async (page) => {
      await total(page, 2);
      const views = (name) => page.locator("summary").filter({ hasText: name });
      const list = page.getByRole("list", { name: "Saved views" });
      await views("Views").click();
      await page.getByText(/^None yet/).waitFor();
      await page.getByRole("textbox", { name: "Save what is shown as" }).fill("In production");
      await page.keyboard.press("Enter");
      await page.waitForURL(/view=[0-9a-f]{16}/);
      await views("In production").waitFor();
      await expectNoAxeViolations(page);
      await page.getByRole("textbox", { name: "Save what is shown as" }).fill("In production");
      await page.getByRole("button", { name: "Save view" }).click();
      await page.getByRole("alert").waitFor();

      await page.goto("/issues");
      await total(page, 4);
      await views("Views").click();
      await list.getByRole("link", { name: "In production" }).click();
      await total(page, 2);
      assert.equal(query(page), "env:prod");
      assert.equal(await page.getByRole("combobox", { name: "Sort by" }).inputValue(), "count");
      await page.getByRole("checkbox", { name: /^Environment staging/ }).click();
      await views("In production (changed)").click();
      await page.getByRole("button", { name: "Save the changes to In production" }).click();
      await page.getByRole("button", { name: "Save the changes to In production" }).waitFor({ state: "detached" });
      await page.getByRole("button", { name: "Rename In production" }).click();
      await page.getByRole("textbox", { name: "Rename In production" }).fill("Not in development");
      await page.keyboard.press("Enter");
      await list.getByRole("link", { name: "Not in development" }).waitFor();
      await page.getByRole("button", { name: "Delete Not in development" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
      await page.getByText(/^None yet/).waitFor();
      await page.waitForURL((url) => !url.searchParams.has("view"));
    }));

  test("a view carries the filters beside the list, and gives the reader's own back", () =>
    visit("/issues", {}, async (page) => {
      await total(page, 4);
      const filters = page.getByRole("complementary", { name: "Filters" });
      const titles = () => filters.locator("summary").filter({ visible: true }).allInnerTexts();
      const views = (name) => page.locator("summary").filter({ hasText: name });
      const own = await titles();
      await page.getByRole("button", { name: "Choose filters" }).click();
      for (const name of ["Host", "Resource", "Commonest tags, below"]) await filters.getByRole("checkbox", { name, exact: true }).uncheck();
      await filters.getByRole("button", { name: "Done" }).click();
      await views("Views").click();
      await page.getByRole("checkbox", { name: /^With the filters beside the list/ }).check();
      await page.getByRole("textbox", { name: "Save what is shown as" }).fill("Few filters");
      await page.keyboard.press("Enter");
      await page.waitForURL(/view=[0-9a-f]{16}/);
      const { views: [saved] } = await api(server, "/views");
      assert.deepEqual([saved.facets.keys.includes("host"), saved.facets.keys[0], saved.facets.tags], [false, "service", false]);
      await expectNoAxeViolations(page);
      await page.keyboard.press("Escape");
      await filters.getByText("Service", { exact: true }).click();
      await views("Few filters (changed)").click();
      await page.getByRole("button", { name: "Save the changes to Few filters" }).click();
      await until("it is saved", async () => (await api(server, "/views")).views[0].facets.folded[0] === "service");

      await page.evaluate(() => localStorage.clear());
      await page.goto("/issues");
      await total(page, 4);
      await until("the reader's own are there", async () => (await titles()).join() === own.join());
      await views("Views").click();
      await page.getByRole("link", { name: "Few filters" }).click();
      await until("those of the view are there", async () => !(await titles()).some((title) => /host|resource/i.test(title)));
      assert.equal(await filters.getByRole("group").filter({ hasText: /^Service/ }).evaluate((details) => details.open), false);
      await page.goto("/issues");
      await until("they are gone with it", async () => (await titles()).join() === own.join());
    }));

  test("a view with the server's filters knows which of them are folded", () =>
    visit("/issues", {}, async (page) => {
      await total(page, 4);
      const filters = page.getByRole("complementary", { name: "Filters" });
      const isOpen = () => filters.getByRole("group").filter({ hasText: /^Service/ }).evaluate((details) => details.open);
      await filters.getByText("Service", { exact: true }).click();
      await page.locator("summary").filter({ hasText: "Views" }).click();
      await page.getByRole("checkbox", { name: /^With the filters beside the list/ }).check();
      await page.getByRole("textbox", { name: "Save what is shown as" }).fill("Without services");
      await page.keyboard.press("Enter");
      await page.waitForURL(/view=[0-9a-f]{16}/);
      const { facets } = (await api(server, "/views")).views.find((view) => view.name === "Without services");
      assert.deepEqual(facets, { keys: null, folded: ["service"], tags: true });
      await page.evaluate(() => localStorage.clear());
      await page.reload();
      await total(page, 4);
      await until("it is folded", async () => !(await isOpen()));
    }));

  describe("occurrences", () => {
    const card = (page) => page.getByRole("region", { name: "Tag distribution" });

    test("as a table, in any order, each row a link", () =>
      visit(`/issues/${issue.id}`, {}, async (page) => {
        await page.getByRole("tree").waitFor();
        await page.keyboard.press("l");
        await page.getByRole("heading", { name: "Occurrences" }).waitFor();
        const rows = page.getByRole("table").getByRole("row");
        await rows.nth(6).waitFor();
        for (const name of ["Time", "Values", "Version", "Env", "User"]) await page.getByRole("columnheader", { name }).waitFor();
        assert.match(await rows.nth(6).innerText(), /staging[\s\S]*user-5/);
        await page.keyboard.press("s");
        await page.getByRole("combobox", { name: "Order" }).selectOption("oldest");
        await rows.nth(1).getByText("user-5").waitFor();
        await page.keyboard.press("Escape");
        await page.getByRole("heading", { name: "Occurrences" }).click();
        await page.keyboard.press("j");
        await page.keyboard.press("Enter");
        await page.getByText("6 of 6").waitFor();
        await page.goBack();
        await rows.nth(1).getByText("user-5").waitFor();
        await page.getByRole("checkbox", { name: "Only with values" }).click();
        await page.getByText("5 occurrences, all time").waitFor();
      }));

    test("how they spread, and only those of one value", () =>
      visit(`/issues/${issue.id}`, {}, async (page) => {
        await card(page).getByRole("link", { name: "prod 67%" }).waitFor();
        await card(page).getByRole("link", { name: "staging 33%" }).click();
        await page.getByRole("heading", { name: "Occurrences" }).waitFor();
        await page.getByText("2 occurrences, all time").waitFor();
        assert.equal(query(page), "env:staging");
        assert.equal(await card(page).getByRole("link", { name: "staging 33%" }).getAttribute("aria-current"), "true");
        await card(page).getByRole("link", { name: "staging 33%" }).click();
        await page.getByText("6 occurrences, all time").waitFor();
        await card(page).getByText("others").first().waitFor();
      }));

    test("nothing that matches, and a search that is not understood", () =>
      visit(`/issues/${issue.id}/events?q=env:nowhere`, {}, async (page) => {
        await page.getByText("No occurrence matches").waitFor();
        await page.getByRole("button", { name: "Clear the search" }).click();
        await page.getByText("6 occurrences, all time").waitFor();
        await page.goto(`/issues/${issue.id}/events?q=nonsense:1`);
        await page.getByRole("alert").waitFor();
        await page.getByRole("button", { name: "Show all" }).click();
        await page.getByText("6 occurrences, all time").waitFor();
      }));

    test("when the server fails it is said, and asked again", () =>
      visit("/setup", {}, async (page) => {
        // Before the page: Chromium tells a busy page late that its requests are held up, and it may send some before.
        const EVENTS = "**/api/v1/issues/*/events?*";
        await page.route(EVENTS, (route) => route.fulfill({ status: 500, contentType: "application/json", body: JSON.stringify({ error: { code: "internal", message: "it broke", request_id: "req-1" } }) }));
        await page.goto(`/issues/${issue.id}`);
        await page.getByRole("tree").waitFor();
        await page.keyboard.press("l");
        await page.getByText("The occurrences could not be loaded").waitFor();
        await page.unroute(EVENTS);
        await page.getByRole("button", { name: "Try again" }).click();
        await page.getByRole("table").getByRole("row").nth(6).waitFor();
      }));
  });

  describe("compare", () => {
    const ids = async () => (await api(server, `/issues/${issue.id}/events?from=now-1d&order=newest`)).events.map((e) => e.id);
    const row = (page, name) => page.getByRole("row").filter({ has: page.getByRole("rowheader", { name }) });
    const focused = (page) => page.evaluate(() => document.activeElement?.textContent ?? "");

    test("two of the table, from difference to difference by keyboard", () =>
      visit(`/issues/${issue.id}/events?order=newest`, {}, async (page) => {
        await page.getByRole("table").getByRole("row").nth(6).waitFor();
        await page.keyboard.press("d");
        await page.getByRole("region", { name: "Messages" }).getByText("Select two occurrences to compare (x)").waitFor();
        for (const key of ["j", "x", "j", "x"]) await page.keyboard.press(key);
        await page.getByRole("link", { name: "Compare", exact: true }).waitFor();
        await page.keyboard.press("d");
        await page.getByRole("heading", { name: "Compare two occurrences" }).waitFor();
        const [newest, second] = await ids();
        assert.equal(new URL(page.url()).pathname, `/issues/${issue.id}/compare/${second}/${newest}`);

        await row(page, /^order\.total/).getByText("101").waitFor();
        assert.match(await row(page, /^order\.total/).innerText(), /differs[\s\S]*101[\s\S]*100/);
        assert.match(await row(page, /^coupon/).innerText(), /only left[\s\S]*'SPRING'[\s\S]*not there/);
        assert.match(await row(page, /^order\.note/).innerText(), /<img src=x onerror="alert\(1\)">\\u202egnp/);
        assert.equal(await page.locator('img[src="x"]').count(), 0);

        // What differs besides values comes first.
        await page.keyboard.press("]");
        await until("a difference has the focus", async () => /^version|^ *version/.test((await focused(page)).trim()));
        await page.getByText(/^1 of \d+$/).waitFor();
        await page.keyboard.press("]");
        await until("the next one has it", async () => (await focused(page)).trim().startsWith("user"));
        await page.keyboard.press("[");
        await until("and the one before again", async () => (await focused(page)).trim().startsWith("version"));

        await page.keyboard.press("w");
        await page.waitForURL(`**/compare/${newest}/${second}`);
        assert.match(await row(page, /^coupon/).innerText(), /only right/);
        await page.goBack();
        await page.waitForURL(`**/compare/${second}/${newest}`);
      }));

    test("what says nothing is hidden, what is the same folded", () =>
      visit(`/issues/${issue.id}`, {}, async (page) => {
        await page.getByRole("tree").waitFor();
        await page.getByRole("link", { name: "Compare with older" }).waitFor();
        await page.keyboard.press("d");
        await row(page, /^order\.total/).waitFor();
        assert.equal(await row(page, /^order\.id/).count(), 0);
        assert.equal(await row(page, /^trace_id/).count(), 0);
        await page.getByRole("checkbox", { name: /^Hide volatile/ }).click();
        await page.waitForURL(/volatile=show/);
        await row(page, /^order\.id.*id/).waitFor();
        await row(page, /^trace_id/).waitFor();
        await page.goBack();
        await row(page, /^trace_id/).waitFor({ state: "detached" });
        assert.equal(await row(page, /^order\.currency/).count(), 0);
        await page.getByText("2 values the same").click();
        await row(page, /^order\.currency/).getByText("'EUR'").waitFor();
        // A frame without a difference is folded, and unfolds.
        await page.getByText("handle", { exact: true }).click();
        await page.getByText("1 value the same").click();
        await row(page, /^attempt/).waitFor();
      }));

    test("without values, with itself, and with one that is not there", () =>
      visit(`/issues/${issue.id}`, {}, async (page) => {
        const all = await ids();
        await page.goto(`/issues/${issue.id}/compare/${all[5]}/${all[0]}`);
        await page.getByText("no values on the left").first().waitFor();
        await page.goto(`/issues/${issue.id}/compare/${all[0]}/${all[0]}`);
        await page.getByText("No difference", { exact: true }).waitFor();
        await page.goto(`/issues/${issue.id}/compare/${all[0]}/${"0".repeat(32)}`);
        await page.getByText("The right occurrence is not here").waitFor();
        await page.goto(`/issues/${issue.id}/compare/nonsense/${all[0]}`);
        await page.getByText("The left occurrence is not here").waitFor();
        // The oldest has no older one to be compared with.
        await page.goto(`/issues/${issue.id}/events/${all[5]}`);
        await page.getByText("6 of 6").waitFor();
        await page.keyboard.press("d");
        await page.getByRole("region", { name: "Messages" }).getByText("There is no older occurrence with values to compare with").waitFor();
      }));

    test("when the server fails it is said, and asked again", () =>
      visit(`/issues/${issue.id}`, {}, async (page) => {
        const [newest, second] = await ids();
        const COMPARE = "**/api/v1/events/*/compare?*";
        await page.route(COMPARE, (route) => route.fulfill({ status: 500, contentType: "application/json", body: JSON.stringify({ error: { code: "internal", message: "it broke", request_id: "req-1" } }) }));
        await page.goto(`/issues/${issue.id}/compare/${second}/${newest}`);
        await page.getByText("The occurrences could not be compared").waitFor();
        await page.unroute(COMPARE);
        await page.getByRole("button", { name: "Try again" }).click();
        await row(page, /^order\.total/).waitFor();
      }));
  });

  for (const colorScheme of ["light", "dark"]) {
    for (const width of [1440, 1024, 390, 320]) {
      test(`accessible and without sideways scrolling: ${colorScheme}, ${width}`, () =>
        visit("/issues?q=env:(prod OR staging)", { colorScheme, viewport: { width, height: 844 } }, async (page) => {
          const look = async () => {
            await expectNoAxeViolations(page);
            assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${page.url()} scrolls sideways`);
          };
          await total(page, 3);
          if (width < 1100) await page.getByText("Filters", { exact: true }).click();
          await page.getByRole("checkbox", { name: /^Environment staging/ }).focus();
          await look();
          await page.goto(`/issues/${issue.id}/events?q=env:staging`);
          await page.getByRole("table").waitFor();
          await card(page).getByRole("link", { name: "staging 33%" }).waitFor();
          await look();
          for (const box of [0, 1]) await page.getByRole("checkbox", { name: /^Select/ }).nth(box).click();
          await look();
          await page.getByRole("link", { name: "Compare", exact: true }).click();
          await page.getByRole("heading", { name: "Besides values" }).waitFor();
          await page.goto(`${page.url()}?volatile=show`);
          await page.getByRole("heading", { name: "Besides values" }).waitFor();
          await page.getByText("facts the same").first().click();
          await page.keyboard.press("]");
          await look();
        }));
    }
  }
  const card = (page) => page.getByRole("region", { name: "Tag distribution" });
});

test("how a count stands to that of the period before, and what is worth a look first", async () => {
  const [server, browser] = await Promise.all([startServer(), launch()]);
  try {
    const now = Date.now();
    const HOUR = 60 * MINUTE;
    const raise = (name, hours) => sendError(server.agent, { type: `shop.${name}`, message: name, at: now - hours * HOUR, frames: [{ function: `on_${name}`, file: `/srv/shop/${name}.py`, line: 1 }] });
    await raise("Oldest", 100);
    for (const hours of [2, 2.1, 2.2, 2.3, 26, 27]) await raise("More", hours);
    for (const hours of [1, 26, 27, 28, 29]) await raise("Fewer", hours);
    await raise("Fresh", 0.5);
    await until("everything is there", async () => (await api(server, "/issues?from=now-7d")).issues.reduce((n, one) => n + one.count, 0) === 13);
    await visitPage(browser, server, "/issues", {}, async (page) => {
      const row = (name) => page.getByRole("row").filter({ has: page.getByRole("link", { name: new RegExp(`shop\\.${name}`) }) });
      const first = (name) => page.getByRole("table").getByRole("link").first().filter({ hasText: name }).waitFor();
      await first("Fresh");
      await row("More").getByText("100 percent more, 2 errors in the period before").waitFor();
      await row("Fewer").getByText("75 percent fewer, 4 errors in the period before").waitFor();
      assert.doesNotMatch(await row("Fresh").innerText(), /period before/);
      await page.getByRole("combobox", { name: "Sort by" }).selectOption("Relevance");
      await page.waitForURL(/sort=relevance/);
      await first("More");
      await expectNoAxeViolations(page);
      await row("More").getByRole("link").first().click();
      await page.getByRole("region", { name: "Lifecycle" }).getByText("100 percent more, 2 errors in the period before").waitFor();
    });
  } finally {
    await browser.close();
    await server.stop();
  }
});
