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
      await second.getByRole("spinbutton", { name: "Per second" }).fill("0.5");
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

  test("deleting every switch leaves clients as they are set", () =>
    visit("/settings/captures", async (page) => {
      for (let n = 0; n < 2; n += 1) await page.getByRole("button", { name: /^Delete switch 1/ }).click();
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("No switches").waitFor();
      assert.deepEqual([(await api(server, "/captures")).switches, (await told("shop", "prod")).enabled], [[], true]);
    }));
});
