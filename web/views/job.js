// One job: watched while it is made, shown when it is done.

import { html, useEffect, useState } from "../vendor/preact.js";
import { call, get, refreshCredits, spend } from "../api.js";
import { hasEnded, learn } from "../live.js";
import { dropJob, heard, toast, useStore } from "../store.js";
import { clipped, date, duration, fieldName, plain, t, told } from "../strings.js";
import { Button, Confirm, copy, Empty, Failure, Icon, Skeleton } from "../ui.js";
import { about, nameIn } from "./jobs.js";
import { main, Result } from "./media.js";

const LOOK_MS = 5_000; // for previews and the place in the queue, which live news do not have
const MAX_TITLE = 90; // characters
const SHORT_WORDS = 400;

export function Job({ id }) {
  const { jobs, features, online } = useStore();
  const job = jobs.get(id);
  const [error, setError] = useState(null);
  const [files, setFiles] = useState(null);
  const look = () => get(`/jobs/${id}`).then((now) => { setError(null); return learn(now); }, setError);
  const fetchFiles = () => get(`/jobs/${id}/download`).then((answer) => setFiles(answer.files), setError);
  const ended = job && hasEnded(job);
  useEffect(() => { look(); }, [id, online]);
  useEffect(() => {
    if (ended || !job) return;
    const timer = setInterval(() => !document.hidden && look(), LOOK_MS);
    return () => clearInterval(timer);
  }, [id, ended, !job]);
  useEffect(() => {
    if (job?.status === "completed") fetchFiles();
  }, [id, job?.status, online]);
  if (!job) {
    if (error && ["not_found", "expired"].includes(error.code)) return html`<div class="page"><${Empty} icon="images" title=${t("job.gone")}><a class="button" href="#/jobs">${t("jobs.title")}</a><//></div>`;
    return html`<div class="page">${error ? html`<${Failure} error=${error} onAgain=${look} />` : html`<${Skeleton} lines=${3} />`}</div>`;
  }
  const name = nameIn(features, job.feature);
  const title = about(job, features) || name;
  return html`<div class="page job">
    <a class="back" href="#/jobs"><${Icon} name="arrow-left" />${t("jobs.title")}</a>
    <header class="job-head">
      <div>
        <p class="eyebrow">${name}${job.input.quality === "draft" ? ` · ${t("jobs.draft")}` : ""}</p>
        <h1 dir="auto">${clipped(title, MAX_TITLE)}</h1>
      </div>
      <span class=${`badge ${job.status}`} data-testid="status" data-status=${job.status}>${t(`status.${job.status}`)}</span>
    </header>
    <div class="split wide">
      <section class="stage">
        ${job.status === "completed" && (files ? html`<${Result} job=${job} files=${files} onStale=${fetchFiles} />` : html`<div class="skeleton film"></div>`)}
        ${!ended && html`<${Progress} job=${job} />`}
        ${job.status === "failed" && html`<${Empty} icon="circle-alert" title=${t("job.failed")} lead=${job.error?.message}><p class="good">${refunded(job)}</p><//>`}
        ${job.status === "cancelled" && html`<${Empty} icon="x" title=${t("status.cancelled")} lead=${job.error?.message}><p class="good">${refunded(job)}</p><//>`}
      </section>
      <aside>
        <${Acts} job=${job} files=${files} />
        ${files && html`<${Files} files=${files} />`}
        <${Facts} job=${job} />
        <${Ordered} job=${job} features=${features} />
      </aside>
    </div>
  </div>`;
}

const refunded = (job) => (job.credits.refunded ? t("job.refunded", job.credits.refunded) : t("job.noCharge"));

function Progress({ job }) {
  const { value, stage, step, steps, previews } = job.progress;
  const percent = Math.round(value * 100);
  const words = t(`stage.${stage}`);
  const waiting = job.status === "pending";
  const cancel = async () => {
    const now = await call("DELETE", `/jobs/${job.id}`);
    if (!now) return;
    heard(now);
    refreshCredits().catch(() => {});
    toast(t("job.cancelled", now.credits.refunded), { tone: "good" });
  };
  return html`<div class="progress">
    <div class=${previews.length ? "easel" : "easel blank"}>
      ${previews.length ? previews.map((url, n) => html`<img key=${n} crossorigin="anonymous" src=${url} alt="" />`) : html`<div class="shimmer"></div>`}
    </div>
    <div class="progress-words">
      <div class="line"><strong aria-live="polite">${words.startsWith("stage.") ? plain(stage) : words}</strong><span class="percent">${percent} %</span></div>
      <progress max="100" value=${waiting ? undefined : percent} aria-label=${t(`status.${job.status}`)}></progress>
      <div class="line quiet">
        <span>${waiting && job.queue ? [t("job.queue", job.queue.position), job.queue.estimatedSeconds && t("job.ready", job.queue.estimatedSeconds)].filter(Boolean).join(" · ") : steps > 1 ? t("job.step", Math.min(step, steps), steps) : ""}</span>
        <${Button} kind="small" icon="x" data-testid="cancel" onClick=${cancel}>${t("job.cancel")}<//>
      </div>
    </div>
  </div>`;
}

function Acts({ job, files }) {
  const [asking, setAsking] = useState(false);
  const ended = hasEnded(job);
  const again = async (changes) => {
    const next = await spend(`/jobs/${job.id}/rerun`, changes, crypto.randomUUID());
    heard(next);
    refreshCredits().catch(() => {});
    location.hash = `#/jobs/${next.id}`;
  };
  const remove = async () => {
    try {
      await call("DELETE", `/jobs/${job.id}`);
    } catch (error) {
      setAsking(false);
      return toast(error.code === "job_ended" ? t("job.justEnded") : told(error), { tone: "bad" });
    }
    dropJob(job.id);
    toast(t("job.deleted"));
    location.hash = "#/jobs";
  };
  const share = async () => {
    const { files: fresh } = await get(`/jobs/${job.id}/download`);
    const file = main(fresh);
    await copy(file.url, t("job.linked", date(file.urlExpiresAt)));
  };
  const save = async () => {
    const { files: fresh } = await get(`/jobs/${job.id}/download`); // links last a quarter of an hour
    open(main(fresh).url, "_self"); // an attachment: the page stays
  };
  if (!ended) return null;
  const draft = job.input.quality === "draft";
  const persona = job.result?.personaId ?? job.input.personaId;
  return html`<div class="acts">
    ${job.status === "completed" && html`<${Button} kind="primary full" icon="download" disabled=${!files} data-testid="download" onClick=${save}>${t("job.download")}<//>`}
    ${draft && html`<${Button} kind="full" icon="sparkles" onClick=${() => again({ quality: "standard" })}>${t("job.keep")}<//>`}
    <div class="pair">
      <${Button} icon="rotate-ccw" onClick=${() => again({})}>${t("job.rerun")}<//>
      ${job.status === "completed" && html`<${Button} icon="refresh-cw" onClick=${() => again({ seed: Math.floor(Math.random() * 2 ** 32) })}>${t("job.variation")}<//>`}
    </div>
    <div class="links">
      <a class="text" href=${`#/create/${job.feature}?from=${job.id}`}>${t("job.edit")}</a>
      ${persona && html`<a class="text" href=${`#/create/${job.feature}?persona=${persona}`}>${t("job.person")}</a>`}
      ${job.status === "completed" && html`<${Button} kind="text" icon="link" onClick=${share}>${t("job.link")}<//>`}
      <${Button} kind="text" icon="trash-2" onClick=${() => setAsking(true)}>${t("job.delete")}<//>
    </div>
    <${Confirm} open=${asking} title=${t("job.deleteAsk")} lead=${t("job.deleteLead")} action=${t("job.delete")} onYes=${remove} onClose=${() => setAsking(false)} />
  </div>`;
}

function Files({ files }) {
  return html`<details class="facts"><summary>${t("job.downloadAll")}<span class="aside">${files.length}</span><${Icon} name="chevron-right" /></summary>
    <ul class="files">${files.map((file) => html`<li key=${file.name}><a href=${file.url}><${Icon} name="download" />${file.name}</a><span>${bytes(file.sizeBytes)}</span></li>`)}</ul>
  </details>`;
}

const bytes = (n) => (n < 1e6 ? `${Math.max(1, Math.round(n / 1e3))} kB` : `${(n / 1e6).toFixed(1)} MB`);

function Facts({ job }) {
  const { result } = job;
  const rows = [
    ["cost", t("job.paid", job.credits.held + job.credits.charged + job.credits.refunded)],
    ["engine", result?.engine], ["model", result?.model], ["licence", result?.licence],
    ["seeds", result?.seeds?.join(", ")],
    ["took", result?.timings?.total && duration(result.timings.total)],
    ["made", date(job.createdAt)],
    ["kept", job.expiresAt && date(job.expiresAt, false)],
    ["attempts", job.attempts > 1 && job.attempts],
    ["notes", result?.notes?.join("; ")],
  ];
  return html`<details class="facts" open><summary>${t("job.facts")}<${Icon} name="chevron-right" /></summary>
    <dl>${rows.filter(([, value]) => value).map(([name, value]) => html`<div key=${name}><dt>${t(`job.${name}`)}</dt><dd>${value}</dd></div>`)}</dl>
  </details>`;
}

function Ordered({ job, features }) {
  const schema = features?.find((one) => one.name === job.feature)?.options.properties ?? {};
  const shown = Object.entries(job.input).filter(([, value]) => value !== "" && !(Array.isArray(value) && !value.length));
  return html`<details class="facts"><summary>${t("job.order")}<${Icon} name="chevron-right" /></summary>
    <dl>${shown.map(([name, value]) => html`<div key=${name}><dt>${fieldName(name, schema[name])}</dt><dd dir="auto">${shortened(value)}</dd></div>`)}</dl>
  </details>`;
}

function shortened(value) {
  return clipped(typeof value === "object" ? JSON.stringify(value) : String(value), SHORT_WORDS);
}
