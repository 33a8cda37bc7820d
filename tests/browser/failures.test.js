// What the pages say when the server fails, and how they come back.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { expectNoAxeViolations, expectNoTrouble, launch, openPage } from "./lib/browser.js";
import { int, sendError } from "./lib/send.js";
import { api, startServer, until } from "./lib/server.js";

describe("when the server fails", () => {
  let server;
  let browser;
  let issue;

  before(async () => {
    [server, browser] = await Promise.all([startServer(), launch()]);
    await sendError(server.agent, {
      type: "builtins.ValueError", message: "hello", frames: [{ function: "main", file: "/srv/app/main.py", line: 3, values: { locals: { answer: int(42) } } }],
    });
    issue = await until("the error is there", async () => (await api(server, "/issues?from=now-1d")).issues[0]);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  async function visit(path, task, prepare = async () => {}) {
    const view = await openPage(browser, server);
    await prepare(view.page);
    await view.page.goto(path);
    await task(view.page);
    await expectNoTrouble(view);
    await view.close();
  }
  const API = "**/api/v1/**";
  const refuse = (page, what = API) => page.route(what, (route) => route.abort("connectionrefused"));
  const fail = (page, what) => page.route(what, (route) => route.fulfill({ status: 500, json: { error: { code: "internal", message: "the disk is on fire", request_id: "r-17" } } }));
  const row = (page) => page.getByRole("link", { name: /ValueError/ });

  test("a list without a server says so, and comes by itself when there is one again", () =>
    visit("/issues", async (page) => {
      await page.getByRole("alert").filter({ hasText: "The issues could not be loaded" }).waitFor();
      await page.getByText("No connection to the server").waitFor();
      await expectNoAxeViolations(page);
      await page.unroute(API);
      await row(page).waitFor();
      await page.getByText("No connection to the server").waitFor({ state: "detached" });
      await page.getByRole("alert").first().waitFor({ state: "detached" });
    }, refuse));

  test("a page that loses its server keeps what it shows, without moving it, and says that it is old", () =>
    visit(`/issues/${issue.id}`, async (page) => {
      const tree = page.getByRole("tree");
      await tree.waitFor();
      const place = await tree.boundingBox();
      await refuse(page);
      await page.evaluate(() => dispatchEvent(new Event("online")));
      await page.getByText("No connection to the server").waitFor();
      await page.getByText(/It last answered/).waitFor();
      assert.deepEqual(await tree.boundingBox(), place);
      await page.unroute(API);
      await page.getByRole("button", { name: "Try now" }).click();
      await page.getByText("No connection to the server").waitFor({ state: "detached" });
    }));

  for (const [what, address, words] of [
    ["the list", "**/api/v1/issues?*", "The issues could not be loaded"], ["the chart", "**/api/v1/histogram?*", "The chart could not be loaded"],
    ["the filters", "**/api/v1/facets?*", "The filters could not be loaded"],
  ]) {
    test(`${what} alone may fail: the reason, the request, and a button that asks again`, () =>
      visit("/issues", async (page) => {
        const alert = page.getByRole("alert").filter({ hasText: words });
        await alert.getByText("the disk is on fire").waitFor();
        await alert.getByText("r-17").waitFor();
        await page.unroute(address);
        await alert.getByRole("button", { name: "Try again" }).click();
        await alert.waitFor({ state: "detached" });
      }, (page) => fail(page, address)));
  }

  test("a list that cannot be refreshed stays, and says that it is old", () =>
    visit("/issues", async (page) => {
      await row(page).waitFor();
      await fail(page, "**/api/v1/issues?*");
      await page.getByRole("button", { name: "Refresh" }).click();
      await page.getByRole("alert").filter({ hasText: "The list could not be refreshed" }).waitFor();
      await row(page).waitFor();
    }));

  test("the list of another search is not left standing for one that failed", () =>
    visit("/issues", async (page) => {
      await row(page).waitFor();
      await fail(page, "**/api/v1/issues?*");
      await page.getByRole("combobox", { name: "Search issues" }).fill("service:nobody");
      await page.keyboard.press("Enter");
      await page.getByRole("alert").filter({ hasText: "The issues could not be loaded" }).waitFor();
      await row(page).waitFor({ state: "detached" });
    }));

  test("a slow answer is said to be slow", () =>
    visit("/issues", async (page) => {
      await page.getByText("Loading issues…").waitFor();
      await page.getByText("It takes longer than usual.").last().waitFor({ timeout: 10_000 });
    }, (page) => page.route("**/api/v1/issues?*", () => {})));

  test("a search that is not understood offers a way out on an empty page too", () =>
    visit("/issues?q=nonsense%3A1", async (page) => {
      await page.getByText("The search is not understood").waitFor();
      await page.getByRole("button", { name: "Clear the search" }).click();
      await row(page).waitFor();
    }));

  test("what is not there any more is named, with a way on", async () => {
    await visit("/issues/0123456789abcdef/events", (page) => page.getByText("There is no such issue").waitFor());
    await visit(`/issues/${issue.id}/events/${"0".repeat(32)}`, async (page) => {
      await page.getByText("This occurrence is not here any more").waitFor();
      await page.getByRole("link", { name: "Show the newest occurrence" }).click();
      await page.getByRole("tree").waitFor();
    });
    const { latest_event_id: event } = await api(server, `/issues/${issue.id}`);
    await visit(`/issues/0123456789abcdef/events/${event}`, (page) => page.getByText("There is no such issue").waitFor());
  });
});
