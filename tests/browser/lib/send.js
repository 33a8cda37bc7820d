// What a tracer sends: recorded requests as they were, or a made-up error with made-up values.
import { randomBytes, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { encode } from "./msgpack.js";

const FIXTURES = new URL("../../../fixtures/ddtrace/", import.meta.url);
const WANTED = /^\/(v0\.[3457]\/traces|debugger\/)/;

/** Sends the traces and snapshots of a recorded scenario again, byte for byte and in order. */
export async function replay(agent, scenario) {
  const folder = new URL(`${scenario}/`, FIXTURES);
  const { requests } = JSON.parse(await readFile(new URL("requests.json", folder), "utf8"));
  for (const request of requests) {
    if (!request.body_file || !WANTED.test(request.path)) continue;
    const stored = await readFile(new URL(request.body_file, folder));
    const body = request.body_file.endsWith(".gz") ? gunzipSync(stored) : stored;
    const skipped = new Set(["host", "content-length", "transfer-encoding", "connection"]);
    const headers = Object.fromEntries(request.headers.filter(([name]) => !skipped.has(name.toLowerCase())));
    await post(agent + request.path, headers, body);
  }
}

async function post(url, headers, body) {
  const response = await fetch(url, { method: "POST", headers, body });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
}

const id64 = () => randomBytes(8).readBigUInt64BE() >> 1n;

/**
 * One error of one request. `frames` are outermost first; a frame with `values` ({arguments, locals}) is sent with a snapshot,
 * unless `captured` is false, as when the client's limiter said no. `stack` replaces the printed traceback.
 */
export async function sendError(agent, error) {
  const { type, message, frames, service = "shop", env = "prod", version = "1.2.3", at = Date.now(), captured = true, tags = {}, stack = stackText(type, message, frames) } = error;
  const capture = randomUUID();
  const traceId = id64();
  const spanId = id64();
  const snapshots = [];
  const meta = {
    env, version, language: "python", "runtime-id": randomUUID(),
    "error.type": type, "error.message": message, "error.stack": stack, ...tags,
  };
  frames.forEach((frame, index) => {
    if (!frame.values || !captured) return;
    const id = randomUUID();
    const tag = `_dd.debug.error.${index + 1}`;
    meta["error.debug_info_captured"] = "true";
    meta["_dd.debug.error.exception_capture_id"] = capture;
    meta[`${tag}.snapshot_id`] = id;
    meta[`${tag}.function`] = frame.function;
    meta[`${tag}.file`] = frame.file;
    meta[`${tag}.line`] = String(frame.line);
    snapshots.push(snapshot({ id, capture, frame, frames: frames.slice(0, index + 1), service, at, traceId, spanId }));
  });
  const span = {
    service, name: "worker.run", resource: "run", trace_id: traceId, span_id: spanId,
    start: BigInt(at) * 1_000_000n, duration: 5_000_000n, error: 1, meta, metrics: { _sampling_priority_v1: 1, "_dd.top_level": 1 },
  };
  await post(`${agent}/v0.4/traces`, { "content-type": "application/msgpack", "datadog-meta-lang": "python", "datadog-meta-tracer-version": "4.16.0", "x-datadog-trace-count": "1" }, encode([[span]]));
  if (snapshots.length > 0) {
    const ddtags = encodeURIComponent(`debugger_version:4.16.0,env:${env},version:${version},host:test`);
    await post(`${agent}/debugger/v2/input?ddtags=${ddtags}`, { "content-type": "application/json" }, JSON.stringify(snapshots));
  }
}

function stackText(type, message, frames) {
  const lines = frames.flatMap((f) => [`  File "${f.file}", line ${f.line}, in ${f.function}`, `    ${f.code ?? "pass"}`]);
  return ["Traceback (most recent call last):", ...lines, `${type}: ${message}`, ""].join("\n");
}

function snapshot({ id, capture, frame, frames, service, at, traceId, spanId }) {
  return {
    service, ddsource: "dd_debugger", message: "exception info", timestamp: at,
    dd: { trace_id: traceId.toString(16).padStart(32, "0"), span_id: String(spanId) },
    logger: { name: frame.file, method: frame.function, thread_name: "MainThread;pid:1", thread_id: 1, version: 2 },
    debugger: {
      snapshot: {
        id, timestamp: at, evaluationErrors: [], language: "python", type: "snapshot", duration: null, exceptionId: capture,
        probe: { id: capture, version: 0, location: { file: frame.file, lines: [String(frame.line)] } },
        stack: [...frames].reverse().map((f) => ({ fileName: f.file, function: f.function, lineNumber: f.line })),
        captures: { lines: { [frame.line]: { arguments: frame.values.arguments ?? {}, locals: frame.values.locals ?? {}, staticFields: {}, throwable: null } } },
      },
    },
  };
}

export const str = (text) => ({ type: "str", value: `'${text}'` });
export const int = (n) => ({ type: "int", value: String(n) });
export const object = (type, fields) => ({ type, fields });
export const dict = (entries) => ({ type: "dict", entries: Object.entries(entries).map(([key, value]) => [str(key), value]), size: Object.keys(entries).length });
