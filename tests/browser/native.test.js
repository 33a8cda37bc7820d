// What our own client captures, on the page: kinds of values, objects that are shared, arguments, source, runtime, and the next capture.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { expectNoAxeViolations, launch, tabTo, visit as visitPage } from "./lib/browser.js";
import { runNative } from "./lib/python.js";
import { int, sendError } from "./lib/send.js";
import { api, startServer, until } from "./lib/server.js";

describe("captures of our own client", () => {
  let server;
  let browser;
  let issue;
  let plain;
  let client;

  const found = async (service) => (await api(server, `/issues?query=service:${service}&from=now-1d`)).issues[0];
  const send = (amount) => runNative("native_app.py", server.agent, "native", String(amount));

  before(async () => {
    [server, browser] = await Promise.all([startServer(), launch()]);
    client = await send(41);
    await sendError(server.agent, { type: "KeyError", message: "'a'", service: "plain", frames: [{ function: "look", file: "/srv/app/look.py", line: 3, code: "return table[key]", values: { locals: { key: int(1) } } }] });
    issue = await until("our own client's error has values", async () => {
      const one = await found("native");
      return one?.has_values && one;
    });
    plain = await until("the other client's error has values", async () => {
      const one = await found("plain");
      return one?.has_values && one;
    });
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const visit = (path, options, task) => visitPage(browser, server, path, options, task);
  const page = () => `/issues/${issue.id}?range=all`;
  const tree = (view, name = "total") => view.getByRole("tree", { name: `Variables of ${name}` });
  const item = (view, name) => tree(view).getByRole("treeitem", { name });
  const focused = (view) => view.evaluate(() => document.activeElement?.textContent ?? "");

  test("kinds of values are told apart from texts", () =>
    visit(page(), {}, async (view) => {
      await item(view, /^coupon Color enum <Color\.RED: 1>/).waitFor();
      await item(view, /^view function <function .*pay>/).waitFor();
      await item(view, /^lock lock opaque/).waitFor();
      await item(view, /^numbers generator (?:<generator> )?not run/).waitFor();
      await item(view, /^refused Refused exception Refused\('no', 3\)/).waitFor();
      await item(view, /^lists defaultdict defaultdict\(\{\}, default_factory=<class list>\)/).waitFor();
      await item(view, /^\*rest tuple \('extra',\)/).waitFor();
      await item(view, /^hostile str '<img src=x onerror=alert\(1\)>\\u202e'/).waitFor();
      await item(view, /^headers Headers/).click();
      await item(view, /^\(dict\) dict/).waitFor();
      await item(view, /^strict bool True/).waitFor();
      await item(view, /^lock/).click();
      await view.getByText(/^Its state lies in compiled code/).waitFor();
    }));

  test("the arguments, the lines and the part that raised are those of the service", () =>
    visit(page(), {}, async (view) => {
      await view.getByText("total(cart, /, rate, *rest, coupon=…, **options)").waitFor();
      await view.getByText(/^As the service has the file \(BLAKE3 [0-9a-f]{10}\)/).waitFor();
      const line = view.getByRole("group", { name: "Source" }).getByRole("listitem").filter({ hasText: "len(mine) / rate" });
      await line.getByText(/rate\s*=\s*0/).waitFor();
      if (client.python[1] >= 11) assert.equal(await line.locator("u").innerText(), "len(mine) / rate");
    }));

  test("an object at several places opens at each, and leads to where its content stands", () =>
    visit(page(), {}, async (view) => {
      await tree(view).waitFor();
      await view.getByRole("link", { name: /^(?:\S+\.)?checkout,/ }).click();
      const basket = tree(view, "checkout").getByRole("treeitem", { name: /^basket/ });
      await basket.getByRole("link", { name: /same object as cart in total/ }).waitFor();

      // In place, as deep as it does not come back to itself.
      await tabTo(view, tree(view, "checkout").getByRole("treeitem").and(view.locator('[tabindex="0"]')));
      await basket.focus();
      await view.keyboard.press("ArrowRight");
      const owner = tree(view, "checkout").getByRole("treeitem", { name: /^owner Customer/ });
      await owner.click();
      const within = tree(view, "checkout").getByRole("treeitem", { name: /^cart Cart/ });
      await within.waitFor();
      assert.equal(await within.getAttribute("aria-expanded"), null, "an object within itself does not open");

      // By key to the place of its content, and back.
      await basket.focus();
      await view.keyboard.press("j");
      await view.waitForFunction(() => /^\s*cart/.test(document.activeElement?.textContent ?? ""));
      await item(view, /^lines list/).waitFor();
      await view.goBack();
      await view.waitForFunction(() => /^\s*basket/.test(document.activeElement?.textContent ?? ""));

      // By mouse from a frame that is closed then.
      await item(view, /^cart Cart/).getByRole("link", { name: /also at/ }).click();
      assert.match(await focused(view), /same object as cart/);
    }));

  test("a link to a value of a shared object opens it", () =>
    visit(page(), {}, async (view) => {
      const frame = (await view.getByRole("link", { name: /^(?:\S+\.)?checkout,/ }).getAttribute("href")) ?? "";
      const open = new URL(frame, server.ui).searchParams.get("frame").split(",").at(-1);
      await view.goto(`/issues/${issue.id}?range=all&frame=${open}&path=${open}:basket.owner.name`);
      const name = tree(view, "checkout").getByRole("treeitem", { name: /^name str 'Ada'/ });
      assert.equal(await name.getAttribute("aria-selected"), "true");
    }));

  test("the details tell what the process ran on", () =>
    visit(page(), {}, async (view) => {
      const details = view.getByRole("region", { name: "This occurrence" });
      await details.getByText(new RegExp(`^CPython ${client.python.join("\\.")}\\.`)).waitFor();
      await details.getByText(/^reenact \d/).waitFor();
    }));

  test("the values of the next occurrence can be asked for, and taken back, until they come", () =>
    visit(page(), {}, async (view) => {
      const asked = view.getByText(/^The values of the next occurrence are asked for: by /);
      const ask = view.getByRole("button", { name: "Capture the next one" });
      await ask.click();
      await asked.waitFor();
      await view.getByText("The values of the next ZeroDivisionError are asked for", { exact: true }).first().waitFor();
      await view.getByRole("button", { name: "Take back" }).first().click();
      await asked.waitFor({ state: "detached" });
      await ask.click();
      await asked.waitFor();
      await send(42);
      await asked.waitFor({ state: "detached" });
      await ask.waitFor();
    }));

  test("a refusal is said, and what was asked stays as it was", () =>
    visit(page(), {}, async (view) => {
      await view.route(/capture-next$/, (route) => route.fulfill({ status: 409, json: { error: { code: "client_unable", message: "the client cannot be asked", request_id: "r1" } } }));
      await view.getByRole("button", { name: "Capture the next one" }).click();
      await view.getByText("Not asked: the client cannot be asked").waitFor();
      await view.getByRole("button", { name: "Capture the next one" }).waitFor();
    }));

  test("another client's error has none of this", () =>
    visit(`/issues/${plain.id}?range=all`, {}, async (view) => {
      await tree(view, "look").getByRole("treeitem", { name: /^key int 1/ }).waitFor();
      assert.equal(await view.getByRole("button", { name: "Capture the next one" }).count(), 0);
      assert.equal(await view.getByText(/^As the service has the file|^CPython/).count(), 0);
    }));

  for (const colorScheme of ["light", "dark"]) {
    test(`readable for everybody in the ${colorScheme} theme, also on a small screen`, () =>
      visit(page(), { colorScheme, viewport: { width: 390, height: 900 } }, async (view) => {
        await item(view, /^headers Headers/).click();
        await view.getByRole("link", { name: /^(?:\S+\.)?checkout,/ }).click();
        await tree(view, "checkout").waitFor();
        assert.ok((await view.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0, "nothing makes the page wider than the screen");
        await expectNoAxeViolations(view);
      }));
  }
});
