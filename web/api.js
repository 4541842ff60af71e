// The studio's API: one function for every call, errors as `Problem` with the API's own code and field messages.

import { forget, set, state } from "./store.js";

const BASE = "/api/v1";

/** What the API answered instead of what was asked for; `code` "offline" when nothing answered. */
export class Problem extends Error {
  constructor(status, body, retryAfter = null) {
    super(body.detail || body.title || `HTTP ${status}`);
    this.status = status;
    this.code = body.code ?? "unknown";
    this.body = body;
    this.retryAfter = retryAfter; // seconds
  }

  /** Messages by the name of the field they belong to; those of no field under "". */
  get fields() {
    const found = {};
    for (const { pointer, detail } of this.body.errors ?? []) found[pointer.split("/")[1] ?? ""] ??= detail;
    return found;
  }
}

async function send(path, options) {
  try {
    const answer = await fetch(path, options);
    // What was under way when the network went may still arrive.
    if (!state.online && navigator.onLine) set({ online: true });
    return answer;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    set({ online: navigator.onLine });
    throw new Problem(0, { code: "offline", title: "offline" });
  }
}

/** Ask the API; resolves to the body, or null where there is none. */
export async function call(method, path, body, { headers = {}, signal } = {}) {
  const token = state.token;
  const answer = await send(BASE + path, {
    method,
    signal,
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (answer.ok) return answer.status === 204 ? null : answer.json();
  const problem = await answer.json().catch(() => ({}));
  if (answer.status === 401 && token && state.token === token && problem.code === "unauthorized") forget(true);
  throw new Problem(answer.status, problem, Number(answer.headers.get("retry-after")) || null);
}

export const get = (path, options) => call("GET", path, undefined, options);
export const post = (path, body, options) => call("POST", path, body, options);

const BUSY_WAITS_MS = [1_000, 3_000];

const PASSING = [503, 504]; // busy, or something in it does not answer

/** A POST that spends: repeated, by us when the studio is busy or by hand, it still makes one job and one charge. */
export async function spend(path, body, key) {
  for (const wait of [...BUSY_WAITS_MS, null]) {
    try {
      return await post(path, body, { headers: { "idempotency-key": key } });
    } catch (error) {
      if (!PASSING.includes(error.status) || wait === null) throw error;
      await new Promise((done) => setTimeout(done, wait));
    }
  }
}

export async function refreshCredits() {
  if (state.token) set({ credits: await get("/users/credits") });
}

/** Everything a page of a list has to say; `query` leaves out what is empty. */
export function list(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== "" && value !== undefined);
  return get(`${path}?${new URLSearchParams(given)}`);
}

/** Send one picture to the studio's storage. `progress` is told the share that has left, 0 to 1. Resolves to its id. */
export async function upload(file, progress) {
  const target = await post("/uploads", { contentType: file.type });
  const form = new FormData();
  for (const [name, value] of Object.entries(target.fields)) form.append(name, value);
  form.append("file", file);
  await new Promise((done, fail) => {
    const request = new XMLHttpRequest(); // fetch does not tell how much has been sent
    request.open("POST", target.url);
    request.upload.onprogress = ({ loaded, total }) => progress(loaded / total);
    request.onload = () =>
      request.status < 300 ? done() : fail(new Problem(request.status, { code: "upload_refused" }));
    request.onerror = () => fail(new Problem(0, { code: "offline" }));
    request.send(form);
  });
  return target.id;
}
