// Results on the screen: pictures with a lightbox, films with captions, before and after, storyboards.

import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { clock, t } from "../strings.js";
import { Dialog, Icon } from "../ui.js";

const RENEW_MS = 60_000; // links last a quarter of an hour; a film may be paused for longer

const isPicture = (file) => file.contentType.startsWith("image/");
const isBeforeAfter = (file) => /^before-after\./.test(file.name);
const named = (files, name) => files.find((file) => file.name === name);

/** Whatever a job delivered, shown as what it is. */
export function Result({ job, files, onStale }) {
  const video = files.find((file) => file.contentType.startsWith("video/"));
  if (video) return html`<${Film} video=${video} files=${files} onStale=${onStale} />`;
  const pair = files.find(isBeforeAfter);
  const pictures = files.filter((file) => isPicture(file) && !isBeforeAfter(file));
  if (pair && pictures.length) return html`<${BeforeAfter} pair=${pair} after=${pictures[0]} />`;
  return html`<${Pictures} pictures=${pictures} title=${job.input.prompt ?? ""} />`;
}

/** The file that stands for a job in a list. */
export const face = (files) => files.find((file) => isPicture(file) && !isBeforeAfter(file));
/** The file that a customer most likely wants. */
export const main = (files) => files.find((file) => file.contentType.startsWith("video/")) ?? face(files) ?? files[0];

function Pictures({ pictures, title }) {
  const [open, setOpen] = useState(null);
  const label = (n) => `${title} ${pictures.length > 1 ? n + 1 : ""}`.trim() || String(n + 1);
  return html`<ul class=${`pictures of-${Math.min(pictures.length, 4)}`}>
      ${pictures.map((file, n) => html`<li key=${file.name}><button type="button" class="picture" aria-label=${`${t("job.open")}: ${label(n)}`} onClick=${() => setOpen(n)}>
        <img crossorigin="anonymous" src=${file.url} alt=${label(n)} /></button></li>`)}
    </ul>
    <${Lightbox} pictures=${pictures} at=${open} onMove=${setOpen} label=${label} />`;
}

function Lightbox({ pictures, at, onMove, label }) {
  const file = pictures[at];
  const step = (by) => onMove((at + by + pictures.length) % pictures.length);
  const keys = (event) => {
    if (event.key === "ArrowRight") step(1);
    if (event.key === "ArrowLeft") step(-1);
  };
  return html`<${Dialog} open=${at !== null} onClose=${() => onMove(null)} className="lightbox" label=${file ? label(at) : ""}>
    <figure onKeyDown=${keys}>
      <img crossorigin="anonymous" src=${file?.url} alt=${file && label(at)} />
      <figcaption>
        ${pictures.length > 1 && html`<button type="button" class="ghost" aria-label=${t("job.previous")} onClick=${() => step(-1)}><${Icon} name="chevron-left" /></button>
        <span>${at + 1} / ${pictures.length}</span>
        <button type="button" class="ghost" aria-label=${t("job.next")} onClick=${() => step(1)}><${Icon} name="chevron-right" /></button>`}
        <a class="ghost" href=${file?.url} aria-label=${t("job.download")}><${Icon} name="download" /></a>
        <button type="button" class="ghost" autofocus aria-label=${t("close")} onClick=${() => onMove(null)}><${Icon} name="x" /></button>
      </figcaption>
    </figure>
  <//>`;
}

/** `pair` has the photo on the left and the result on the right; its left half lies under the result. */
function BeforeAfter({ pair, after }) {
  const [share, setShare] = useState(50);
  return html`<figure class="compare">
    <div class="compare-stage">
      <img class="compare-after" crossorigin="anonymous" src=${after.url} alt=${t("job.after")} />
      <img class="compare-before" crossorigin="anonymous" src=${pair.url} alt=${t("job.before")} style=${{ clipPath: `inset(0 ${100 - share}% 0 0)` }} />
      <span class="compare-line" style=${{ left: `${share}%` }}></span>
      <input type="range" min="0" max="100" value=${share} aria-label=${t("job.slider")} onInput=${(event) => setShare(Number(event.target.value))} />
    </div>
    <figcaption><span>${t("job.before")}</span><span>${t("job.after")}</span></figcaption>
  </figure>`;
}

function Film({ video, files, onStale }) {
  const renewed = useRef(0);
  const renew = () => {
    if (Date.now() - renewed.current < RENEW_MS) return; // it is broken, not stale
    renewed.current = Date.now();
    onStale();
  };
  const player = useRef();
  const poster = named(files, "poster.jpg");
  const captions = named(files, "captions.vtt");
  const storyboard = named(files, "storyboard.json");
  const [board, setBoard] = useState(null);
  useEffect(() => {
    if (storyboard) fetch(storyboard.url).then((answer) => answer.json()).then(setBoard, () => {});
  }, [storyboard?.name]);
  const jump = (seconds) => {
    player.current.currentTime = seconds;
    player.current.play();
  };
  const parts = board?.scenes ?? board?.shots ?? [];
  return html`<video ref=${player} class="film" controls playsinline preload="metadata" crossorigin="anonymous" poster=${poster?.url} src=${video.url} onError=${renew} aria-label=${t("job.play")}>
      ${captions && html`<track kind="captions" src=${captions.url} label=${t("job.captionsLabel")} srclang=${board?.language ?? "en"} />`}
    </video>
    ${parts.length > 1 && html`<section class="board">
      <h2>${t("job.storyboard")}</h2>
      <ol>${parts.map((part, n) => html`<li key=${n}><button type="button" aria-label=${t("job.fromHere", clock(part.start))} onClick=${() => jump(part.start)}>
        <time>${clock(part.start)}</time>
        <strong>${part.heading || t(board.scenes ? "job.scene" : "job.shot", n + 1)}</strong>
        <span>${part.narration || [part.framing, part.camera?.movement].filter(Boolean).join(", ")}</span>
      </button></li>`)}</ol>
    </section>`}`;
}
