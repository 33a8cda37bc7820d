// Programs under our own Python client, as the wheel installs it.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = new URL("../../../", import.meta.url);
const python = process.env.REENACT_SDK_PYTHON ?? fileURLToPath(new URL(".build/venv/sdk/bin/python", ROOT));
const LIMIT_MS = 60_000;

/** Runs a program of this folder to its end; resolves to the JSON that it prints. */
export async function runNative(program, ...args) {
  if (!existsSync(python)) throw new Error(`${python} is missing: scripts/setup makes it, or REENACT_SDK_PYTHON names another one`);
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:REENACT|DD|OTEL)_/.test(name)));
  const { stdout } = await promisify(execFile)(python, [fileURLToPath(new URL(`../${program}`, import.meta.url)), ...args], { timeout: LIMIT_MS, env });
  return JSON.parse(stdout);
}
