// Asking the server. Everything is a GET under /api/v1; answers are JSON.
import type { ErrorBody } from "./types";

export class ApiError extends Error {
  constructor(
    message: string,
    readonly code: string,
    readonly status: number,
    readonly requestId: string | null,
  ) {
    super(message);
  }
}

export type Params = Record<string, string | number | boolean | null | undefined>;

export function apiUrl(path: string, params: Params = {}): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) {
    if (value !== null && value !== undefined && value !== "") search.set(key, String(value));
  }
  const text = search.toString();
  return `/api/v1${path}${text ? `?${text}` : ""}`;
}

export async function getJson<T>(url: string, signal?: AbortSignal): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url, { signal: signal ?? null, headers: { accept: "application/json" } });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError("The server did not answer. It may be restarting, or the connection is down.", "unreachable", 0, null);
  }
  const body: unknown = await response.json().catch(() => null);
  if (response.ok && body !== null) return body as T;
  const detail = (body as Partial<ErrorBody> | null)?.error;
  throw new ApiError(
    detail?.message ?? `The server answered ${response.status} without saying why.`,
    detail?.code ?? "internal",
    response.status,
    detail?.request_id ?? response.headers.get("x-request-id"),
  );
}
