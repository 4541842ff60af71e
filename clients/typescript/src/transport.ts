/** One call to the API: authenticated, repeated as long as that is right, and its refusals as errors. */

import { ApiError, Unreachable } from "./errors.js";

export interface Options {
  /** Of the studio, such as `https://studio.example.com`; nothing for the page's own. */
  url?: string;
  /** An API key (`acs_live_…`) or the token of a login. */
  token?: string;
  fetch?: typeof fetch;
  /** Attempts of one call, the first among them. */
  attempts?: number;
  /** For tests. */
  sleep?: (seconds: number) => Promise<void>;
  random?: () => number;
}

export interface Call {
  body?: unknown;
  parameters?: Record<string, string | number | undefined>;
  headers?: Record<string, string>;
  /** Its Idempotency-Key; the same in every attempt, so that they count as one. */
  key?: string;
  signal?: AbortSignal;
}

const BASE_SECONDS = 0.5;
const CAP_SECONDS = 8;
/** A longer `Retry-After` is not waited for, but thrown. */
const PATIENCE_SECONDS = 60;
const TIMEOUT_SECONDS = 35;
const PASSING = new Set([408, 429, 500, 502, 503, 504]);

export class Transport {
  token: string | undefined;
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
    this.token = options.token;
  }

  get fetch(): typeof fetch {
    return this.#options.fetch ?? globalThis.fetch.bind(globalThis);
  }

  sleep(seconds: number): Promise<void> {
    return this.#options.sleep?.(seconds) ?? new Promise((done) => setTimeout(done, seconds * 1000));
  }

  async json<T>(method: string, path: string, call: Call = {}): Promise<T> {
    return (await (await this.call(method, path, call)).json()) as T;
  }

  async call(method: string, path: string, call: Call = {}): Promise<Response> {
    const address = this.#address(path, call.parameters);
    // Doing a POST without a key twice may be doing it twice.
    const repeatable = call.key !== undefined || method === "GET" || method === "DELETE";
    for (let failures = 1; ; failures++) {
      let delay: number | undefined;
      try {
        const response = await this.fetch(address, this.#request(method, call));
        if (response.ok) return response;
        const refusal = await refused(response);
        if (response.status === 429 || (repeatable && PASSING.has(response.status)))
          delay = this.#delay(failures, refusal.retryAfter);
        if (delay === undefined) throw refusal;
      } catch (error) {
        if (error instanceof ApiError || call.signal?.aborted) throw error;
        if (repeatable) delay = this.#delay(failures, null);
        if (delay === undefined) throw new Unreachable(`${method} ${address}: ${String(error)}`, call.key, error);
      }
      await this.sleep(delay);
    }
  }

  async *pages<T>(path: string, parameters: Call["parameters"] = {}): AsyncGenerator<T> {
    for (let cursor: string | undefined; ; ) {
      const page = await this.json<{ data: T[]; hasMore: boolean; nextCursor?: string | null }>("GET", path, {
        parameters: { ...parameters, cursor },
      });
      yield* page.data;
      if (!page.hasMore || !page.nextCursor) return;
      cursor = page.nextCursor;
    }
  }

  /** Full jitter below a bound that doubles; what the server asks for is waited for. */
  #delay(failures: number, retryAfter: number | null): number | undefined {
    if (failures >= (this.#options.attempts ?? 5)) return undefined;
    const random = (this.#options.random ?? Math.random)();
    if (retryAfter === null) return random * Math.min(CAP_SECONDS, BASE_SECONDS * 2 ** (failures - 1));
    return retryAfter > PATIENCE_SECONDS ? undefined : retryAfter + random * BASE_SECONDS;
  }

  #request(method: string, call: Call): RequestInit {
    const headers: Record<string, string> = { accept: "application/json", ...call.headers };
    if (this.token) headers["authorization"] = `Bearer ${this.token}`;
    if (call.key) headers["idempotency-key"] = call.key;
    if (call.body !== undefined) headers["content-type"] = "application/json";
    const late = AbortSignal.timeout(TIMEOUT_SECONDS * 1000);
    const signal = call.signal ? AbortSignal.any([call.signal, late]) : late;
    return { method, headers, signal, ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }) };
  }

  #address(path: string, parameters: Call["parameters"] = {}): string {
    const known = Object.entries(parameters).filter(([, value]) => value !== undefined);
    const query = new URLSearchParams(known.map(([name, value]) => [name, String(value)])).toString();
    return (this.#options.url ?? "").replace(/\/+$/, "") + path + (query && `?${query}`);
  }
}

async function refused(response: Response): Promise<ApiError> {
  const problem = await response.json().catch(() => ({}));
  const after = response.headers.get("retry-after")?.trim() ?? "";
  const seconds = /^\d+$/.test(after) ? Number(after) : null;
  const id = response.headers.get("x-request-id") ?? response.headers.get("apigw-requestid");
  return new ApiError(response.status, problem ?? {}, seconds, id);
}
