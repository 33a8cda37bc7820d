// Values ahead of the hook, from our own client to the page: at the raise, at entry, and calls that returned to compare with.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { expectNoAxeViolations, launch, visit as visitPage } from "./lib/browser.js";
import { runNative } from "./lib/python.js";
import { api, startServer, until } from "./lib/server.js";

describe("values ahead of the hook", () => {
  let server;
  let browser;
  let issue;
  let tooOld;

  before(async () => {
    [server, browser] = await Promise.all([startServer(), launch()]);
    const { python: [major, minor], watching } = await runNative("moments_app.py", server.agent, "moments");
    tooOld = (major < 3 || (major === 3 && minor < 12)) && `Python ${major}.${minor} cannot be watched`;
    if (!tooOld) assert.equal(watching, "on");
    issue = await until("the error has values", async () => {
      const one = (await api(server, "/issues?query=service:moments&from=now-1d")).issues[0];
      return one?.has_values && one;
    });
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const visit = (path, options, task) => visitPage(browser, server, path, options, task);
  const withEntry = async () => {
    const { events } = await api(server, `/issues/${issue.id}/events?from=now-1d`);
    for (const { id } of events) {
      const event = await api(server, `/events/${id}`);
      const frames = event.exceptions.flatMap((exception) => exception.frames).filter((frame) => frame.function === "charge");
      if (frames.some((frame) => Object.keys(frame.values.at_entry ?? {}).length > 0)) return id;
    }
    throw new Error("no event has arguments at entry");
  };

  test("a variable stands at its moments, the earliest first", async (t) => {
    if (tooOld) return t.skip(tooOld);
    const path = `/issues/${issue.id}/events/${await withEntry()}?range=all`;
    for (const colorScheme of ["light", "dark"]) {
      await visit(path, { colorScheme }, async (page) => {
        const tree = page.getByRole("tree", { name: "Variables of charge" });
        const lines = tree.getByRole("treeitem", { name: /^lines/ }).first();
        await lines.waitFor();
        assert.match(await lines.innerText(), /at entry[\s\S]*\[\d+, 5\][\s\S]*when caught[\s\S]*\[\]/);
        const connection = await tree.getByRole("treeitem", { name: /^connection/ }).first().innerText();
        assert.match(connection, /at entry[\s\S]*new[\s\S]*at raise[\s\S]*open[\s\S]*when caught[\s\S]*closed/);
        // What did not change stands once.
        assert.doesNotMatch(await tree.getByRole("treeitem", { name: /^currency/ }).first().innerText(), /at entry|at raise/);
        await expectNoAxeViolations(page);
        if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/moments-${colorScheme}.png` });
      });
    }
  });

  test("occurrences are compared with calls that returned", async (t) => {
    if (tooOld) return t.skip(tooOld);
    for (const colorScheme of ["light", "dark"]) {
      await visit(`/issues/${issue.id}/correlations?range=all`, { colorScheme }, async (page) => {
        await page.getByRole("link", { name: "Successful calls" }).click();
        await page.getByText(/occurrences with arguments at entry.* against \d+ successful calls/).waitFor();
        assert.equal(new URL(page.url()).searchParams.get("baseline"), "calls");
        const first = page.getByRole("list", { name: "Findings, the surest first" }).getByRole("listitem").first();
        await first.getByText("currency").first().waitFor();
        assert.match(await first.innerText(), /'XTS'[\s\S]*stands out/);
        await expectNoAxeViolations(page);
        if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/calls-${colorScheme}.png` });
      });
    }
  });
});
