// Exceptions within an exception group.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { expectNoAxeViolations, expectNoTrouble, launch, openPage, tabTo } from "./lib/browser.js";
import { int, sendError } from "./lib/send.js";
import { api, startServer, until } from "./lib/server.js";

const IMAGE = "<img src=x onerror=alert(1)>";
const STACK = `  + Exception Group Traceback (most recent call last):
  |   File "/srv/app/jobs.py", line 34, in checkout
  |     raise ExceptionGroup("checkout failed", errors)
  | ExceptionGroup: checkout failed (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/srv/app/jobs.py", line 26, in charge
    |     fee = amount / rate
    | ZeroDivisionError: division by zero
    | 
    | During handling of the above exception, another exception occurred:
    | 
    | Traceback (most recent call last):
    |   File "/srv/app/jobs.py", line 28, in charge
    |     raise Declined("while charging")
    | jobs.Declined: while charging
    +---------------- 2 ----------------
    | Exception Group Traceback (most recent call last):
    |   File "/srv/app/jobs.py", line 21, in deliver
    |     raise ExceptionGroup("delivery", errors)
    | ExceptionGroup: delivery (1 sub-exception)
    +-+---------------- 1 ----------------
      | ValueError: ${IMAGE} \u202edrowssap
      +------------------------------------
`;

describe("an exception group", () => {
  let server;
  let browser;
  let issue;

  before(async () => {
    [server, browser] = await Promise.all([startServer(), launch()]);
    await sendError(server.agent, {
      type: "builtins.ExceptionGroup", message: "checkout failed (2 sub-exceptions)", stack: STACK,
      frames: [{ function: "checkout", file: "/srv/app/jobs.py", line: 34, values: { locals: { order: int(17) } } }],
    });
    issue = await until("the error has its values", async () => (await api(server, "/issues?from=now-1d")).issues.find((i) => i.has_values));
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const member = (page, name) => page.getByRole("link", { name });

  test("shows its members as a tree, and what they say as text", async () => {
    const view = await openPage(browser, server);
    const { page } = view;
    await page.goto(`/issues/${issue.id}`);
    await page.getByRole("heading", { name: "2 exceptions in this group" }).waitFor();
    await member(page, /^1 of 2:\s+jobs\.Declined\s+while charging/).waitFor();
    const outer = page.getByRole("list", { name: "Exceptions in ExceptionGroup" }).first();
    await outer.getByRole("list", { name: "Exceptions in ExceptionGroup" }).getByRole("link", { name: /^1 of 1:\s+ValueError/ }).waitFor();
    await page.getByText(IMAGE).first().waitFor();
    assert.equal(await page.locator("main img").count(), 0);
    assert.doesNotMatch(await page.locator("body").innerText(), /\u202e/);
    assert.equal(await page.getByText("Note", { exact: true }).count(), 0, "the members are not told twice");

    await member(page, /^1 of 2/).click();
    await page.getByText("while handling", { exact: true }).waitFor();
    await member(page, /^charge.*:26, raised here/).click();
    await page.getByText("fee = amount / rate").waitFor();
    await page.reload();
    await page.getByText("fee = amount / rate").waitFor();
    await page.getByRole("treeitem", { name: /^order int 17/ }).waitFor();
    await expectNoAxeViolations(page);
    await expectNoTrouble(view);
    await view.close();
  });

  test("by keyboard, and on a narrow screen", async () => {
    const view = await openPage(browser, server, { viewport: { width: 320, height: 844 }, colorScheme: "dark" });
    const { page } = view;
    await page.goto(`/issues/${issue.id}`);
    await member(page, /^1 of 2/).waitFor();
    await tabTo(page, member(page, /^1 of 2/));
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent.trim() ?? "");
    await page.keyboard.press("ArrowDown");
    assert.match(await focused(), /^2\s+of 2:\s+ExceptionGroup/);
    await page.keyboard.press("ArrowDown");
    assert.match(await focused(), /^1\s+of 1:\s+ValueError/);
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("ArrowRight");
    await member(page, /^deliver/).waitFor();
    await page.keyboard.press("ArrowDown");
    assert.match(await focused(), /^deliver/);
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("ArrowLeft");
    await member(page, /^deliver/).waitFor({ state: "detached" });
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "no sideways scrolling");
    await expectNoAxeViolations(page);
    await expectNoTrouble(view);
    await view.close();
  });
});
