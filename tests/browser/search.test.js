// What is searched for: tags with any name, terms that are not understood, very long ones; and rows that can be read.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { launch, visit as visitPage } from "./lib/browser.js";
import { sendError } from "./lib/send.js";
import { api, startServer, until } from "./lib/server.js";

const LONG_PATH = "/srv/checkout/services/of/the/shop/payments_of_customers.py";

describe("the search", () => {
  let server;
  let browser;
  before(async () => {
    [server, browser] = await Promise.all([startServer(), launch()]);
    const frames = [{ function: "settle_everything_at_once", file: LONG_PATH, line: 41, code: "post(entry)" }];
    const tags = { "größe": "sehr groß", "odd name": "x", "a$b": "7" };
    await sendError(server.agent, { type: "KeyError", message: "one", service: "checkout", frames, tags, env: "prod", version: "1.9" });
    await sendError(server.agent, { type: "KeyError", message: "one", service: "checkout", frames, tags, env: "staging", version: "1.10" });
    await sendError(server.agent, { type: "KeyError", message: "two", service: "mail", frames, env: "prod" });
    await until("both issues are there", async () => (await api(server, "/issues?from=now-1d")).issues.length === 2);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });
  const visit = (path, task, options = {}) => visitPage(browser, server, path, options, task);
  const query = (page) => new URL(page.url()).searchParams.get("q") ?? "";
  const total = (page, n) => page.getByRole("region", { name: "Issues", exact: true }).getByText(`${n} issue${n === 1 ? "" : "s"}`, { exact: true }).waitFor();
  const search = (page) => page.getByRole("combobox", { name: "Search issues" });
  const term = (page, text) => page.getByRole("list", { name: "Search terms" }).getByRole("listitem").filter({ hasText: text });

  test("a value of a tag with any letters in its name is put, and taken off again", () =>
    visit("/issues", async (page) => {
      const filters = page.getByRole("complementary", { name: "Filters" });
      const box = filters.getByRole("checkbox", { name: /^größe sehr groß/ });
      await total(page, 2);
      await filters.getByText("größe", { exact: true }).click();
      await box.click();
      await total(page, 1);
      assert.equal(query(page), '@größe:"sehr groß"');
      assert.ok(await box.isChecked());
      await filters.getByRole("button", { name: "Exclude größe sehr groß", exact: true }).click();
      await page.waitForURL((url) => url.searchParams.get("q") === '-@größe:"sehr groß"');
      await total(page, 1);
      await box.click();
      await page.waitForURL((url) => url.searchParams.get("q") === '@größe:"sehr groß"');
      await box.click();
      await total(page, 2);
      assert.equal(query(page), "");
    }));

  test("its values are completed, and a name with a space is put in quotes", () =>
    visit("/issues", async (page) => {
      const offers = page.getByRole("listbox", { name: "Completions" });
      await search(page).fill("@");
      await offers.getByRole("option", { name: "@größe:" }).waitFor();
      await search(page).fill("@größe:");
      await offers.getByRole("option", { name: "sehr groß" }).click();
      assert.equal(await search(page).inputValue(), '@größe:"sehr groß" ');
      await search(page).fill("@od");
      await offers.getByRole("option", { name: '@"odd name":' }).click();
      assert.equal(await search(page).inputValue(), '@"odd name":');
      await offers.getByRole("option", { name: /^x 1 issue/ }).click();
      await search(page).press("Enter");
      await total(page, 1);
      assert.equal(query(page), '@"odd name":x');
      const filters = page.getByRole("complementary", { name: "Filters" });
      assert.ok(await filters.getByRole("checkbox", { name: /^odd name x/ }).isChecked());
    }));

  test("the term that is not understood is marked, and the filters stay", () =>
    visit("/issues", async (page) => {
      await total(page, 2);
      await search(page).fill('"größe" service:checkout servce:x env:prod');
      await search(page).press("Enter");
      await page.getByRole("alert").getByText("did you mean `service`").waitFor();
      await term(page, "not understood").waitFor();
      assert.match(await term(page, "not understood").innerText(), /^servce:x/);
      assert.equal(await page.getByText("could not be loaded").count(), 0);
      await term(page, "not understood").getByRole("button").click();
      await page.getByRole("alert").waitFor({ state: "detached" });
      assert.equal(await term(page, "not understood").count(), 0);
    }));

  test("a query that is too long is refused, not cut", () =>
    visit("/issues", async (page) => {
      await search(page).fill(`service:checkout ${"word ".repeat(820)}`);
      await search(page).press("Enter");
      await page.getByRole("alert").getByText("longer than 4096 bytes").waitFor();
    }));

  test("the address of a page that is none leads to the first one", () =>
    visit("/issues?q=KeyError&cursor=0123abcd&page=7", async (page) => {
      await page.getByText("There is no such page of this list").waitFor();
      await page.getByRole("link", { name: "First page" }).click();
      await total(page, 2);
      assert.equal(new URL(page.url()).search, "?q=KeyError");
    }));

  test("service, environment and version of a row are whole where the place has to give way", () =>
    visit("/issues", async (page) => {
      const row = page.getByRole("row").filter({ hasText: "checkout" });
      await row.getByText("+1").waitFor();
      const cut = await row.locator(".where").evaluate((where) => [...where.querySelectorAll(".chip:not(.cause), .version")].filter((one) => [one, ...one.children].some((part) => part.scrollWidth > part.clientWidth && part.clientWidth > 0)).map((one) => one.textContent));
      assert.deepEqual(cut, []);
      assert.equal(await row.getByTitle("Environments: prod, staging").count(), 1);
    }));

  test("o opens the issue in focus, and nothing where none is", () =>
    visit("/issues", async (page) => {
      await total(page, 2);
      await page.keyboard.press("o");
      await page.keyboard.press("j");
      const link = page.locator("a.title:focus");
      const address = new URL(await link.getAttribute("href"), page.url()).href;
      await page.keyboard.press("o");
      await page.waitForURL(address);
      await page.getByRole("navigation", { name: "Parts of the issue" }).waitFor();
    }));

  test("no card opens for a row that only comes to lie under the pointer", () =>
    visit("/issues", async (page) => {
      const card = page.getByRole("group", { name: /^A look at/ });
      const rows = page.getByRole("row").filter({ has: page.locator("a.title") });
      const [first, second] = [rows.first(), rows.nth(1)];
      await total(page, 2);
      await page.clock.install();
      const box = await second.boundingBox();
      const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
      await page.mouse.move(x, y);
      await page.clock.fastForward(1_000);
      await card.waitFor();
      await page.keyboard.press("Escape");
      await first.locator("a.title").focus();
      await page.keyboard.press("p");
      await card.waitFor();
      await page.keyboard.press("Escape");
      await card.waitFor({ state: "detached" });
      await page.mouse.move(x, y);
      await page.clock.fastForward(1_000);
      assert.equal(await card.count(), 0);
      await page.mouse.move(x + 5, y);
      await page.clock.fastForward(1_000);
      await card.waitFor();
    }));
});

test("who may not see values is told so once, with a way out", async () => {
  const [server, browser] = await Promise.all([startServer({ env: { REENACT_ACCESS_LOCAL_ADMIN: "triage" } }), launch()]);
  try {
    await sendError(server.agent, { type: "KeyError", message: "one", frames: [] });
    await until("the issue is there", async () => (await api(server, "/issues?from=now-1d")).issues.length === 1);
    await visitPage(browser, server, "/issues?q=var.order%3A7", {}, async (page) => {
      await page.getByText("You may not search for this").waitFor();
      assert.equal(await page.getByText("could not be loaded").count(), 0);
      assert.equal(await page.getByRole("alert").count(), 1);
      await page.getByRole("button", { name: "Clear the search" }).click();
      await page.getByRole("row").filter({ hasText: "KeyError" }).waitFor();
    });
  } finally {
    await browser.close();
    await server.stop();
  }
});
