// Jobs as they change: one WebSocket for all of them, polling wherever that is not to be had.

import { get, post, refreshCredits } from "./api.js";
import { heard, set, state, toast } from "./store.js";
import { nameOf, t } from "./strings.js";

const PING_MS = 4 * 60_000; // connections on which nobody speaks end after ten minutes
const POLL_MS = 3_000;
const WAITS_MS = [1_000, 2_000, 5_000, 15_000, 30_000];
const ENDED = ["completed", "failed", "cancelled"];

export const hasEnded = (job) => ENDED.includes(job.status);

let socket = null;
let failures = 0;
let since = null; // of the last moment when nothing could have been missed
let timers = [];
let running = null; // the token it runs for

/** Follow the jobs of whoever is signed in; does nothing when that is going on already. */
export function follow() {
  if (running === state.token) return;
  stop();
  running = state.token;
  if (!running) return;
  since = new Date().toISOString();
  connect();
  timers.push(setInterval(poll, POLL_MS), setInterval(() => socket?.readyState === 1 && say({ action: "ping" }), PING_MS));
}

export function stop() {
  running = null;
  timers.forEach(clearInterval);
  timers = [];
  const old = socket;
  socket = null;
  old?.close();
  failures = 0;
}

/** Try again at once. After the network was away a connection that still looks open may be dead: `anew`. */
export function hurry(anew = false) {
  if (anew && socket) {
    const old = socket;
    socket = null;
    set({ live: false });
    old.close();
  }
  if (running && !socket) connect();
  poll();
}

const say = (words) => socket.send(JSON.stringify(words));

async function connect() {
  const token = running;
  let opened;
  try {
    const { url } = await post("/realtime/ticket");
    if (running !== token || socket) return;
    opened = new WebSocket(url);
  } catch {
    return again(token);
  }
  socket = opened;
  opened.onopen = () => {
    failures = 0;
    say({ action: "subscribe", job: "*", since });
    set({ live: true });
  };
  opened.onmessage = ({ data }) => {
    const told = JSON.parse(data);
    since = new Date(Date.now() - 5_000).toISOString(); // clocks differ a little
    if (told.type === "job") learn(told.job);
  };
  opened.onclose = () => {
    if (socket !== opened) return;
    socket = null;
    set({ live: false });
    again(token);
  };
}

function again(token) {
  if (running !== token) return;
  const wait = WAITS_MS[Math.min(failures++, WAITS_MS.length - 1)];
  setTimeout(() => running === token && !socket && connect(), wait * (0.8 + Math.random() * 0.4));
}

async function poll() {
  if (!running || state.live || document.hidden) return;
  const open = [...state.jobs.values()].filter((job) => !hasEnded(job)).slice(0, 10);
  for (const job of open) {
    try {
      learn(await get(`/jobs/${job.id}`));
    } catch (error) {
      if (error.code === "offline") return;
    }
  }
}

/** Take a job's new state in, and tell of its end where it is not looked at. */
export function learn(job) {
  const before = state.jobs.get(job.id);
  const now = heard(job);
  if (!before || hasEnded(before) || !hasEnded(now)) return now;
  refreshCredits().catch(() => {});
  if (!location.hash.endsWith(job.id)) {
    const tone = now.status === "completed" ? "good" : now.status === "failed" ? "bad" : "";
    toast(t(`toast.${now.status}`, { name: nameOf(now.feature) }), { tone, href: `#/jobs/${job.id}` });
  }
  return now;
}
