// What a sender controls is shown as the text it is.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { expectNoAxeViolations, expectNoTrouble, launch, openPage } from "./lib/browser.js";
import { dict, int, object, sendError, str } from "./lib/send.js";
import { api, startServer, until } from "./lib/server.js";

const IMAGE = "<img src=x onerror=alert(1)>";
const SCRIPT = "<script>alert(2)</script>";
const LONG = "A".repeat(1_000_000);

describe("hostile text", () => {
  let server;
  let browser;
  let issue;

  before(async () => {
    [server, browser] = await Promise.all([startServer(), launch()]);
    await sendError(server.agent, {
      service: `service-${"long".repeat(20)}`, env: `env-${"long".repeat(20)}`, version: "9".repeat(80),
      type: "app.Trap", message: `${SCRIPT} ${IMAGE} invoice\u202egnp.exe`, tags: { [`tag.${IMAGE}`]: `javascript:alert(3)//${SCRIPT}`, "http.url": "javascript:alert(4)" },
      frames: [{
        function: "spring", file: "/srv/app/trap.py", line: 7, code: `x = "${IMAGE}"`,
        values: {
          arguments: { image: str(IMAGE), bidi: str("a\u202eb\u2066c\u200bd"), long: { type: "str", value: `'${LONG}'` } },
          locals: {
            [`${IMAGE}\u202e`]: object(`${SCRIPT}`, { __proto__x: int(1), constructor: int(2) }),
            many: { type: "list", elements: Array.from({ length: 1_000 }, (_, i) => int(i)), size: 100_000 },
            keyed: dict({ [SCRIPT]: str(SCRIPT) }),
          },
        },
      }],
    });
    issue = await until("the error has its values", async () => (await api(server, "/issues?from=now-1d")).issues.find((i) => i.has_values));
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  async function inert(view) {
    assert.equal(await view.page.locator("main img, main script, main iframe, main [onerror]").count(), 0);
    const text = await view.page.locator("body").innerText();
    assert.doesNotMatch(text, /[\u202a-\u202e\u2066-\u2069\u200b-\u200f\u061c]/, "no character that hides or reorders");
    assert.equal(await view.page.locator('main a[href^="javascript:"]').count(), 0);
    await expectNoTrouble(view);
  }

  test("stays inert on every view", async () => {
    const view = await openPage(browser, server);
    const { page } = view;
    await page.goto("/issues");
    await page.getByRole("link", { name: /Trap/ }).waitFor();
    await inert(view);
    await page.getByRole("link", { name: /Trap/ }).click();
    const tree = page.getByRole("tree");
    await tree.waitFor();
    await tree.getByText(IMAGE).first().waitFor();
    await tree.getByText("\\u202e").first().waitFor();
    await inert(view);
    for (const [tab, found] of [["Attributes", "javascript:alert(4)"], ["Trace", "worker.run"], ["JSON", "exceptions"]]) {
      await page.getByRole("link", { name: tab, exact: true }).click();
      await page.locator("main").getByText(found).first().waitFor();
      await inert(view);
    }
    await page.goto(`/issues/${issue.id}/events`);
    await page.getByRole("table").waitFor();
    await inert(view);
    await expectNoAxeViolations(page);
    await view.close();
  });

  test("long names stay within their row, and leave room for the place of the error", async () => {
    for (const width of [1440, 1024, 390]) {
      const view = await openPage(browser, server, { viewport: { width, height: 844 } });
      await view.page.goto("/issues");
      const row = view.page.getByRole("row").filter({ hasText: "Trap" });
      await row.waitFor();
      const cell = await row.getByRole("cell").filter({ hasText: "Trap" }).boundingBox();
      for (const part of await row.locator(".where > *").all()) {
        const box = await part.boundingBox();
        assert.ok(box.x + box.width <= cell.x + cell.width + 1, `${width}: ${await part.innerText()}`);
      }
      const place = await row.getByText(/trap\.py:7/).first().boundingBox();
      assert.ok(place.width > 60, `${width}: ${place.width}`);
      await expectNoTrouble(view);
      await view.close();
    }
  });

  test("stays small: long text is cut, long lists come in parts", async () => {
    const view = await openPage(browser, server);
    const { page } = view;
    await page.goto(`/issues/${issue.id}`);
    const long = page.getByRole("treeitem", { name: /^long str/ });
    await long.waitFor();
    assert.ok((await long.innerText()).length < 1_000);
    const more = long.getByRole("button", { name: /^show/ });
    if ((await more.count()) > 0) {
      await more.click();
      assert.ok((await long.innerText()).length < 50_000);
    }
    await page.getByRole("treeitem", { name: /^many list/ }).click();
    const items = page.getByRole("treeitem");
    for (let round = 0; round < 8; round++) {
      const next = page.getByRole("treeitem", { name: /^show \d+ more/ });
      if ((await next.count()) === 0) break;
      await next.first().click();
    }
    assert.ok((await items.count()) <= 300, "at most 300 rows are on the page");
    await expectNoTrouble(view);
    await view.close();
  });
});
