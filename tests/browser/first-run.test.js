// The first minutes with an empty server.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { expectNoAxeViolations, expectNoTrouble, launch, openPage } from "./lib/browser.js";
import { int, sendError } from "./lib/send.js";
import { startServer } from "./lib/server.js";

let server;
let browser;

before(async () => {
  [server, browser] = await Promise.all([startServer(), launch()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test("an empty server says how to connect, and turns into the list when the first error arrives", async () => {
  const view = await openPage(browser, server);
  const { page } = view;
  await page.goto("/");
  await page.getByRole("heading", { name: "Connect a Python service" }).waitFor();
  await page.getByText("pip install ddtrace").waitFor();
  const command = await page.getByText(/ddtrace-run python app\.py$/).innerText();
  assert.ok(command.includes(`DD_TRACE_AGENT_URL=${server.agent} `), command);
  assert.ok(command.includes("DD_EXCEPTION_REPLAY_ENABLED=true"), command);
  await expectNoAxeViolations(page);

  await sendError(server.agent, {
    type: "builtins.ValueError", message: "hello", frames: [{ function: "main", file: "/srv/app/main.py", line: 3, values: { locals: { answer: int(42) } } }],
  });
  await page.getByRole("link", { name: /ValueError/ }).waitFor();
  await expectNoTrouble(view);
  await view.close();
});

test("an address that is nobody's says so, however broken it is", async () => {
  const view = await openPage(browser, server);
  for (const address of ["/nobody", "/nobody/%E0%A4%A", "/issues/%"]) {
    await view.page.goto(address);
    await view.page.getByText(/^There is no such (page|issue)$/).waitFor();
  }
  await expectNoTrouble(view);
  await view.close();
});
