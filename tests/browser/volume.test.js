// What is kept of what arrives: limits in force, what was not kept, and a rule of one's own.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { expectNoAxeViolations, launch, visit as visitPage } from "./lib/browser.js";
import { sendError } from "./lib/send.js";
import { api, startServer, until } from "./lib/server.js";

const IMAGE = "<img src=x onerror=alert(1)>";

const raise = (server, name, message, more = {}) =>
  sendError(server.agent, { type: `bank.${name}`, message, frames: [{ function: "charge", file: "/srv/shop/bank.py", line: 12, code: "raise" }], ...more });
const noSidewaysScrolling = async (page) => assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${page.url()} scrolls sideways`);

describe("volume", () => {
  let server;
  let browser;
  before(async () => {
    [server, browser] = await Promise.all([startServer({ env: { REENACT_LIMITS_ISSUE_EVENTS_PER_MINUTE: "2" } }), launch()]);
    for (let n = 0; n < 5; n += 1) await raise(server, "Declined", `card declined ${IMAGE}`);
    await until("the issue is there", async () => (await api(server, "/issues?from=now-1d")).issues.length === 1);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });
  const visit = (path, task, options = {}) => visitPage(browser, server, path, options, task);

  test("limits and what was over them are shown", async () => {
    for (const options of [{ colorScheme: "light" }, { colorScheme: "dark" }, { viewport: { width: 390, height: 800 } }]) {
      await visit("/settings/volume", async (page) => {
        const limits = page.getByRole("region", { name: "Limits in force" });
        await limits.getByText("2 events per minute").waitFor();
        await limits.getByText("unlimited", { exact: true }).waitFor();
        const dropped = page.getByRole("region", { name: "Not kept in 24 hours" });
        await dropped.getByText("3 events were not kept: 0 by rules, 3 over a limit.").waitFor();
        await dropped.getByRole("link", { name: "bank.Declined" }).waitFor();
        await page.getByText("No rules").waitFor();
        assert.equal(await page.locator("main img").count(), 0);
        await expectNoAxeViolations(page);
        await noSidewaysScrolling(page);
      }, options);
    }
  });

  test("an issue says what it lost", () =>
    visit("/settings/volume", async (page) => {
      await page.getByRole("link", { name: "bank.Declined" }).click();
      await page.getByText(/^3 events were not kept because of the rate limit since /).waitFor();
      await expectNoAxeViolations(page);
    }));

  test("a rule is written, its mistake is shown in its place, saved, in force and counted", () =>
    visit("/settings/volume", async (page) => {
      await page.getByRole("button", { name: "Add a rule" }).first().click();
      const rule = page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: "Rule 1" }) });
      await rule.getByRole("textbox", { name: "Name" }).fill("No refusals");
      await rule.getByRole("textbox", { name: "Which events" }).fill("typ:bank.Refused");
      await page.getByRole("button", { name: "Save" }).click();
      await rule.getByText(/unknown key `typ`|did you mean `type`/).waitFor();
      await expectNoAxeViolations(page);
      await rule.getByRole("textbox", { name: "Which events" }).fill("type:bank.Refused");
      await rule.getByRole("combobox", { name: "They are" }).selectOption("keep");
      const share = rule.getByRole("spinbutton", { name: "Of 100 events of rule 1 keep" });
      for (const wrong of ["5000", "12.5", ""]) {
        for (const button of ["Save", "Preview"]) {
          await share.fill("7");
          await rule.getByText(/^keep a whole number/).waitFor({ state: "detached" });
          await share.fill(wrong);
          await page.getByRole("button", { name: button }).click();
          await rule.getByText(/^keep a whole number from 1 to 100/).waitFor();
          assert.equal(await share.inputValue(), wrong);
        }
      }
      await expectNoAxeViolations(page);
      assert.equal((await api(server, "/volume/rules")).version, 0);
      await share.fill("25");
      await rule.getByRole("combobox", { name: "They are" }).selectOption("drop");
      await rule.getByRole("textbox", { name: "Which events" }).fill("type:bank.Declined");
      const preview = page.getByRole("region", { name: "Preview" });
      await preview.getByRole("button", { name: "Preview" }).click();
      await preview.getByText("2 of 2 events would not be kept: 2 by rules.").waitFor();
      await preview.getByRole("row", { name: /^No refusals 2 2$/ }).waitFor();
      await preview.getByRole("link", { name: "bank.Declined" }).waitFor();
      assert.equal(await page.locator("main img").count(), 0);
      await expectNoAxeViolations(page);
      await noSidewaysScrolling(page);
      await rule.getByRole("textbox", { name: "Which events" }).fill("type:bank.Refused");
      const limit = preview.getByRole("spinbutton", { name: "with a limit per minute of each issue" });
      await limit.pressSequentially("2e");
      await preview.getByRole("button", { name: "Preview" }).click();
      await preview.getByText(/^A limit of each issue is a whole number from 1 to/).waitFor();
      await limit.fill("1");
      await preview.getByRole("alert").waitFor({ state: "detached" });
      await page.keyboard.press("Enter");
      await preview.getByText("1 of 2 events would not be kept: 0 by rules, 1 over a limit.").waitFor();
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText(/^Saved as version 1/).waitFor();
      const { rules } = await api(server, "/volume/rules");
      assert.deepEqual([rules[0].name, rules[0].action, rules[0].keep_percent], ["No refusals", "drop", 100]);
      await raise(server, "Refused", "card refused");
      await until("it is counted", async () => (await api(server, "/volume")).filtered === 1);
      await page.reload();
      await rule.getByText("1 event not kept in 24 hours").waitFor();
      await page.getByRole("region", { name: "Not kept in 24 hours" }).getByRole("cell", { name: "No refusals" }).waitFor();
      assert.equal((await api(server, "/issues?from=now-1d")).total, 1);
      await noSidewaysScrolling(page);
    }));
});
