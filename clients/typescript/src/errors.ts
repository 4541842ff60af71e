/** Everything that can go wrong is a `StudioError`; what the API refused is an `ApiError` with its problem document. */

import type { JobView, Problem } from "./schema.js";

export class StudioError extends Error {
  override get name(): string {
    return this.constructor.name;
  }
}

/** No answer, although asked as often as is right. A submit that ends so may have been taken: repeat it with its key. */
export class Unreachable extends StudioError {
  constructor(message: string, readonly idempotencyKey: string | undefined, cause: unknown) {
    super(message, { cause });
  }
}

/** The API refused. Decide on `code`, show the message, and tell support the `requestId`. */
export class ApiError extends StudioError {
  readonly code: string;
  readonly requestId: string | null;

  constructor(
    readonly status: number,
    /** The whole document; fields such as `required` and `balance` depend on the code. */
    readonly problem: Partial<Problem> & Record<string, unknown>,
    /** Seconds, of the header `Retry-After`. */
    readonly retryAfter: number | null,
    requestId: string | null,
  ) {
    super(problem.detail ?? problem.title ?? `the studio answered ${status}`);
    this.code = problem.code ?? `http_${status}`;
    this.requestId = problem.requestId ?? requestId;
  }

  /** What is wrong with each field of an order. */
  get faults(): { pointer: string; detail: string }[] {
    return (this.problem.errors ?? []) as { pointer: string; detail: string }[];
  }
}

/** The job ended without a result; its credits went back. */
export class JobNotCompleted extends StudioError {
  constructor(readonly job: JobView) {
    super(`${job.id} is ${job.status}${job.error ? `: ${job.error.message} (${job.error.code})` : ""}`);
  }
}

/** The job had not ended in time. It goes on; wait for it again by its id. */
export class WaitTimeout extends StudioError {
  constructor(readonly jobId: string, readonly job: JobView | undefined) {
    super(`${jobId} is ${job?.status ?? "still going"}`);
  }
}

export class BadSignature extends StudioError {}
