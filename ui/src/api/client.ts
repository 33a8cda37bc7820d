// Asking the server, and telling it what to change. Everything is under /api/v1; what goes there and comes back is JSON.
import type { ErrorBody } from "./types";

export class ApiError extends Error {
  constructor(
    message: string,
    readonly code: string,
    readonly status: number,
    readonly requestId: string | null,
    /** Which part of what was sent is wrong, and where in it, in bytes. */
    readonly field: string | null = null,
    readonly at: number | null = null,
  ) {
    super(message);
  }

  /** Whether the query that was asked is to be changed: it is not understood, or asks for what the reader may not see. */
  get refused(): boolean {
    return REFUSED.has(this.code);
  }

  /** Whether the same question may be answered in a moment: nobody answered, or somebody who is busy or starting. */
  get passing(): boolean {
    return this.code === "unreachable" || PASSING.has(this.status);
  }
}

const REFUSED = new Set(["query_invalid", "forbidden"]);
const PASSING = new Set([429, 502, 503, 504]);

/** A server that takes longer will not answer at all; saying so is better than waiting for ever. */
export const PATIENCE_MS = 30_000;

export type Params = Record<string, string | number | boolean | null | undefined>;

export function apiUrl(path: string, params: Params = {}): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) {
    if (value !== null && value !== undefined && value !== "") search.set(key, String(value));
  }
  const text = search.toString();
  return `/api/v1${path}${text ? `?${text}` : ""}`;
}

export const getJson = <T>(url: string, signal?: AbortSignal): Promise<T> => ask<T>(url, {}, signal);

/** Asks for a change. What answers nothing (a deletion) resolves to null. */
export const sendJson = <T>(method: "POST" | "PUT" | "PATCH" | "DELETE", url: string, body?: unknown, signal?: AbortSignal): Promise<T> =>
  ask<T>(url, { method, ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }) }, signal);

/** Any failure as one that can be shown. */
export const asFailure = (reason: unknown): ApiError => (reason instanceof ApiError ? reason : new ApiError(String(reason), "internal", 0, null));

async function ask<T>(url: string, what: RequestInit, signal?: AbortSignal): Promise<T> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const either = signal ? AbortSignal.any([signal, patience]) : patience;
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, { ...what, signal: either, headers: { accept: "application/json", ...what.headers } });
    text = await response.text();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(unanswered(patience.aborted), "unreachable", 0, null);
  }
  if (response.status === 204) return null as T;
  const body = parse(text);
  if (response.ok && body !== null) return body as T;
  if (response.ok) throw new ApiError("What answered is not Reenact, or something between changed the answer.", "internal", response.status, null);
  const detail = (body as Partial<ErrorBody> | null)?.error;
  throw new ApiError(
    detail?.message ?? `The server answered ${response.status} without saying why.`,
    detail?.code ?? "internal",
    response.status,
    detail?.request_id ?? response.headers.get("x-request-id"),
    detail?.field ?? null,
    detail?.at ?? null,
  );
}

function unanswered(late: boolean): string {
  if (late) return `The server did not answer within ${PATIENCE_MS / 1_000} seconds.`;
  if (!navigator.onLine) return "This device is offline.";
  return "The server did not answer. It may be restarting, or the connection is down.";
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
