/** A client of the AI Creative Studio; no dependencies, only `fetch`. */

import { ApiError, JobNotCompleted, StudioError, WaitTimeout } from "./errors.js";
import type {
  CreditsView, EntryView, FeatureView, FileView, JobView, Kind, NewEndpointView, News, QuoteView, Status, TokenView,
  UploadView, paths,
} from "./schema.js";
import { type Options, Transport } from "./transport.js";

export * from "./errors.js";
export type * from "./schema.js";
export type { Options } from "./transport.js";
export { verify, type Event } from "./webhooks.js";

type Submits = Extract<keyof paths, `/api/v1/jobs/${string}`>;
/** Features that this version knows, by the routes of the reference. */
export type Feature = {
  [Path in Submits]: Path extends `/api/v1/jobs/${infer Name}` ? (Name extends `${string}{${string}` ? never : Name) : never;
}[Submits];
/** The order of a feature. */
export type Order<Name extends Feature> = paths[`/api/v1/jobs/${Name}`] extends {
  post: { requestBody: { content: { "application/json": infer Body } } };
}
  ? Body
  : never;

export interface Sending {
  /** Your own, so that a repeat by another process is no second order; otherwise each call has a new one. */
  idempotencyKey?: string;
  /** `90s`, `5m`: end and refund the job if it has not ended by then. */
  cancelAfter?: string;
}

export interface Waiting {
  /** Seconds; left out, as long as it takes. */
  timeout?: number;
  signal?: AbortSignal;
}

/** The server holds no request longer. */
const MAX_HELD_SECONDS = 20;
const ENDED: ReadonlySet<Status> = new Set(["completed", "failed", "cancelled"]);

export class Studio {
  readonly jobs: Jobs;
  readonly #api: Transport;

  constructor(options: Options = {}) {
    this.#api = new Transport(options);
    this.jobs = new Jobs(this.#api);
  }

  get token(): string | undefined {
    return this.#api.token;
  }

  /** Sign in; the token is used from now on. */
  async login(email: string, password: string): Promise<TokenView> {
    const token = await this.#api.json<TokenView>("POST", "/api/v1/auth/login", { body: { email, password } });
    this.#api.token = token.token;
    return token;
  }

  credits(): Promise<CreditsView> {
    return this.#api.json("GET", "/api/v1/users/credits");
  }

  /** The ledger, newest first, page after page as you go. */
  transactions(kind?: Kind): AsyncGenerator<EntryView> {
    return this.#api.pages("/api/v1/users/transactions", { kind, limit: 100 });
  }

  async features(): Promise<FeatureView[]> {
    return (await this.#api.json<{ data: FeatureView[] }>("GET", "/api/v1/features")).data;
  }

  /** Send a JPEG, PNG or WebP of up to 20 MiB; returns the id that orders refer to. */
  async upload(picture: Blob): Promise<string> {
    const target = await this.#api.json<UploadView>("POST", "/api/v1/uploads", { body: { contentType: picture.type } });
    const form = new FormData();
    for (const [name, value] of Object.entries(target.fields)) form.append(name, value);
    form.append("file", picture); // S3 wants it last
    const answer = await this.#api.fetch(target.url, { method: "POST", body: form });
    if (!answer.ok) throw new StudioError(`the upload was refused: ${answer.status}`);
    return target.id;
  }

  /** Have an address called for your news; its `secret` is shown now and never again. See `verify`. */
  addEndpoint(url: string, events?: News[]): Promise<NewEndpointView> {
    return this.#api.json("POST", "/api/v1/webhooks/endpoints", { body: { url, ...(events && { events }) } });
  }

  deleteEndpoint(id: string): Promise<Response> {
    return this.#api.call("DELETE", `/api/v1/webhooks/endpoints/${encodeURIComponent(id)}`);
  }
}

export class Jobs {
  readonly #api: Transport;

  constructor(api: Transport) {
    this.#api = api;
  }

  /** Order something. Retries share one Idempotency-Key, so that they are one order. */
  submit<Name extends Feature>(feature: Name, order: Order<Name>, sending: Sending = {}): Promise<JobView> {
    const headers: Record<string, string> = sending.cancelAfter ? { "cancel-after": sending.cancelAfter } : {};
    const key = sending.idempotencyKey ?? crypto.randomUUID();
    return this.#api.json("POST", `/api/v1/jobs/${feature}`, { body: order, headers, key });
  }

  /** What an order would cost; nothing is charged or queued. */
  quote<Name extends Feature>(feature: Name, order: Order<Name>): Promise<QuoteView> {
    const call = { body: order, parameters: { dryRun: "true" }, key: crypto.randomUUID() };
    return this.#api.json("POST", `/api/v1/jobs/${feature}`, call);
  }

  get(id: string): Promise<JobView> {
    return this.#api.json("GET", path(id));
  }

  /** Newest first, page after page as you go. */
  list(filter: { status?: Status; feature?: string; createdAfter?: string; createdBefore?: string } = {}): AsyncGenerator<JobView> {
    return this.#api.pages("/api/v1/jobs", { ...filter, limit: 50 });
  }

  /** The job once it has completed. Throws `JobNotCompleted` if it ended otherwise; interrupting loses nothing. */
  async wait(id: string, waiting: Waiting & { onProgress?: (job: JobView) => void } = {}): Promise<JobView> {
    let last: JobView | undefined;
    for await (const job of this.#follow(id, waiting.onProgress ? 5 : MAX_HELD_SECONDS, waiting)) {
      waiting.onProgress?.(job);
      last = job;
    }
    if (last?.status !== "completed") throw new JobNotCompleted(last as JobView);
    return last;
  }

  /** The job now, and again whenever it has changed, until it has ended. */
  stream(id: string, waiting: Waiting = {}): AsyncGenerator<JobView> {
    return this.#follow(id, 5, waiting);
  }

  /** End a job and get its credits back. One that has completed is left alone and answered as it is. */
  async cancel(id: string): Promise<JobView> {
    const job = await this.get(id);
    return ENDED.has(job.status) ? job : this.#api.json("DELETE", path(id)); // it would delete one that has ended
  }

  /** The files with links that work for a limited time, without the token. */
  async files(id: string): Promise<FileView[]> {
    return (await this.#api.json<{ files: FileView[] }>("GET", `${path(id)}/download`)).files;
  }

  async *#follow(id: string, longest: number, { timeout = Infinity, signal }: Waiting): AsyncGenerator<JobView> {
    const began = Date.now();
    const passed = (since: number): number => (Date.now() - since) / 1000;
    let last: JobView | undefined;
    for (let hold = longest === MAX_HELD_SECONDS ? longest : 0; ; ) {
      const asked = Date.now();
      const held = Math.floor(Math.max(0, Math.min(hold, timeout - passed(began))));
      const headers: Record<string, string> = held ? { prefer: `wait=${held}` } : {};
      let rest: number;
      try {
        const job = await this.#api.json<JobView>("GET", path(id), { headers, ...(signal && { signal }) });
        const news = !last || job.sequence > last.sequence;
        if (news) yield (last = job);
        if (ENDED.has(job.status)) return;
        rest = Math.min(hold - passed(asked), 5); // where the server did not hold the request
        if (longest !== MAX_HELD_SECONDS) hold = news ? 1 : Math.min(Math.max(hold, 1) * 1.5, longest);
      } catch (error) {
        if (!(error instanceof ApiError && error.status === 429)) throw error;
        rest = error.retryAfter ?? longest;
      }
      const left = timeout - passed(began);
      if (left <= 0) throw new WaitTimeout(id, last);
      if (rest > 0) await this.#api.sleep(Math.min(rest, left));
    }
  }
}

function path(id: string): string {
  return `/api/v1/jobs/${encodeURIComponent(id)}`;
}
