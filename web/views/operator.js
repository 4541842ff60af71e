// How the studio runs, for those who run it: read-only, and fresh by itself.

import { html, useEffect, useState } from "../vendor/preact.js";
import { list } from "../api.js";
import { useStore } from "../store.js";
import { ago, dollars, duration, nameOf, num, share, t, told } from "../strings.js";
import { Button, copy, Empty, Failure, Icon, Skeleton, useLoad } from "../ui.js";
import { Bars } from "./chart.js";

const PERIODS = [1, 7, 30];
const REFRESH_MS = 15_000;
const ENDS = ["completed", "failed", "cancelled"];

export function Operator() {
  const { online } = useStore();
  const [days, setDays] = useState(7);
  const { data, error, again } = useLoad(() => list("/operator/overview", { days }), [days]);
  useEffect(() => {
    const look = () => !document.hidden && online && again();
    const timer = setInterval(look, REFRESH_MS);
    document.addEventListener("visibilitychange", look);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, [days, online]);
  return html`<div class="page operator">
    <header class="operator-head">
      <div><h1>${t("operator.title")}</h1>
        <p class="lead">${data ? html`<time dateTime=${data.at} data-testid="seen-at">${t("operator.at", clockOf(data.at))}</time>` : t("operator.lead")}</p></div>
      <div class="chips" role="group" aria-label=${t("operator.period")}>${PERIODS.map((period) => html`<button key=${period} type="button" class="chip-button" aria-pressed=${period === days} onClick=${() => setDays(period)}>${t("operator.days", period)}</button>`)}</div>
    </header>
    ${error && data && html`<p class="note" role="status"><${Icon} name="circle-alert" />${t("operator.stale")} ${told(error)}</p>`}
    ${error && !data && html`<${Failure} error=${error} onAgain=${again} />`}
    ${!data && !error && html`<${Skeleton} lines=${6} className="operator-wait" />`}
    ${data && html`<${Seen} seen=${data} />`}
  </div>`;
}

function Seen({ seen }) {
  const ended = seen.total.paid + seen.total.drafts;
  return html`
    <div class="figures">
      <${Figure} name="working" label=${t("status.processing")} value=${seen.jobs.processing === null ? "–" : num(seen.jobs.processing)} hint=${t("operator.waits", many(seen.jobs.pending, seen.jobs.capped))} />
      <${Figure} name="ended" label=${t("operator.ended")} value=${num(ended)} hint=${t("operator.ofThem", seen.total)} />
      <${Figure} name="cost" label=${t("operator.cost")} value=${dollars(seen.total.costUsd)} hint=${t("operator.costHint", { time: duration(seen.total.workerSeconds), hour: dollars(seen.hourUsd) })} />
      <${Figure} name="refunds" label=${t("operator.refunds")} value=${share(seen.total.refundShare)} hint=${t("operator.refundsHint", seen.total)} />
      <${Figure} name="credit" label=${t("operator.credit")} value=${dollars(seen.creditUsd)} hint=${t("operator.creditHint")} />
    </div>
    <div class="columns operator-now">
      <section class="card"><h2>${t("operator.queues")}</h2>
        <ul class="rows-list">${seen.queues.map((queue) => html`<li key=${queue.name} data-testid=${`queue-${queue.name}`}>
          <div><strong>${t(`operator.queue.${queue.name}`)}</strong><small>${queue.waiting ? t("operator.oldest", duration(queue.oldestSeconds)) : t("operator.nobody")}</small></div>
          <b class="count">${many(queue.waiting, queue.capped)}</b></li>`)}</ul>
      </section>
      <section class="card"><h2>${t("operator.workers")}</h2>
        ${!seen.workers.length && html`<p class="quiet">${t("operator.noWorkers")}</p>`}
        <ul class="rows-list">${seen.workers.map((crew) => html`<li key=${JSON.stringify(crew)}>
          <div><strong>${t(`operator.queue.${crew.queue}`)}</strong><small>${[crew.profile, crew.reason].filter(Boolean).join(" · ")}</small></div>
          <span class="row"><span class=${`badge ${crew.state === "ready" ? "completed" : "pending"}`}>${t(crew.state === "ready" ? "operator.ready" : "operator.notReady")}</span><b class="count">${num(crew.count)}</b></span></li>`)}</ul>
      </section>
    </div>
    <div class="columns charts">
      <${Bars} title=${t("operator.jobsByDay")} none=${t("operator.nothingEnded")} legend=${ENDS.map((end) => [end, t(`status.${end}`)])}
        days=${seen.daily.map((one) => ({ name: one.day, parts: ENDS.map((end) => [end, one[end]]) }))} />
      <${Bars} title=${t("operator.costByDay")} none=${t("operator.nothingSpent")} said=${dollars}
        days=${seen.daily.map((one) => ({ name: one.day, parts: [["spent", one.costUsd]] }))} />
    </div>
    <${Features} features=${seen.features} total=${seen.total} />
    <${Failures} failures=${seen.failures} />
    <${Margins} packages=${seen.packages} />`;
}

function Figure({ name, label, value, hint }) {
  return html`<div class="card figure" data-testid=${`figure-${name}`}><p class="eyebrow">${label}</p><p class="big">${value}</p><p class="hint">${hint}</p></div>`;
}

function Features({ features, total }) {
  const rows = [...features].sort((a, b) => b.costUsd - a.costUsd || b.paid - a.paid);
  const cells = (one) => html`
    <td class="n">${num(one.paid)}</td><td class="n quiet">${num(one.drafts)}</td>
    <td class=${one.failed ? "n bad-word" : "n quiet"}>${num(one.failed)}</td><td class="n">${share(one.refundShare)}</td>
    <td class="n">${one.workerSeconds ? duration(one.workerSeconds) : "–"}</td><td class="n">${dollars(one.costUsd)}</td>`;
  return html`<section><h2 id="by-feature">${t("operator.byFeature")}</h2>
    <div class="table" tabindex="0" role="region" aria-labelledby="by-feature"><table>
      <thead><tr><th>${t("operator.feature")}</th>${["paid", "drafts", "failed", "refundShare", "time", "costs", "each"].map((name) => html`<th key=${name} class="n">${t(`operator.columns.${name}`)}</th>`)}</tr></thead>
      <tbody>${rows.map((one) => html`<tr key=${one.feature} data-testid=${`work-${one.feature}`}><th scope="row">${nameOf(one.feature)}</th>${cells(one)}<td class="n">${dollars(one.costPerJobUsd)}</td></tr>`)}</tbody>
      <tfoot><tr><th scope="row">${t("operator.all")}</th>${cells(total)}<td></td></tr></tfoot>
    </table></div></section>`;
}

function Failures({ failures }) {
  return html`<section><h2>${t("operator.failures")}</h2>
    ${!failures.length && html`<${Empty} icon="badge-check" title=${t("operator.noFailures")} />`}
    <ul class="rows-list failures">${failures.map((one) => html`<li key=${one.feature + one.code} data-testid="failure">
      <b class="count">${num(one.count)}</b>
      <div><strong>${nameOf(one.feature)} <code>${one.code}</code></strong>
        <small>${one.message ?? t("operator.erased")}${one.endedAt && ` · ${ago(one.endedAt)}`}</small></div>
      <${Button} kind="small" icon="copy" aria-label=${`${t("operator.copyId")}: ${one.jobId}`} onClick=${() => copy(one.jobId)}>${t("operator.copyId")}<//>
    </li>`)}</ul></section>`;
}

function Margins({ packages }) {
  return html`<section><h2 id="margins">${t("operator.margins")}</h2><p class="lead">${t("operator.marginsLead")}</p>
    <ul class="margins">${packages.map((one) => html`<li class="card" key=${one.name} data-testid=${`margin-${one.name}`}>
      <div class="line"><h3>${one.title}</h3><span class="quiet">${t("credits", one.credits)}</span></div>
      <p class="big">${one.marginUsd === null ? "–" : dollars(one.marginUsd)}${one.marginShare !== null && html` <small>${share(one.marginShare)}</small>`}</p>
      <${Split} one=${one} />
      <dl><div><dt>${t("operator.price")}</dt><dd>${dollars(one.priceUsd)}</dd></div>
        <div><dt>${t("operator.fee")}</dt><dd>−${dollars(one.feeUsd)}</dd></div>
        <div><dt>${t("operator.work")}</dt><dd>${one.workUsd === null ? t("operator.unknown") : `−${dollars(one.workUsd)}`}</dd></div></dl>
    </li>`)}</ul></section>`;
}

/** The price as a bar: what stays, what the work takes, what the payment takes. */
function Split({ one }) {
  const work = Math.min(one.workUsd ?? 0, one.priceUsd - one.feeUsd);
  const parts = [["left", one.priceUsd - one.feeUsd - work], ["work", work], ["fee", one.feeUsd]];
  let x = 0;
  return html`<svg class="split-bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">${parts.map(([kind, value]) => {
    const [from, wide] = [x, (value / one.priceUsd) * 100];
    x += wide;
    return html`<rect key=${kind} class=${kind} x=${from} width=${Math.max(0, wide)} height="6" />`;
  })}</svg>`;
}

const many = (n, capped) => (capped ? t("operator.atLeast", n) : num(n));
const clockOf = (iso) => new Date(iso).toLocaleTimeString(document.documentElement.lang, { timeStyle: "medium" });
