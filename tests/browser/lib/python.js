// Programs under our own Python client, as the wheel installs it.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = new URL("../../../", import.meta.url);
// The newest Python that is set up.
const installed = ["sdk-3.13", "sdk-3.12", "sdk"].map((name) => fileURLToPath(new URL(`.build/venv/${name}/bin/python`, ROOT)));
const python = process.env.REENACT_SDK_PYTHON ?? installed.find((path) => existsSync(path)) ?? installed.at(-1);
const LIMIT_MS = 60_000;

/** Runs a program of this folder to its end; resolves to the JSON that it prints. */
export async function runNative(program, ...args) {
  if (!existsSync(python)) throw new Error(`${python} is missing: scripts/setup and scripts/sdk make it, or REENACT_SDK_PYTHON names another one`);
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:REENACT|DD|OTEL)_/.test(name)));
  const { stdout } = await promisify(execFile)(python, [fileURLToPath(new URL(`../${program}`, import.meta.url)), ...args], { timeout: LIMIT_MS, env });
  return JSON.parse(stdout);
}

/** Runs a program of this folder to its end under ddtrace. */
export async function runTraced(program, agent, service, ...args) {
  const bin = fileURLToPath(new URL(".build/venv/client-current/bin/", ROOT));
  if (!existsSync(`${bin}ddtrace-run`)) throw new Error(`${bin}ddtrace-run is missing: scripts/setup makes it`);
  const kept = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:REENACT|DD|OTEL|PYTHON)/.test(name)));
  const env = { ...kept, DD_SERVICE: service, DD_ENV: "e2e", DD_TRACE_AGENT_URL: agent, DD_EXCEPTION_REPLAY_ENABLED: "true", DD_REMOTE_CONFIGURATION_ENABLED: "false" };
  await promisify(execFile)(`${bin}ddtrace-run`, [`${bin}python`, fileURLToPath(new URL(`../${program}`, import.meta.url)), ...args], { timeout: LIMIT_MS, env });
}
