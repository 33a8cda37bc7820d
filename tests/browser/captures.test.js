// Where values are captured: a switch of one's own, what is wrong with it, and what clients are told.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { expectNoAxeViolations, launch, visit as visitPage } from "./lib/browser.js";
import { api, startServer } from "./lib/server.js";

const noSidewaysScrolling = async (page) => assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${page.url()} scrolls sideways`);

describe("captures", () => {
  let server;
  let browser;
  before(async () => {
    [server, browser] = await Promise.all([startServer(), launch()]);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });
  const visit = (path, task, options = {}) => visitPage(browser, server, path, options, task);
  const told = async (service, env) => (await fetch(`${server.agent}/native/v1/config?service=${service}&env=${env}`)).json();

  test("a switch is written, its mistake is shown in its place, and it is saved and in force", () =>
    visit("/settings/captures", async (page) => {
      await page.getByText("No switches").waitFor();
      await expectNoAxeViolations(page);
      await page.keyboard.press("a");
      const first = page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: "Switch 1" }) });
      await first.getByRole("textbox", { name: "Service" }).fill("shop*");
      await first.getByRole("textbox", { name: "Environment" }).fill("prod");
      await page.getByRole("button", { name: "Add a switch" }).first().click();
      const second = page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: "Switch 2" }) });
      await page.getByRole("button", { name: "Save" }).click();
      await second.getByText("the service is empty").waitFor();
      await expectNoAxeViolations(page);
      await second.getByRole("textbox", { name: "Service" }).fill("shop-worker");
      await second.getByRole("switch").click();
      const perSecond = second.getByRole("spinbutton", { name: "Per second" });
      await perSecond.pressSequentially("5000");
      await page.getByRole("button", { name: "Save" }).click();
      await second.getByText("the captures per second are a number from 0 to 1000").waitFor();
      assert.equal(await perSecond.inputValue(), "5000");
      await expectNoAxeViolations(page);
      // No number is not nothing: the field keeps it in sight, and it is refused.
      await perSecond.fill("");
      await perSecond.pressSequentially("2e");
      await page.getByRole("button", { name: "Save" }).click();
      await second.getByText("this is no number").waitFor();
      assert.equal(await perSecond.evaluate((field) => field.validity.badInput), true);
      assert.equal((await api(server, "/captures")).version, 0);
      await perSecond.fill("");
      await perSecond.pressSequentially("0.50");
      await page.getByRole("button", { name: "Move switch 2 up" }).click();
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText(/^Saved as version 1/).waitFor();
      const { switches } = await api(server, "/captures");
      assert.deepEqual(switches, [
        { service: "shop-worker", env: null, enabled: true, captures_per_second: 0.5 },
        { service: "shop*", env: "prod", enabled: false, captures_per_second: null },
      ]);
      const [worker, shop, other] = await Promise.all([told("shop-worker", "prod"), told("shop", "prod"), told("shop", "test")]);
      assert.deepEqual([worker.enabled, worker.captures_per_second, shop.enabled, other.enabled], [true, 0.5, false, true]);
      await page.goto(`${server.ui}/settings/audit`);
      await page.getByText("2 switches, 1 of them off").waitFor();
    }));

  test("in light, dark and on a telephone", async () => {
    for (const options of [{ colorScheme: "light" }, { colorScheme: "dark" }, { viewport: { width: 390, height: 800 } }]) {
      await visit("/settings/captures", async (page) => {
        await page.getByText("Values are captured, at most 0.5 times per second for errors seen before.").waitFor();
        if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/captures-${options.colorScheme ?? "narrow"}.png`, fullPage: true });
        await expectNoAxeViolations(page);
        await noSidewaysScrolling(page);
      }, options);
    }
  });

  test("what is typed and is no number goes with Discard", () =>
    visit("/settings/captures", async (page) => {
      const perSecond = page.getByRole("spinbutton", { name: "Per second" });
      await perSecond.fill("");
      await page.getByText("Values are captured.", { exact: true }).waitFor();
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText(/^Saved as version 2/).waitFor();
      await perSecond.pressSequentially("-");
      await page.getByRole("button", { name: "Discard" }).click();
      await page.getByRole("button", { name: "Discard" }).waitFor({ state: "detached" });
      assert.equal(await perSecond.evaluate((field) => field.validity.badInput), false);
    }));

  test("deleting every switch leaves clients as they are set", () =>
    visit("/settings/captures", async (page) => {
      for (let n = 0; n < 2; n += 1) await page.getByRole("button", { name: /^Delete switch 1/ }).click();
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("No switches").waitFor();
      assert.deepEqual([(await api(server, "/captures")).switches, (await told("shop", "prod")).enabled], [[], true]);
    }));
});
