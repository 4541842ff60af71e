// Bars by day, as a small drawing of our own.

import { html } from "../vendor/preact.js";
import { current, num, t } from "../strings.js";

const DAYS = 14;
const [WIDTH, HEIGHT, HEAD, FOOT, GAP] = [560, 156, 24, 22, 6]; // the head holds the sum over the tallest bar, in a phone's larger letters

const day = (moment) => new Date(moment).toLocaleDateString("sv"); // 2026-11-20, where the person is

/** What left the balance for work, day by day; what came back is taken off the day on which it came. */
function spent(entries) {
  const days = new Map();
  for (let n = DAYS - 1; n >= 0; n--) days.set(day(Date.now() - n * 86_400_000), 0);
  for (const { kind, amount, createdAt } of entries) {
    if ((kind === "hold" || kind === "refund") && days.has(day(createdAt))) days.set(day(createdAt), days.get(day(createdAt)) - amount);
  }
  return [...days].map(([name, sum]) => ({ name, parts: [["spent", Math.max(0, sum)]] }));
}

export function Usage({ entries }) {
  return html`<${Bars} title=${t("account.usage")} none=${t("account.usageNone")} days=${spent(entries)} />`;
}

/** One bar per day, made of parts that are named by their class; `said` writes the sum of a day. */
export function Bars({ title, none, days: given, said = num, legend }) {
  const days = given.map(({ name, parts }) => ({ name, parts, sum: parts.reduce((sum, [, value]) => sum + value, 0) }));
  const top = Math.max(...days.map(({ sum }) => sum));
  if (!top) return html`<figure class="usage"><figcaption>${none}</figcaption></figure>`;
  const wide = WIDTH / days.length;
  const gap = Math.min(GAP, wide / 4);
  const tall = HEIGHT - HEAD - FOOT;
  const label = new Intl.DateTimeFormat(current(), { day: "numeric", month: "short" });
  const named = (name) => label.format(new Date(`${name}T12:00`));
  const all = days.length <= DAYS; // more sums would overlap, so only the largest is written
  const middle = Math.floor(days.length / 2);
  return html`<figure class="usage">
    <figcaption>${title}${legend && html`<span class="legend">${legend.map(([kind, word]) => html`<span key=${kind} class=${kind}>${word}</span>`)}</span>`}</figcaption>
    <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label=${`${title}: ${days.filter(({ sum }) => sum).map(({ name, sum }) => `${named(name)} ${said(sum)}`).join(", ")}`}>
      ${days.map(({ name, parts, sum }, n) => {
        const height = sum ? Math.max(4, (sum / top) * tall) : 2;
        let y = HEIGHT - FOOT;
        const end = n === 0 ? "start" : n === days.length - 1 ? "end" : "middle";
        const x = { start: 0, end: WIDTH, middle: n * wide + wide / 2 }[days.length === 1 ? "middle" : end];
        return html`<g key=${name}>
          ${!sum && html`<rect class="bar none" x=${n * wide + gap / 2} y=${y - 2} width=${wide - gap} height="2" rx="1" />`}
          ${parts.filter(([, value]) => value > 0).map(([kind, value]) => {
            const part = (value / sum) * height;
            y -= part;
            return html`<rect key=${kind} class=${`bar ${kind}`} x=${n * wide + gap / 2} y=${y} width=${wide - gap} height=${part} rx=${Math.min(3, part / 2)} />`;
          })}
          ${sum > 0 && (all || sum === top) && html`<text x=${n * wide + wide / 2} y=${HEIGHT - FOOT - height - 6}>${said(sum)}</text>`}
          ${(n === 0 || n === days.length - 1 || (n === middle && days.length > 2)) && html`<text class="day" x=${x} y=${HEIGHT - 4} text-anchor=${days.length === 1 ? "middle" : end}>${named(name)}</text>`}
        </g>`;
      })}
    </svg>
  </figure>`;
}
