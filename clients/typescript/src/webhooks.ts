/** Callbacks that reach your program. Signatures follow Standard Webhooks 1.0: https://www.standardwebhooks.com */

import { BadSignature } from "./errors.js";

export interface Event {
  /** The same in every attempt: remember it, messages come at least once. */
  id: string;
  type: string;
  timestamp: string;
  data: Record<string, unknown>;
}

const TOLERANCE_SECONDS = 300;

/**
 * The message in `body`, as it came, if the studio sent it within the last five minutes.
 * @param secrets of the endpoint, `whsec_…`; several while you rotate them
 * @param now Unix time in seconds, for tests
 */
export async function verify(
  body: string | Uint8Array,
  headers: Headers | Record<string, string | string[] | undefined>,
  secrets: string | string[],
  now = Date.now() / 1000,
): Promise<Event> {
  const header = reader(headers);
  const [id, moment, signatures] = [header("webhook-id"), header("webhook-timestamp"), header("webhook-signature")];
  if (!id || !moment || !signatures) throw new BadSignature("the headers of a signed message are missing");
  if (!/^\d{1,12}$/.test(moment)) throw new BadSignature("the time of the message cannot be read");
  if (Math.abs(now - Number(moment)) > TOLERANCE_SECONDS)
    throw new BadSignature(`the message is more than ${TOLERANCE_SECONDS} seconds off`);

  const content = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const start = new TextEncoder().encode(`${id}.${moment}.`);
  const signed = new Uint8Array(start.length + content.length);
  signed.set(start);
  signed.set(content, start.length);
  const given = signatures.split(/\s+/).filter((each) => each.startsWith("v1,")).map((each) => bytes(each.slice(3)));
  let valid = false;
  for (const secret of [secrets].flat()) {
    const raw = bytes(secret.trim().replace(/^whsec_/, ""));
    if (!raw?.length) throw new TypeError("a secret is `whsec_` and Base64; this is something else");
    const key = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
    // `verify` of WebCrypto compares in constant time.
    for (const signature of given)
      if (signature && (await crypto.subtle.verify("HMAC", key, signature, signed))) valid = true;
  }
  if (!valid) throw new BadSignature("no signature of the message is valid");
  return { id, ...(JSON.parse(new TextDecoder().decode(content)) as Omit<Event, "id">) };
}

function reader(headers: Headers | Record<string, string | string[] | undefined>): (name: string) => string | undefined {
  if (headers instanceof Headers) return (name) => headers.get(name)?.trim();
  const lower = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return (name) => [lower.get(name)].flat()[0]?.trim();
}

function bytes(base64: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}
