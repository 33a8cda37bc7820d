// A test of an occurrence in its drawer: what it calls, how near its inputs come, and the ways to take it along.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { expectNoAxeViolations, launch, visit as visitPage } from "./lib/browser.js";
import { int, object, sendError, str } from "./lib/send.js";
import { api, startServer, until } from "./lib/server.js";

const HOSTILE = "</pre><img src=x onerror=alert(1)>";

describe("a test that raises an exception again", () => {
  let server, browser, events;

  before(async () => {
    [server, browser] = await Promise.all([startServer(), launch()]);
    const handle = { function: "handle", file: "/srv/shop/worker.py", line: 12, code: "charge(order)", values: { arguments: { order: int(7) } } };
    const values = { arguments: { amount: int(12), note: str(HOSTILE), password: str("hunter2"), gateway: object("shop.gateway.Gateway", { url: str("/pay") }) } };
    const charge = { function: "charge", file: "/srv/shop/gateway.py", line: 6, code: "return amount / 0", values };
    await sendError(server.agent, { type: "builtins.ZeroDivisionError", message: "division by zero", frames: [handle, charge] });
    await sendError(server.agent, { type: "builtins.KeyError", message: "'bare'", frames: [{ function: "bare", file: "/srv/shop/bare.py", line: 3 }] });
    await sendError(server.agent, { type: "builtins.ValueError", message: "no name", frames: [{ function: "<lambda>", file: "/srv/shop/my-app.py", line: 5, values: { arguments: { x: int(1) } } }] });
    await sendError(server.agent, { type: "builtins.IndexError", message: "no more", frames: [{ function: "<lambda>", file: "/srv/shop/bare.py", line: 5, values: { arguments: { x: int(1) } } }] });
    events = await until("the errors have their values", async () => {
      const { issues } = await api(server, "/issues?from=now-1d");
      if (issues.length !== 4) return null;
      const found = await Promise.all(issues.map(async (one) => [one.type, (await api(server, `/issues/${one.id}/events?from=now-1d`)).events[0]]));
      const all = Object.fromEntries(found);
      return all.ZeroDivisionError.has_values && all.ValueError.has_values && all.IndexError.has_values ? all : null;
    });
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const visit = (type, options, task) => visitPage(browser, server, `/events/${events[type].id}`, options, task);
  const drawer = (page) => page.getByRole("dialog", { name: "Reproduce" });
  const shot = async (page, name) => { if (process.env.SHOTS) await page.screenshot({ path: join(process.env.SHOTS, `reproduce-${name}.png`) }); };

  test("the fidelity of each input, the text as text, copied, downloaded, and closed by keyboard", () =>
    visit("ZeroDivisionError", { permissions: ["clipboard-read", "clipboard-write"] }, async (page) => {
      const asked = [];
      page.on("request", (request) => { if (request.url().includes("/reproduction")) asked.push(request.url()); });
      const button = page.getByRole("button", { name: "Reproduce" });
      await button.waitFor();
      assert.deepEqual(asked, []);
      await button.focus();
      await page.keyboard.press("Enter");
      const inputs = drawer(page).getByRole("list", { name: "How near each input comes" }).getByRole("listitem");
      // The deepest function lacks its password; the one that called it has all of its inputs.
      await drawer(page).getByText("The one input is as it was captured.").waitFor();
      assert.equal(asked.length, 1);
      await drawer(page).getByText("1 frame passed over").click();
      await drawer(page).getByRole("list", { name: "Frames passed over" }).getByText(/Frame 1, charge: its input `password` is not what it was/).waitFor();

      await drawer(page).getByRole("combobox", { name: "Function to call" }).selectOption("1");
      await drawer(page).getByText(/of 4 inputs (is|are) as captured\./).waitFor();
      assert.match(asked[1], /\?frame=1$/);
      const said = await inputs.allInnerTexts();
      assert.ok(said.some((text) => /^amount\s+exact/.test(text)), said.join("\n"));
      assert.ok(said.some((text) => /^password\s+redacted, fill in\s+\S/.test(text)), said.join("\n"));
      const text = await drawer(page).getByRole("region", { name: "Text of the test" }).innerText();
      assert.ok(text.includes(HOSTILE), text);
      assert.ok(!text.includes("hunter2"));
      assert.equal(await drawer(page).locator("img").count(), 0);

      await expectNoAxeViolations(page);
      await shot(page, "light");
      await drawer(page).getByRole("button", { name: "Copy the test" }).click();
      const copied = await until("the test is copied", () => page.evaluate(() => navigator.clipboard.readText()));
      assert.match(copied, /ZeroDivisionError/);
      const [download] = await Promise.all([page.waitForEvent("download"), drawer(page).getByRole("button", { name: "Download" }).click()]);
      assert.match(download.suggestedFilename(), /^test_\w+\.py$/);
      assert.equal(readFileSync(await download.path(), "utf8"), copied);
      await drawer(page).getByRole("button", { name: "Copy the command" }).click();
      await until("the command is copied", async () => (await page.evaluate(() => navigator.clipboard.readText())) === `reenact reproduce ${events.ZeroDivisionError.id} --run --frame 1`);

      // The same occurrence in a debugger.
      const section = drawer(page).getByRole("region", { name: "In a debugger" });
      const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
      for (const [label, command] of [["Copy for a prompt", "--pdb"], ["Copy for a debugger", "--port 4711"]]) {
        await section.getByRole("button", { name: label }).click();
        await until(`${command} is copied`, async () => (await clipboard()) === `reenact debug ${events.ZeroDivisionError.id} ${command}`);
      }
      await section.getByRole("button", { name: "Copy launch.json" }).click();
      const launchFile = await until("launch.json is copied", async () => (await clipboard()).startsWith("{") && JSON.parse(await clipboard()));
      assert.deepEqual([launchFile.configurations[0].debugServer, launchFile.configurations[0].event], [4711, events.ZeroDivisionError.id]);
      assert.equal(JSON.stringify(JSON.parse(await section.getByRole("region", { name: "launch.json" }).innerText())), JSON.stringify(launchFile));
      // The line that raised, in the folder that the reader names.
      const link = section.getByRole("link", { name: /^Open \S+\.py at line \d+ in VS Code$/ });
      assert.match(await link.getAttribute("href"), /^vscode:\/\/file\/\S+\.py:\d+$/);
      const folder = section.getByRole("textbox", { name: "Folder of the application's files on this machine" });
      await folder.fill("shop");
      await section.getByText("A whole path is needed").waitFor();
      assert.equal(await link.count(), 0);
      await folder.fill("/home/me/the shop");
      assert.match(await link.getAttribute("href"), /^vscode:\/\/file\/home\/me\/the%20shop\/\S+\.py:\d+$/);
      await expectNoAxeViolations(page);
      await section.scrollIntoViewIfNeeded();
      await shot(page, "debugger-light");

      await page.keyboard.press("Escape");
      await drawer(page).waitFor({ state: "hidden" });
      assert.ok(await button.evaluate((element) => element === document.activeElement));
      await page.keyboard.press("y");
      await drawer(page).waitFor();
    }));

  test("on a small dark screen nothing is cut off, and the best function comes back", () =>
    visit("ZeroDivisionError", { viewport: { width: 390, height: 800 }, colorScheme: "dark" }, async (page) => {
      await page.getByRole("button", { name: "Reproduce" }).click();
      const command = `reenact reproduce ${events.ZeroDivisionError.id} --run`;
      await drawer(page).getByText(command, { exact: true }).waitFor();
      await drawer(page).getByText(/^handle of module/).waitFor();
      const choice = drawer(page).getByRole("combobox", { name: "Function to call" });
      await choice.selectOption("1");
      await drawer(page).getByText(`${command} --frame 1`).waitFor();
      await drawer(page).getByText(/^charge of module .*it was asked for\.$/).waitFor();
      assert.ok(await page.evaluate(() => [document.documentElement, document.querySelector("dialog .content")].every((element) => element.scrollWidth <= innerWidth)));
      await expectNoAxeViolations(page);
      await shot(page, "dark");
      await drawer(page).getByRole("region", { name: "In a debugger" }).scrollIntoViewIfNeeded();
      await shot(page, "debugger-dark");
      await choice.selectOption("");
      await drawer(page).getByText(/^handle of module/).waitFor();
    }));

  test("where no function can be called, the reason and what helps", () =>
    visit("ValueError", {}, async (page) => {
      await page.getByRole("button", { name: "Reproduce" }).click();
      await drawer(page).getByRole("alert").getByText("No function can be called with these values").waitFor();
      await drawer(page).getByText(/no function of the application can be called with what was captured/).waitFor();
      assert.equal(await drawer(page).getByRole("button", { name: "Try again" }).count(), 0);
      await shot(page, "refused");
    }));

  test("where no function can be called, the statement alone, and other tests to choose from", () =>
    visit("IndexError", {}, async (page) => {
      await page.getByRole("button", { name: "Reproduce" }).click();
      await drawer(page).getByRole("region", { name: "What is run" }).getByText(/Only the statement that raised/).waitFor();
      await drawer(page).getByRole("list", { name: "How near each input comes" }).getByText(/only the statement on line 5 runs/).waitFor();
      assert.match(await drawer(page).getByRole("region", { name: "Text of the test" }).innerText(), /statement\(module, 5, "<lambda>"\), x=x/);
      await expectNoAxeViolations(page);
      await shot(page, "statement");
      await visit("ZeroDivisionError", { colorScheme: "dark" }, async (other) => {
        await other.getByRole("button", { name: "Reproduce" }).click();
        await drawer(other).getByRole("region", { name: "Other tests" }).getByRole("button", { name: /Frame 1, charge/ }).click();
        await drawer(other).getByText(/^Only the statement that raised/).waitFor();
        await drawer(other).getByText(`reenact reproduce ${events.ZeroDivisionError.id} --run --frame 1 --statement`).waitFor();
        await expectNoAxeViolations(other);
        await shot(other, "offers");
      });
    }));

  test("nothing is offered where there are no values", () =>
    visit("KeyError", {}, async (page) => {
      await page.getByRole("link", { name: "View similar errors" }).waitFor();
      await page.getByText("/srv/shop/bare.py").first().waitFor();
      assert.equal(await page.getByRole("button", { name: "Reproduce" }).count(), 0);
      await page.keyboard.press("y");
      assert.equal(await drawer(page).count(), 0);
    }));
});
