// The real server on free ports, with a data directory of its own.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const START_MS = 20_000;
const STOP_MS = 10_000;

/** Resolves to `{ ui, agent, stop }`. The binary is named by REENACT_BIN; `env` goes on top of our own environment. */
export async function startServer({ env = {} } = {}) {
  const binary = process.env.REENACT_BIN;
  if (!binary) throw new Error("REENACT_BIN must name the reenact binary to test");
  const directory = await mkdtemp(join(tmpdir(), "reenact-browser-"));
  const ready = join(directory, "ready.json");
  const child = spawn(
    binary,
    ["serve", "--data-dir", join(directory, "data"), "--agent-listen", "127.0.0.1:0", "--listen", "127.0.0.1:0", "--ready-file", ready],
    { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, ...env } },
  );
  let log = "";
  child.stderr.on("data", (chunk) => { log = (log + chunk).slice(-20_000); });
  const ended = new Promise((resolve) => child.once("exit", resolve));

  const stop = async () => {
    if (child.exitCode === null) child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    await ended;
    clearTimeout(timer);
    await rm(directory, { recursive: true, force: true });
  };

  try {
    await until("the server is ready", () => {
      if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}:\n${log}`);
      return existsSync(ready);
    }, START_MS);
    return { ...JSON.parse(await readFile(ready, "utf8")), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

export async function api(server, path, { method = "GET", body } = {}) {
  const response = await fetch(`${server.ui}/api/v1${path}`, { method, ...(body ? { body: JSON.stringify(body), headers: { "content-type": "application/json" } } : {}) });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** Asks again until the answer is truthy, or fails naming what it waited for. */
export async function until(what, ask, limit = 15_000) {
  const end = Date.now() + limit;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`waited ${limit} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
