// Which events are one issue: why, what is similar, merging and splitting, and a rule of one's own.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { expectNoAxeViolations, launch, visit as visitPage } from "./lib/browser.js";
import { sendError } from "./lib/send.js";
import { api, startServer, until } from "./lib/server.js";

const MINUTE = 60_000;
const IMAGE = "<img src=x onerror=alert(1)>";

const raise = (server, name, message, more = {}) =>
  sendError(server.agent, { type: `bank.${name}`, message, frames: [{ function: "charge", file: "/srv/shop/bank.py", line: 12, code: "raise" }], ...more });
const issueOf = async (server, name) => (await api(server, `/issues?query=error.type:bank.${name}&from=now-1d`)).issues[0];
const noSidewaysScrolling = async (page) => assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${page.url()} scrolls sideways`);

describe("grouping", () => {
  let server;
  let browser;
  before(async () => {
    [server, browser] = await Promise.all([startServer(), launch()]);
    await raise(server, "Declined", `card declined ${IMAGE}`, { at: Date.now() - 3 * MINUTE });
    await raise(server, "Declined", "card declined", { at: Date.now() - 2 * MINUTE });
    await raise(server, "Refused", "card refused", { at: Date.now() - MINUTE, tags: { region: "eu" } });
    await until("both issues are there", async () => (await api(server, "/issues?from=now-1d")).issues.length === 2);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });
  const visit = (path, task, options = {}) => visitPage(browser, server, path, options, task);

  test("why events are one issue is told part by part", async () => {
    const { id } = await issueOf(server, "Declined");
    for (const colorScheme of ["light", "dark"]) {
      await visit(`/issues/${id}`, async (page) => {
        await page.getByRole("navigation", { name: "Parts of the issue" }).getByRole("link", { name: "Grouping" }).click();
        const why = page.getByRole("region", { name: "Why one issue" });
        await why.getByText("Events with the same service, error type and frames of your code are one issue.").waitFor();
        await why.getByRole("row", { name: /frame charge in shop\/bank\.py/ }).waitFor();
        await why.getByRole("row", { name: /message .* there is a stack/ }).waitFor();
        assert.equal(await page.locator("main img").count(), 0);
        await page.getByText("Nothing was merged into this issue.").waitFor();
        await expectNoAxeViolations(page);
        await noSidewaysScrolling(page);
      }, { colorScheme });
    }
    await visit(`/issues/${id}/grouping`, async (page) => {
      await page.getByRole("region", { name: "Why one issue" }).getByText("charge in shop/bank.py").waitFor();
      await noSidewaysScrolling(page);
    }, { viewport: { width: 390, height: 800 } });
  });

  test("a similar issue says why, is merged, found under its old address, and split off again", async () => {
    const [one, other] = [await issueOf(server, "Declined"), await issueOf(server, "Refused")];
    await visit(`/issues/${one.id}/similar`, async (page) => {
      const similar = page.getByRole("region", { name: "Similar issues" });
      const found = similar.getByRole("listitem").filter({ hasText: "bank.Refused" });
      await found.getByText(/raised by charge in shop\/bank\.py too/).waitFor();
      await expectNoAxeViolations(page);
      await found.getByRole("button", { name: /^Merge into this one: bank\.Refused/ }).click();
      await page.getByRole("region", { name: "Messages" }).getByText("Merged into bank.Declined: 1 issue").waitFor();
      await page.getByText("No issue resembles this one").waitFor();
    });
    await visit(`/issues/${other.id}/grouping`, async (page) => {
      await page.waitForURL(new RegExp(`/issues/${one.id}/grouping`));
      const members = page.getByRole("region", { name: "Merged issues" });
      const member = members.getByRole("listitem").filter({ hasText: other.id });
      await member.getByText("merged by local admin").waitFor();
      await members.getByText("the issue itself").waitFor();
      // The parts below are those of the newest event, and say whose.
      await page.getByText("The newest event is of bank.Refused, which was merged into this issue.").waitFor();
      await expectNoAxeViolations(page);
      await page.getByRole("navigation", { name: "Parts of the issue" }).getByRole("link", { name: "Activity" }).click();
      await page.getByText(`merged ${other.id} into it`).waitFor();
      await page.goBack();
      await member.getByRole("button", { name: /^Split off/ }).click();
      await page.getByText("Nothing was merged into this issue.").waitFor();
      await page.keyboard.press("Escape");
    });
    assert.equal((await api(server, "/issues?from=now-1d")).total, 2);
  });

  test("an issue is split by its message, after a preview", async () => {
    const { id } = await issueOf(server, "Declined");
    await visit(`/issues/${id}/grouping`, async (page) => {
      const form = page.getByRole("region", { name: "Split by a component" });
      await form.getByRole("combobox", { name: "Split by" }).selectOption("env");
      await form.getByRole("button", { name: "Preview" }).click();
      await form.getByText(/^The events do not differ in this/).waitFor();
      await form.getByRole("combobox", { name: "Split by" }).selectOption("message");
      await form.getByRole("button", { name: "Preview" }).click();
      await form.getByText("1 issue would become 2").waitFor();
      assert.equal(await page.locator("main img").count(), 0);
      await expectNoAxeViolations(page);
      await form.getByRole("button", { name: "Add the rule" }).click();
      await form.getByText("The rule is in force.").waitFor();
    });
    await raise(server, "Declined", "card declined");
    await until("the next event is an issue of its own", async () => (await api(server, "/issues?from=now-1d")).total === 3);
  });

  test("a rule is written, its mistake is shown in its place, previewed, saved and in force", () =>
    visit("/settings/grouping", async (page) => {
      await page.getByRole("heading", { name: "Rule 1" }).waitFor();
      await page.getByRole("button", { name: "Add a rule" }).click();
      const rule = page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: "Rule 2" }) });
      await rule.getByRole("textbox", { name: "Name" }).fill("Refusals by region");
      await rule.getByRole("textbox", { name: "Which events" }).fill("type:bank.Refused");
      await rule.getByRole("textbox", { name: "Fingerprint" }).fill("refused {{regio}}");
      await page.getByRole("button", { name: "Preview" }).click();
      await rule.getByText(/unknown component `regio`/).waitFor();
      await expectNoAxeViolations(page);
      await rule.getByRole("textbox", { name: "Fingerprint" }).fill("refused ");
      await rule.getByRole("group", { name: /^Components/ }).getByRole("button", { name: "tag.…" }).click();
      assert.equal(await rule.getByRole("textbox", { name: "Fingerprint" }).inputValue(), "refused {{tag.region}}");
      await page.getByRole("button", { name: "Preview" }).click();
      const preview = page.getByRole("region", { name: "Preview" });
      await preview.getByText(/^1 issue would become 1/).waitFor();
      await preview.getByText("Refusals by region: 1 event").waitFor();
      await rule.getByRole("button", { name: "Move rule 2 up" }).click();
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText(/^Saved as version/).waitFor();
      await noSidewaysScrolling(page);
      const { rules } = await api(server, "/grouping/rules");
      assert.equal(rules[0].name, "Refusals by region");
      await raise(server, "Refused", "card refused", { tags: { region: "eu" } });
      await until("it decides", async () => {
        const { issues } = await api(server, "/issues?query=type:bank.Refused&from=now-1d");
        return issues.length === 2;
      });
      await page.goto("/issues?q=type:bank.Refused");
      await page.getByRole("link", { name: /bank\.Refused/ }).first().click();
      await page.getByRole("navigation", { name: "Parts of the issue" }).getByRole("link", { name: "Grouping" }).click();
      await page.getByText('The rule "Refusals by region" says what these events have in common.').waitFor();
    }));

  test("an answer about another range than the one that is chosen is not shown", () =>
    visit("/settings/grouping", async (page) => {
      for (const [region, button] of [["Preview", "Preview"], ["Stored events", "Look what would move"]]) {
        const part = page.getByRole("region", { name: region });
        const range = part.getByRole("combobox", { name: /^Events of/ });
        const said = part.getByText(/events? (was|were) looked at/).first();
        let go;
        const held = new Promise((resolve) => { go = resolve; });
        await page.route("**/grouping/preview", async (route) => { await held; await route.continue(); });
        await part.getByRole("button", { name: button }).click();
        await part.getByRole("button", { name: "Looking…" }).waitFor();
        await range.selectOption("now-1d");
        go();
        await part.getByRole("button", { name: button }).waitFor();
        assert.equal(await said.count(), 0);
        await part.getByRole("button", { name: button }).click();
        await said.waitFor();
        await range.selectOption("now-30d");
        await said.waitFor({ state: "detached" });
        await page.unroute("**/grouping/preview");
      }
    }));

  test("stored events are looked at, moved to where the rules put them, and the old address leads there", async () => {
    const { id } = await issueOf(server, "Declined");
    for (const colorScheme of ["light", "dark"]) {
      await visit("/settings/grouping", async (page) => {
        const stored = page.getByRole("region", { name: "Stored events" });
        await stored.getByRole("button", { name: "Look what would move" }).click();
        await stored.getByText(/^Looked at/).or(stored.getByText(/would become|Nothing would change/)).first().waitFor();
        assert.equal(await page.locator("main img").count(), 0);
        await expectNoAxeViolations(page);
        await noSidewaysScrolling(page);
        if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/regroup-${colorScheme}.png`, fullPage: true });
        await stored.getByRole("button", { name: "Move events…" }).click();
        await page.getByRole("dialog").getByRole("button", { name: "Move" }).click();
        await stored.getByRole("article", { name: "Grouping again, done" }).first().waitFor();
        await expectNoAxeViolations(page);
      }, { colorScheme });
    }
    const { jobs } = await api(server, "/jobs");
    assert.deepEqual(jobs.map((job) => [job.kind, job.state, job.changed > 0]), [["regroup", "done", false], ["regroup", "done", true]]);
    await visit(`/issues/${id}/activity`, async (page) => {
      await page.getByText(/moved \d+ events? of it to/).or(page.getByText(/moved \d+ events? of .* into it/)).first().waitFor();
    });
  });
});
