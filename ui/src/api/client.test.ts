import { afterEach, expect, test, vi } from "vitest";
import { ApiError, getJson } from "./client";

afterEach(() => { vi.unstubAllGlobals(); vi.restoreAllMocks(); });

async function failure(answer: (signal: AbortSignal) => Promise<Response>, onLine = true): Promise<ApiError> {
  vi.stubGlobal("navigator", { onLine });
  vi.stubGlobal("fetch", (_: string, { signal }: { signal: AbortSignal }) => answer(signal));
  const reason: unknown = await getJson("/api/v1/status").catch((error: unknown) => error);
  if (!(reason instanceof ApiError)) throw new Error(`not an ApiError: ${String(reason)}`);
  return reason;
}
const refused = () => Promise.reject(new TypeError("Failed to fetch"));

test("nobody answers: it may pass", async () => {
  const error = await failure(refused);
  expect(error.message).toMatch(/did not answer/);
  expect(error.passing).toBe(true);
});

test("the device is offline: it says so", async () => {
  expect((await failure(refused, false)).message).toBe("This device is offline.");
});

test("an answer that never comes is given up after a while", async () => {
  const patience = new AbortController();
  vi.spyOn(AbortSignal, "timeout").mockReturnValue(patience.signal);
  const asked = failure((signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error))));
  patience.abort();
  expect((await asked).message).toBe("The server did not answer within 30 seconds.");
});

test("the server's own words are kept, and are not asked for again", async () => {
  const body = { error: { code: "query_invalid", message: "unknown key `x`", request_id: "7" } };
  const error = await failure(() => Promise.resolve(new Response(JSON.stringify(body), { status: 400 })));
  expect([error.message, error.code, error.requestId, error.passing]).toEqual(["unknown key `x`", "query_invalid", "7", false]);
});

test("a server that is starting or busy may answer in a moment", async () => {
  for (const status of [429, 502, 503, 504]) expect((await failure(() => Promise.resolve(new Response("", { status })))).passing).toBe(true);
  expect((await failure(() => Promise.resolve(new Response("", { status: 500 })))).passing).toBe(false);
});

test("an answer that is no JSON is not mistaken for data", async () => {
  expect((await failure(() => Promise.resolve(new Response("<html>")))).message).toMatch(/not Reenact/);
});
