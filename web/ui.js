// The small parts that every view is made of.

import { html, useEffect, useLayoutEffect, useRef, useState } from "./vendor/preact.js";
import { closeToast, toast, useStore } from "./store.js";
import { t, told } from "./strings.js";

export function Icon({ name, spin }) {
  return html`<svg class=${spin ? "icon spin" : "icon"} aria-hidden="true"><use href=${`vendor/icons.svg#${name}`} /></svg>`;
}

/** A button that shows that it is at work until what it does is done; errors become a toast. */
export function Button({ kind = "", icon, busy, onClick, children, type = "button", disabled, ...rest }) {
  const [working, setWorking] = useState(false);
  const alive = useRef(true);
  useEffect(() => () => (alive.current = false), []);
  const press = async (event) => {
    if (!onClick || working) return;
    setWorking(true);
    try {
      await onClick(event);
    } catch (error) {
      toast(told(error), { tone: "bad" });
    } finally {
      if (alive.current) setWorking(false);
    }
  };
  const at = busy || working;
  return html`<button ...${rest} type=${type} class=${`button ${kind}`} disabled=${disabled || at} aria-busy=${at} onClick=${press}>
    ${(icon || at) && html`<${Icon} name=${at ? "loader-circle" : icon} spin=${at} />`}<span>${children}</span>
  </button>`;
}

/** A label with its control, its hint and what is wrong with it. The control gets `id` and what describes it. */
export function Field({ id, label, hint, error, aside, group, narrow, children }) {
  const body = html`${children}
    ${hint && html`<p class="hint" id=${`${id}-hint`}>${hint}</p>`}
    ${error && html`<p class="wrong" id=${`${id}-wrong`}><${Icon} name="circle-alert" />${error}</p>`}`;
  if (group) {
    return html`<fieldset class=${error ? "field bad" : "field"} id=${id} aria-describedby=${describedBy(id, hint, error)}>
      <legend>${label}${aside && html`<span class="aside">${aside}</span>`}</legend>${body}
    </fieldset>`;
  }
  return html`<div class=${`field ${error ? "bad" : ""} ${narrow ? "narrow" : ""}`}>
    <label for=${id}>${label}${aside && html`<span class="aside">${aside}</span>`}</label>${body}
  </div>`;
}

export function describedBy(id, hint, error) {
  return [hint && `${id}-hint`, error && `${id}-wrong`].filter(Boolean).join(" ") || undefined;
}

export function Input({ id, label, hint, error, aside, onInput, ...rest }) {
  return html`<${Field} ...${{ id, label, hint, error, aside }}>
    <input id=${id} ...${rest} aria-invalid=${Boolean(error)} aria-describedby=${describedBy(id, hint, error)}
      onInput=${(event) => onInput(event.target.value)} />
  <//>`;
}

export function Check({ id, checked, onChange, children, name }) {
  return html`<label class="check" for=${id}>
    <input type="checkbox" id=${id} name=${name} checked=${checked} onChange=${(event) => onChange(event.target.checked)} />
    <span>${children}</span>
  </label>`;
}

/** A modal; the browser keeps the focus inside and gives it back. */
export function Dialog({ open, onClose, label, className = "dialog", children }) {
  const ref = useRef();
  useLayoutEffect(() => {
    const dialog = ref.current;
    if (open && !dialog.open) dialog.showModal();
    if (!open && dialog.open) dialog.close();
  }, [open]);
  return html`<dialog ref=${ref} class=${className} aria-label=${label} onClose=${onClose}
    onClick=${(event) => event.target === ref.current && ref.current.close()}>
    ${open && children}
  </dialog>`;
}

/** Ask before something that cannot be undone. */
export function Confirm({ open, title, lead, action, onYes, onClose, children }) {
  return html`<${Dialog} open=${open} onClose=${onClose} label=${title}>
    <h2>${title}</h2>
    <p class="lead">${lead}</p>
    ${children}
    <div class="row end">
      <${Button} onClick=${onClose}>${t("cancel")}<//>
      <${Button} kind="danger" onClick=${onYes}>${action}<//>
    </div>
  <//>`;
}

export function Empty({ icon, title, lead, children }) {
  return html`<div class="empty"><${Icon} name=${icon} /><h2>${title}</h2>${lead && html`<p>${lead}</p>`}${children}</div>`;
}

export function Skeleton({ lines = 3, className = "" }) {
  return html`<div class=${`skeletons ${className}`} role="status" aria-label=${t("loading")}>
    ${Array.from({ length: lines }, (_, n) => html`<div class="skeleton" key=${n}></div>`)}
  </div>`;
}

/** What is shown instead of a view that could not be loaded. */
export function Failure({ error, onAgain }) {
  return html`<${Empty} icon=${error.code === "offline" ? "wifi-off" : "circle-alert"} title=${told(error)}>
    ${onAgain && html`<${Button} icon="refresh-cw" onClick=${onAgain}>${t("again")}<//>`}
  <//>`;
}

export function Secret({ value }) {
  return html`<div class="secret">
    <p><${Icon} name="info" />${t("account.once")}</p>
    <code>${value}</code>
    <${Button} icon="copy" onClick=${() => copy(value)}>${t("copy")}<//>
  </div>`;
}

export async function copy(text, said = t("copied")) {
  await navigator.clipboard.writeText(text);
  toast(said, { tone: "good" });
}

export function Toasts() {
  const { toasts } = useStore();
  return html`<div class="toasts" role="status" aria-live="polite">
    ${toasts.map(({ id, text, tone, href }) => html`<div key=${id} class=${`toast ${tone}`}>
      ${href ? html`<a href=${href} onClick=${() => closeToast(id)}>${text}</a>` : html`<span>${text}</span>`}
      <button type="button" aria-label=${t("close")} onClick=${() => closeToast(id)}><${Icon} name="x" /></button>
    </div>`)}
  </div>`;
}

/** Load something and show it; `again` loads anew. What was loaded before stays on the screen meanwhile. */
export function useLoad(load, given = []) {
  const [shown, setShown] = useState({ data: null, error: null, loading: true });
  const turn = useRef(0);
  const again = async () => {
    const mine = ++turn.current;
    setShown((before) => ({ ...before, loading: true }));
    try {
      const data = await load();
      if (mine === turn.current) setShown({ data, error: null, loading: false });
    } catch (error) {
      if (mine === turn.current) setShown((before) => ({ ...before, error, loading: false }));
    }
  };
  useEffect(() => {
    setShown({ data: null, error: null, loading: true });
    again();
    return () => (turn.current += 1);
  }, given);
  useEffect(() => {
    const back = () => again();
    addEventListener("online", back);
    return () => removeEventListener("online", back);
  }, given);
  return { ...shown, again };
}
