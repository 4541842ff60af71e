// Everything that was made, newest first.

import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { get, list } from "../api.js";
import { hasEnded } from "../live.js";
import { heard, useStore } from "../store.js";
import { ago, clipped, nameOf, optionName, t, titleOf } from "../strings.js";
import { Button, Empty, Failure, Icon, Skeleton, useLoad } from "../ui.js";
import { face } from "./media.js";

const PAGE = 24;
const MAX_WORDS = 64; // characters: two lines on the narrowest card

export const nameIn = (features, name) => {
  const feature = features?.find((one) => one.name === name);
  return feature ? titleOf(feature) : nameOf(name);
};

/** What a job is about, in a line. */
export function about(job, features) {
  const { prompt, storyTitle, topic, script } = job.input;
  const usual = Object.keys(features?.find((one) => one.name === job.feature)?.example ?? {});
  const choices = usual.map((name) => job.input[name]).filter((value) => typeof value === "string" && !value.startsWith("upl_"));
  return prompt || storyTitle || topic || script || choices.map(optionName).join(", ");
}

export function Jobs() {
  const { features, jobs } = useStore();
  const [feature, setFeature] = useState("");
  const [pages, setPages] = useState([]); // of ids; the jobs themselves are in the store
  const [next, setNext] = useState(null);
  const ask = async (cursor) => {
    const page = await list("/jobs", { limit: PAGE, feature, cursor });
    page.data.forEach(heard);
    setNext(page.nextCursor);
    return page.data.map((job) => job.id);
  };
  const { data, error, loading, again } = useLoad(async () => { setPages([]); return ask(); }, [feature]);
  const ids = [...(data ?? []), ...pages.flat()];
  const listed = new Set(ids);
  // Those that began elsewhere while this was open come first.
  const fresh = [...jobs.values()].filter((job) => data && !listed.has(job.id) && (!feature || job.feature === feature) && job.createdAt > (jobs.get(ids[0])?.createdAt ?? ""));
  const shown = [...fresh.sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1)), ...ids.map((id) => jobs.get(id)).filter(Boolean)];
  return html`<div class="page">
    <h1>${t("jobs.title")}</h1>
    <div class="chips filter" role="group" aria-label=${t("jobs.title")}>
      ${[{ name: "" }, ...(features ?? [])].map((one) => html`<button key=${one.name} type="button" class="chip-button" aria-pressed=${feature === one.name} onClick=${() => setFeature(one.name)}>
        ${one.name ? titleOf(one) : t("jobs.all")}</button>`)}
    </div>
    ${error && !shown.length && html`<${Failure} error=${error} onAgain=${again} />`}
    ${loading && !data && !error && html`<${Skeleton} lines=${6} className="covers" />`}
    ${data && !shown.length && (feature
      ? html`<${Empty} icon="images" title=${t("jobs.emptyFilter")} />`
      : html`<${Empty} icon="images" title=${t("jobs.empty")} lead=${t("jobs.emptyLead")}><a class="button primary" href="#/"><${Icon} name="sparkles" /><span>${t("jobs.first")}</span></a><//>`)}
    <ul class="gallery">${shown.map((job) => html`<li key=${job.id}><${Card} job=${job} features=${features} /></li>`)}</ul>
    ${next && html`<div class="row center"><${Button} onClick=${async () => { const more = await ask(next); setPages((before) => [...before, more]); }}>${t("more")}<//></div>`}
  </div>`;
}

function Card({ job, features }) {
  const ref = useRef();
  const [picture, setPicture] = useState(null);
  const [tall, setTall] = useState(false);
  useEffect(() => {
    if (job.status !== "completed") return;
    const seen = new IntersectionObserver(([entry]) => {
      if (!entry.isIntersecting) return;
      seen.disconnect();
      get(`/jobs/${job.id}/download`).then(({ files }) => setPicture(face(files)), () => {});
    }, { rootMargin: "200px" });
    seen.observe(ref.current);
    return () => seen.disconnect();
  }, [job.status]);
  const running = !hasEnded(job);
  const value = Math.round(job.progress.value * 100);
  return html`<a ref=${ref} class=${`work ${job.status}`} href=${`#/jobs/${job.id}`}>
    <div class="thumb">
      ${picture ? html`<img class=${tall ? "tall" : ""} crossorigin="anonymous" src=${picture.url} alt="" loading="lazy"
        onLoad=${({ target }) => setTall(target.naturalHeight > target.naturalWidth)} />` : html`<div class=${running ? "shimmer" : job.status === "completed" ? "skeleton" : "still"}>
        ${!running && job.status !== "completed" && html`<${Icon} name=${job.status === "failed" ? "circle-alert" : "x"} />`}</div>`}
      ${job.input.quality === "draft" && html`<span class="tag">${t("jobs.draft")}</span>`}
      ${job.status !== "completed" && html`<span class=${`tag state ${job.status}`}>${t(`status.${job.status}`)}</span>`}
      ${running && html`<progress max="100" value=${value} aria-label=${t(`status.${job.status}`)}></progress>`}
    </div>
    <h2>${nameIn(features, job.feature)}</h2>
    <p>${clipped(about(job, features), MAX_WORDS)}</p>
    <time datetime=${job.createdAt}>${ago(job.createdAt)}</time>
  </a>`;
}
