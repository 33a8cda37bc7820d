// Chromium, and pages that remember everything that must not happen on them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const launch = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM_BIN ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });

/** A page whose `trouble` lists dialogs, script errors, policy violations and requests to anywhere else. */
export async function openPage(browser, server, options = {}) {
  const context = await browser.newContext({ baseURL: server.ui, viewport: { width: 1440, height: 900 }, colorScheme: "light", ...options });
  const page = await context.newPage();
  const trouble = [];
  page.on("dialog", (dialog) => { trouble.push(`dialog: ${dialog.message()}`); void dialog.dismiss(); });
  page.on("pageerror", (error) => trouble.push(`script error: ${error.message}`));
  page.on("console", (message) => { if (/content.security.policy/i.test(message.text())) trouble.push(`policy: ${message.text()}`); });
  page.on("request", (request) => { if (!request.url().startsWith(server.ui) && !request.url().startsWith("data:")) trouble.push(`foreign request: ${request.url()}`); });
  await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
  });
  return { page, trouble, close: () => context.close() };
}

export async function expectNoTrouble({ page, trouble }) {
  assert.deepEqual([...trouble, ...(await page.evaluate(() => window.violations))], []);
}

/** Opens a page for `task`, which is not to cause trouble. */
export async function visit(browser, server, path, options, task) {
  const view = await openPage(browser, server, options);
  await view.page.goto(path);
  await task(view.page);
  await expectNoTrouble(view);
  await view.close();
}

export async function expectNoAxeViolations(page) {
  // Evaluated through the debugging protocol, so the page's own policy stays as strict as it is.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run());
  const grave = violations.filter((v) => v.impact === "serious" || v.impact === "critical");
  assert.deepEqual(grave.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`), []);
}

/** Like a person with a keyboard: Tab until the wanted element has the focus. */
export async function tabTo(page, locator, limit = 150) {
  for (let i = 0; i < limit; i++) {
    if (await locator.evaluateAll((all) => all.some((e) => e === document.activeElement))) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`no Tab stop is ${locator}`);
}
