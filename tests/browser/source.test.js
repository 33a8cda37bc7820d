// From an issue to the commit that brought it and to its owners; and setting a repository up.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { expectNoAxeViolations, launch, visit as visitPage } from "./lib/browser.js";
import { int, sendError } from "./lib/send.js";
import { api, startServer, until } from "./lib/server.js";

const HOUR = 3_600_000;
const HOSTILE = "<img src=x onerror=alert(1)>";
const LINES = ["import math", "", "", "def charge(amount, rate):", '    """Takes the money."""', "    total = amount / rate", "    return math.floor(total)", ""];

function git(folder, at, author, ...args) {
  const date = `@${Math.floor(at / 1000)} +0000`;
  const env = {
    PATH: process.env.PATH, HOME: "/nonexistent", GIT_CONFIG_NOSYSTEM: "1", GIT_AUTHOR_NAME: author, GIT_AUTHOR_EMAIL: "a@example.org",
    GIT_COMMITTER_NAME: author, GIT_COMMITTER_EMAIL: "a@example.org", GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date,
  };
  return execFileSync("git", args, { cwd: folder, env, encoding: "utf8" }).trim();
}

describe("the source of an issue", () => {
  let server, browser, folder, issue;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "reenact-clone-"));
    const now = Date.now();
    const commit = (text, message, author, hours) => {
      mkdirSync(join(folder, "shop"), { recursive: true });
      writeFileSync(join(folder, "shop/gateway.py"), text);
      writeFileSync(join(folder, "CODEOWNERS"), "*  @org/everybody\nshop/  @org/payments ada@example.org\n");
      git(folder, now, author, "add", "--all");
      git(folder, now - hours * HOUR, author, "commit", "--quiet", "--message", message);
    };
    git(folder, now, "Ada", "init", "--quiet", "--initial-branch=main");
    commit(LINES.map((line) => line.replace("amount / rate", "amount * rate")).join("\n"), "Begin", "Ada", 900);
    commit(LINES.join("\n"), `Divide by the rate ${HOSTILE} (#41)\n\nRates are per unit now.\n\u202eevil`, `Grace ${HOSTILE}`, 5);
    git(folder, now, "Ada", "remote", "add", "origin", "https://grace:secret@github.com/example/shop.git");
    [server, browser] = await Promise.all([startServer(), launch()]);
    await sendError(server.agent, {
      type: "builtins.ZeroDivisionError", message: "division by zero", at: now - HOUR,
      frames: [{ function: "charge", file: "/srv/app/shop/gateway.py", line: 6, code: "total = amount / rate", values: { arguments: { amount: int(12), rate: int(0) } } }],
    });
    await until("the error is there", async () => {
      const { issues } = await api(server, "/issues?from=now-1d");
      issue = issues[0];
      return issue !== undefined && issue.has_values;
    });
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const visit = (path, options, task) => visitPage(browser, server, path, options, task);

  test("without a repository the issue says so, and leads to where one is set up", () =>
    visit(`/issues/${issue.id}`, {}, async (page) => {
      const card = page.getByRole("region", { name: "Suspect commit" });
      await card.getByText("No repository is set up for the service shop.").waitFor();
      await card.getByRole("link", { name: "Set one up" }).click();
      await page.getByRole("heading", { name: "Repositories", level: 1 }).waitFor();
      await page.getByText("No repository is set up", { exact: true }).waitFor();

      // By keyboard; what is wrong stands at its field.
      await page.keyboard.press("a");
      const panel = page.getByRole("dialog");
      await panel.getByLabel("Name", { exact: true }).fill("shop");
      await panel.getByLabel("Folder of the clone").fill("/nonexistent");
      await panel.getByRole("textbox", { name: "Add to services" }).fill("shop");
      await page.keyboard.press("Enter");
      await panel.getByRole("button", { name: "Add the repository" }).click();
      await panel.getByRole("alert").getByText("there is no folder `/nonexistent`").waitFor();
      await expectNoAxeViolations(page);
      await panel.getByLabel("Folder of the clone").fill(folder);
      await panel.getByRole("button", { name: "Add the repository" }).click();
      await page.getByRole("heading", { name: "shop", level: 2 }).waitFor();
      await page.getByText(/main at .*: Divide by the rate/).waitFor();
      assert.equal(await page.getByText("secret").count(), 0);
      await expectNoAxeViolations(page);
    }));

  test("the issue names its suspect commit, its owners and its suspected cause", async () => {
    for (const colorScheme of ["light", "dark"]) {
      await visit(`/issues/${issue.id}`, { colorScheme }, async (page) => {
        const suspect = page.getByRole("region", { name: "Suspect commit" });
        await suspect.getByText("Changed line 6 of shop/gateway.py, the line that raised, 4 hours before the first occurrence.").waitFor();
        await suspect.getByRole("heading", { name: `Divide by the rate ${HOSTILE} (#41)` }).waitFor();
        assert.equal(await page.locator("aside img").count(), 0, "names and messages are text");
        assert.match(await suspect.getByRole("link", { name: "#41" }).getAttribute("href"), /^https:\/\/github\.com\/example\/shop\/pull\/41$/);
        assert.match(await suspect.getByRole("link", { name: /^Open commit/ }).first().getAttribute("href"), /^https:\/\/github\.com\/example\/shop\/commit\/[0-9a-f]{40}$/);
        const ownership = page.getByRole("region", { name: "Ownership" });
        await ownership.getByText("@org/payments").waitFor();
        await ownership.getByRole("link", { name: "CODEOWNERS, line 2" }).waitFor();
        await page.getByTitle(/^Suspected cause: .*ZeroDivisionError/).waitFor();

        // The frame has its lines and its link.
        const source = page.getByRole("group", { name: "Source" }).first();
        await source.getByText("def charge(amount, rate):").waitFor();
        await page.getByText(/^From the repository at/).waitFor();
        assert.match(await page.getByRole("link", { name: "Open shop/gateway.py in the repository" }).getAttribute("href"), /\/blob\/[0-9a-f]{40}\/shop\/gateway\.py#L6$/);
        await expectNoAxeViolations(page);
        if (process.env.SHOTS) await page.screenshot({ path: join(process.env.SHOTS, `source-${colorScheme}.png`), fullPage: true });
      });
    }
  });

  test("the list can be narrowed to a suspected cause", () =>
    visit("/issues", {}, async (page) => {
      await page.getByRole("checkbox", { name: /^Suspected cause Invalid input/ }).click();
      await page.waitForURL(/q=cause%3Ainvalid_input/);
      await page.getByRole("link", { name: /ZeroDivisionError in charge/ }).waitFor();
      if (process.env.SHOTS) await page.screenshot({ path: join(process.env.SHOTS, "source-list.png") });
    }));

  test("owners are a filter that can be added, and their issues are found", () =>
    visit("/issues", {}, async (page) => {
      const filters = page.getByRole("complementary", { name: "Filters" });
      await page.getByRole("button", { name: "Choose filters" }).click();
      await filters.getByRole("checkbox", { name: "Owner" }).check();
      await filters.getByRole("button", { name: "Done" }).click();
      await filters.getByRole("checkbox", { name: /^Owner @org\/payments/ }).click();
      await page.waitForURL((url) => url.searchParams.get("q") === "owner:@org/payments");
      await page.getByRole("link", { name: /ZeroDivisionError in charge/ }).waitFor();
      const search = page.getByRole("combobox", { name: "Search issues" });
      await search.fill("owner:");
      await page.getByRole("option", { name: /^ada@example\.org/ }).waitFor();
      await search.fill("owner:none");
      await page.keyboard.press("Enter");
      await page.getByText("No issues match").waitFor();
    }));

  test("the suspected cause is set by keyboard, undone, and given back to the events", async () => {
    for (const options of [{ colorScheme: "light" }, { colorScheme: "dark", viewport: { width: 390, height: 800 } }]) {
      await visit(`/issues/${issue.id}`, options, async (page) => {
        const menu = page.getByRole("button", { name: /^Suspected cause: / });
        const is = (cause) => until(`the cause is ${cause}`, async () => (await api(server, `/issues/${issue.id}`)).cause === cause);
        await menu.focus();
        await page.keyboard.press("Enter");
        await page.getByRole("menuitem", { name: "Timeout" }).waitFor();
        await expectNoAxeViolations(page);
        if (process.env.SHOTS) await page.screenshot({ path: join(process.env.SHOTS, `cause-${options.colorScheme}.png`) });
        await page.keyboard.press("ArrowDown");
        await page.keyboard.press("Enter");
        await is("timeout");
        await page.getByRole("button", { name: /^Suspected cause: Timeout \(set by local admin/ }).waitFor();
        await page.keyboard.press("u");
        await is("invalid_input");
        await menu.click();
        await page.getByRole("menuitem", { name: "None of these" }).click();
        await is("unknown");
        await page.getByRole("button", { name: /^Suspected cause: No cause/ }).click();
        await page.getByRole("menuitem", { name: "As its events tell" }).click();
        await is("invalid_input");
      });
    }
  });

  test("settings on a narrow screen, and forgetting", () =>
    visit("/settings/repositories", { viewport: { width: 390, height: 800 }, colorScheme: "dark" }, async (page) => {
      await page.getByRole("heading", { name: "shop", level: 2 }).waitFor();
      await expectNoAxeViolations(page);
      if (process.env.SHOTS) await page.screenshot({ path: join(process.env.SHOTS, "source-settings.png") });
      await page.getByRole("button", { name: "Delete shop" }).click();
      await page.getByRole("button", { name: "Forget" }).click();
      await page.getByText("No repository is set up", { exact: true }).waitFor();
    }));
});
