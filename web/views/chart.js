// Credits spent per day, as a small drawing of our own.

import { html } from "../vendor/preact.js";
import { current, num, t } from "../strings.js";

const DAYS = 14;
const [WIDTH, HEIGHT, FOOT, GAP] = [560, 150, 22, 6];

const day = (moment) => new Date(moment).toLocaleDateString("sv"); // 2026-11-20, where the person is

/** What left the balance for work, day by day; what came back is taken off the day on which it came. */
function spent(entries) {
  const days = new Map();
  for (let n = DAYS - 1; n >= 0; n--) days.set(day(Date.now() - n * 86_400_000), 0);
  for (const { kind, amount, createdAt } of entries) {
    if ((kind === "hold" || kind === "refund") && days.has(day(createdAt))) days.set(day(createdAt), days.get(day(createdAt)) - amount);
  }
  return [...days].map(([name, sum]) => ({ name, sum: Math.max(0, sum) }));
}

export function Usage({ entries }) {
  const days = spent(entries);
  const top = Math.max(...days.map(({ sum }) => sum));
  const title = t("account.usage");
  if (!top) return html`<figure class="usage"><figcaption>${t("account.usageNone")}</figcaption></figure>`;
  const wide = WIDTH / DAYS;
  const tall = HEIGHT - FOOT - 18;
  const label = new Intl.DateTimeFormat(current(), { day: "numeric", month: "short" });
  return html`<figure class="usage">
    <figcaption>${title}</figcaption>
    <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label=${`${title}: ${days.filter(({ sum }) => sum).map(({ name, sum }) => `${label.format(new Date(name))} ${num(sum)}`).join(", ")}`}>
      ${days.map(({ name, sum }, n) => {
        const height = sum ? Math.max(4, (sum / top) * tall) : 2;
        const y = HEIGHT - FOOT - height;
        return html`<g key=${name}>
          <rect class=${sum ? "bar" : "bar none"} x=${n * wide + GAP / 2} y=${y} width=${wide - GAP} height=${height} rx="3" />
          ${sum > 0 && html`<text x=${n * wide + wide / 2} y=${y - 6}>${num(sum)}</text>`}
          ${(n === 0 || n === DAYS - 1 || n === 7) && html`<text class="day" x=${n === 0 ? 0 : n === DAYS - 1 ? WIDTH : n * wide + wide / 2} y=${HEIGHT - 4} text-anchor=${n === 0 ? "start" : n === DAYS - 1 ? "end" : "middle"}>${label.format(new Date(`${name}T12:00`))}</text>`}
        </g>`;
      })}
    </svg>
  </figure>`;
}
