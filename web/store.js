// What the page knows, in one place. Views read it with `useStore` and are drawn again when it changes.

import { useEffect, useState } from "./vendor/preact.js";

const TOKEN = "studio.token";

export const state = {
  token: localStorage.getItem(TOKEN),
  user: null,
  credits: null, // {balance, held}
  features: null, // the catalogue; null until it is known
  jobs: new Map(), // by id, the newest state that was heard of
  online: navigator.onLine,
  live: false, // whether the WebSocket is open
  expired: false, // the session ended without the person's doing
  toasts: [],
};

const watchers = new Set();

/** Change what is known and draw what shows it. */
export function set(change) {
  Object.assign(state, change);
  for (const watcher of [...watchers]) watcher();
}

/** The state, in a component that is drawn again whenever it changes. */
export function useStore() {
  const [, draw] = useState(0);
  useEffect(() => {
    const watcher = () => draw((n) => n + 1);
    watchers.add(watcher);
    return () => watchers.delete(watcher);
  }, []);
  return state;
}

export function keepToken(token) {
  if (token) localStorage.setItem(TOKEN, token);
  else localStorage.removeItem(TOKEN);
  set({ token });
}

/** Forget everything about the person; `expired` when the session ended by itself. */
export function forget(expired = false) {
  localStorage.removeItem(TOKEN);
  set({ token: null, user: null, credits: null, jobs: new Map(), live: false, expired });
}

/**
 * Remember a job unless something newer is known. Live news come without links and without the place in the queue, so
 * those of an answer of the API are kept as long as they fit.
 */
export function heard(job) {
  const known = state.jobs.get(job.id);
  if (known && known.sequence > job.sequence) return known;
  const merged = { ...job };
  if (known) {
    const previews = job.progress.previews.length ? job.progress.previews : known.progress.previews;
    merged.progress = { ...job.progress, previews: job.status === "processing" ? previews : [] };
    merged.queue = job.queue ?? (job.status === "pending" ? known.queue : null);
    if (!Object.keys(job.input).length) merged.input = known.input;
  }
  set({ jobs: new Map(state.jobs).set(job.id, merged) });
  return merged;
}

export function dropJob(id) {
  const jobs = new Map(state.jobs);
  jobs.delete(id);
  set({ jobs });
}

let lastToast = 0;

/** Say something in passing; `tone` is "good", "bad" or nothing. */
export function toast(text, { tone = "", href = null } = {}) {
  const id = ++lastToast;
  set({ toasts: [...state.toasts.slice(-2), { id, text, tone, href }] });
  setTimeout(() => closeToast(id), 7000);
}

export function closeToast(id) {
  set({ toasts: state.toasts.filter((shown) => shown.id !== id) });
}
