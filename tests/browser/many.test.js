// More issues than fit on one page.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { expectNoAxeViolations, expectNoTrouble, launch, openPage } from "./lib/browser.js";
import { sendError } from "./lib/send.js";
import { api, startServer, until } from "./lib/server.js";

const ISSUES = 120;
let server;
let browser;

before(async () => {
  [server, browser] = await Promise.all([startServer(), launch()]);
  const now = Date.now();
  for (let i = 1; i <= ISSUES; i++) {
    await sendError(server.agent, { type: `app.Problem${i}x`, message: "m", at: now - i * 1_000, frames: [{ function: `f${i}`, file: `/srv/app/f${i}.py`, line: i }] });
  }
  await until("all issues are there", async () => (await api(server, "/issues?from=now-1d")).total === ISSUES);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test("pages go forward and back, also after a detour", async () => {
  const view = await openPage(browser, server);
  const { page } = view;
  const first = (name) => page.getByRole("table").getByRole("link").first().filter({ hasText: name }).waitFor();
  const pages = page.getByRole("navigation", { name: "Pages" });
  const turn = (name) => pages.getByRole("link", { name }).click();
  await page.goto("/issues");
  await first("Problem1x");
  assert.equal(await pages.getByRole("link", { name: "Previous page" }).count(), 0);
  await turn("Next page");
  await first("Problem51x");
  await turn("Next page");
  await first("Problem101x");
  await pages.getByText("101–120 of 120").waitFor();
  assert.equal(await pages.getByRole("link", { name: "Next page" }).count(), 0);
  await page.getByRole("link", { name: /Problem101x/ }).click();
  await page.getByRole("heading", { name: "app.Problem101x" }).waitFor();
  await page.goBack();
  await turn("Previous page");
  await first("Problem51x");
  await expectNoAxeViolations(page);
  await turn("Previous page");
  await first("Problem1x");
  await pages.getByText("1–50 of 120").waitFor();
  await expectNoTrouble(view);
  await view.close();
});

test("a link into the middle has at least the way to the first page", async () => {
  const view = await openPage(browser, server);
  const { page } = view;
  await page.goto("/issues");
  await page.getByRole("link", { name: "Next page" }).click();
  await page.getByText("51–100 of 120").waitFor();
  await page.reload();
  await page.getByText("51–100 of 120").waitFor();
  await page.getByRole("link", { name: "First page" }).click();
  await page.getByText("1–50 of 120").waitFor();
  await expectNoTrouble(view);
  await view.close();
});
