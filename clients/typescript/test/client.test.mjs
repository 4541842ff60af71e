import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";

const { Studio, ApiError, BadSignature, JobNotCompleted, Unreachable, WaitTimeout, verify } = await import(
  process.env.CLIENT ?? "../dist/index.js"
);

const job = (status, sequence) => ({ id: "job_1", status, sequence, error: null });

function studio(...answers) {
  const asked = [];
  const fetch = async (url, init) => {
    asked.push({ url: String(url), ...init });
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return new Response(JSON.stringify(answer.body ?? answer), { status: answer.code ?? 200, headers: answer.headers ?? {} });
  };
  const slept = [];
  const sleep = async (seconds) => void slept.push(seconds);
  return { asked, slept, client: new Studio({ url: "https://studio.test/", token: "t", fetch, sleep, random: () => 1 }) };
}

test("a submit keeps its key over retries", async () => {
  const { client, asked, slept } = studio(new TypeError("lost"), { code: 503, body: {} }, job("pending", 0));
  await client.jobs.submit("image-generation", { prompt: "a fox" });
  assert.equal(new Set(asked.map((each) => each.headers["idempotency-key"])).size, 1);
  assert.deepEqual(slept, [0.5, 1]);
  assert.equal(asked[0].url, "https://studio.test/api/v1/jobs/image-generation");
});

test("a call that could be done twice is not repeated", async () => {
  const { client, asked } = studio(new TypeError("lost"));
  await assert.rejects(client.addEndpoint("https://example.com"), Unreachable);
  assert.equal(asked.length, 1);
});

test("a refusal has its code, faults and request id", async () => {
  const body = { code: "invalid_request", detail: "no", requestId: "r", errors: [{ pointer: "/width", detail: "odd" }] };
  const { client } = studio({ code: 422, body });
  await assert.rejects(client.credits(), (error) => {
    assert.ok(error instanceof ApiError);
    assert.deepEqual([error.code, error.requestId, error.faults[0].pointer], ["invalid_request", "r", "/width"]);
    return true;
  });
});

test("waiting goes on to the end, and a failure is thrown", async () => {
  const done = studio(job("processing", 1), job("completed", 2));
  assert.equal((await done.client.jobs.wait("job_1")).status, "completed");
  assert.equal(done.asked[0].headers.prefer, "wait=20");
  await assert.rejects(studio(job("failed", 2)).client.jobs.wait("job_1"), JobNotCompleted);
  await assert.rejects(studio(job("processing", 1)).client.jobs.wait("job_1", { timeout: 0 }), WaitTimeout);
});

test("a stream never goes backwards", async () => {
  const { client } = studio(job("pending", 0), job("processing", 5), job("processing", 3), job("completed", 9));
  const seen = [];
  for await (const each of client.jobs.stream("job_1")) seen.push(each.sequence);
  assert.deepEqual(seen, [0, 5, 9]);
});

test("lists are read page after page", async () => {
  const { client, asked } = studio({ data: [1, 2], hasMore: true, nextCursor: "c" }, { data: [3], hasMore: false });
  const seen = [];
  for await (const each of client.transactions()) seen.push(each);
  assert.deepEqual(seen, [1, 2, 3]);
  assert.match(asked[1].url, /cursor=c/);
});

test("callbacks are believed when signed within five minutes", async () => {
  const secret = "whsec_" + Buffer.alloc(32, "x").toString("base64");
  const body = JSON.stringify({ type: "job.completed", timestamp: "2026-11-20T09:30:00Z", data: { id: "job_1" } });
  const mac = createHmac("sha256", Buffer.alloc(32, "x")).update(`dlv_1.1000.${body}`).digest("base64");
  const headers = { "Webhook-Id": "dlv_1", "webhook-timestamp": "1000", "webhook-signature": `v1,AAAA v1,${mac}` };
  const event = await verify(body, headers, ["whsec_AAAA", secret], 1300);
  assert.deepEqual([event.id, event.type, event.data.id], ["dlv_1", "job.completed", "job_1"]);
  await assert.rejects(verify(body, headers, secret, 1301), BadSignature);
  await assert.rejects(verify(body, headers, secret, 699), BadSignature);
  await assert.rejects(verify(body + " ", headers, secret, 1000), BadSignature);
  await assert.rejects(verify(body, { ...headers, "webhook-signature": "v1,é" }, secret, 1000), BadSignature);
});
