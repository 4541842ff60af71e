// Money, keys, webhooks, and the account itself.

import { html, useEffect, useState } from "../vendor/preact.js";
import { call, get, list, post, refreshCredits } from "../api.js";
import { stop } from "../live.js";
import { forget, keepToken, set, toast, useStore } from "../store.js";
import { ago, date, money, num, t, told } from "../strings.js";
import { Button, Check, Confirm, Empty, Failure, Icon, Input, Secret, Skeleton, useLoad } from "../ui.js";
import { Usage } from "./chart.js";

const TABS = ["credits", "keys", "webhooks", "profile"];
const SCOPES = ["jobs:read", "jobs:write", "uploads:write", "webhooks:manage", "billing:read", "account:read"];
const NEWS = ["job.completed", "job.failed", "job.cancelled", "credits.low"];
const LOOK_MS = 1_000;
const LOOKS = 20; // a payment that has not come by then is told of as it is

export function Account({ tab, query }) {
  const shown = TABS.includes(tab) ? tab : "credits";
  const Tab = { credits: Credits, keys: Keys, webhooks: Webhooks, profile: Profile }[shown];
  return html`<div class="page">
    <h1>${t("nav.account")}</h1>
    <nav class="subtabs" aria-label=${t("nav.account")}>${TABS.map((name) => html`<a key=${name} href=${`#/account/${name}`} aria-current=${name === shown ? "page" : undefined}>${t(`account.tabs.${name}`)}</a>`)}</nav>
    <${Tab} query=${query} />
  </div>`;
}

// ---- Credits ---------------------------------------------------------------------------------------------------------

function Credits({ query }) {
  const { credits } = useStore();
  const packages = useLoad(() => get("/payments/packages"));
  const ledger = useLoad(() => list("/users/transactions", { limit: 100 }));
  const purchase = query.get("purchase");
  useEffect(() => {
    if (purchase) arrived(purchase).then(ledger.again, () => {});
  }, [purchase]);
  return html`<div class="split wide">
    <section>
      <div class="card sum">
        <p class="eyebrow">${t("account.balance")}</p>
        <p class="big" data-testid="balance">${credits ? num(credits.balance) : "…"}</p>
        ${credits?.held > 0 && html`<p class="hint">${t("account.held", credits.held)}</p>`}
      </div>
      ${ledger.data && html`<${Usage} entries=${ledger.data.data} />`}
      <${Ledger} ledger=${ledger} />
    </section>
    <aside>
      <h2>${t("account.buy")}</h2>
      ${packages.error && html`<${Failure} error=${packages.error} onAgain=${packages.again} />`}
      ${!packages.data && !packages.error && html`<${Skeleton} lines=${3} />`}
      <ul class="packages">${packages.data?.data.map((one) => html`<li key=${one.name}><${Package} one=${one} /></li>`)}</ul>
    </aside>
  </div>`;
}

function Package({ one }) {
  const buy = async () => {
    const here = `${location.origin}/#/account/credits`;
    const { checkoutUrl } = await post("/payments/create-checkout", { package: one.name, successUrl: here, cancelUrl: here });
    toast(t("account.buying"));
    location.assign(checkoutUrl);
  };
  return html`<div class="card package">
    <div><h3>${one.title}</h3><p class="big">${num(one.credits)}</p><p class="hint">${t("account.perCredit", money(Math.round(one.amount / one.credits), one.currency))}</p></div>
    <${Button} kind="primary" data-testid=${`buy-${one.name}`} onClick=${buy}>${money(one.amount, one.currency)}<//>
  </div>`;
}

/** Whoever comes back from paying is told what became of it; asking makes the studio look at once. */
async function arrived(id) {
  history.replaceState(null, "", "#/account/credits");
  for (let n = 0; n < LOOKS; n++) {
    const purchase = await get(`/payments/${id}`);
    if (purchase.status === "paid") {
      await refreshCredits();
      return toast(t("account.bought", purchase.credits.granted), { tone: "good" });
    }
    // "open" may only mean that the payment page was left a moment ago.
    if (!["open", "processing"].includes(purchase.status) || n === LOOKS - 1) return toast(t(`account.buyStates.${purchase.status}`));
    if (purchase.status === "open" && n >= 3) return toast(t("account.buyStates.open"));
    await new Promise((done) => setTimeout(done, LOOK_MS));
  }
}

function Ledger({ ledger }) {
  const [more, setMore] = useState([]);
  const [next, setNext] = useState(undefined);
  const { data, error, again } = ledger;
  if (error && !data) return html`<${Failure} error=${error} onAgain=${again} />`;
  if (!data) return html`<${Skeleton} lines=${4} />`;
  const cursor = next === undefined ? data.nextCursor : next;
  const load = async () => {
    const page = await list("/users/transactions", { limit: 100, cursor });
    setMore((before) => [...before, ...page.data]);
    setNext(page.nextCursor);
  };
  return html`<h2 id="ledger">${t("account.transactions")}</h2>
    <div class="table"><table aria-labelledby="ledger">
      <thead><tr><th>${t("account.date")}</th><th>${t("account.what")}</th><th class="n">${t("account.amount")}</th><th class="n">${t("account.after")}</th></tr></thead>
      <tbody>${[...data.data, ...more].map((entry) => html`<tr key=${entry.id}>
        <td class="quiet">${date(entry.createdAt)}</td>
        <td>${entry.jobId ? html`<a href=${`#/jobs/${entry.jobId}`}>${t(`account.kinds.${entry.kind}`)}</a>` : t(`account.kinds.${entry.kind}`)}
          ${entry.reason && html`<small>${entry.reason}</small>`}
          ${entry.invoiceUrl && html`<a class="invoice" href=${entry.invoiceUrl} target="_blank" rel="noopener"><${Icon} name="receipt" />${t("account.invoice")}</a>`}</td>
        <td class=${entry.amount > 0 ? "n plus" : "n"}>${entry.amount > 0 ? "+" : "−"}${num(Math.abs(entry.amount))}</td>
        <td class="n">${num(entry.balanceAfter)}</td>
      </tr>`)}</tbody>
    </table></div>
    ${cursor && html`<div class="row center"><${Button} onClick=${load}>${t("more")}<//></div>`}`;
}

// ---- API keys --------------------------------------------------------------------------------------------------------

function Keys() {
  const { data, error, again } = useLoad(() => get("/users/keys"));
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState(new Set(["jobs:read", "jobs:write"]));
  const [wrong, setWrong] = useState({});
  const [made, setMade] = useState(null);
  const [gone, setGone] = useState(null);
  const make = async () => {
    setWrong({});
    try {
      setMade(await post("/users/keys", { name, scopes: SCOPES.filter((scope) => scopes.has(scope)) }));
      setName("");
      again();
    } catch (problem) {
      setWrong(problem.fields && Object.keys(problem.fields).length ? problem.fields : { "": told(problem) });
    }
  };
  const remove = async () => {
    await call("DELETE", `/users/keys/${gone.id}`);
    setGone(null);
    again();
  };
  return html`<div class="split wide">
    <section>
      <p class="lead">${t("account.keysLead")}</p>
      ${error && !data && html`<${Failure} error=${error} onAgain=${again} />`}
      ${!data && !error && html`<${Skeleton} lines=${2} />`}
      ${data && !data.data.length && html`<${Empty} icon="key-round" title=${t("account.noKeys")} />`}
      <ul class="rows-list">${data?.data.map((key) => html`<li key=${key.id}>
        <div><strong>${key.name}</strong><code>${key.hint}</code>
          <small>${key.scopes.map((scope) => t(`account.scopes.${scope}`)).join(", ")} · ${key.lastUsedAt ? t("account.used", ago(key.lastUsedAt)) : t("account.unused")}</small></div>
        <${Button} kind="ghost" icon="trash-2" aria-label=${`${t("account.deleteKey")}: ${key.name}`} onClick=${() => setGone(key)}><//>
      </li>`)}</ul>
    </section>
    <aside class="card">
      <h2>${t("account.newKey")}</h2>
      ${made && html`<${Secret} value=${made.secret} />`}
      <form onSubmit=${(event) => { event.preventDefault(); make(); }} noValidate>
        <${Input} id="key-name" label=${t("account.keyName")} value=${name} error=${wrong.name} onInput=${setName} />
        <fieldset class="field"><legend>${t("account.keyScopes")}</legend>
          ${SCOPES.map((scope) => html`<${Check} key=${scope} id=${`scope-${scope}`} checked=${scopes.has(scope)} onChange=${(on) => setScopes(toggled(scopes, scope, on))}>${t(`account.scopes.${scope}`)}<//>`)}
          ${wrong.scopes && html`<p class="wrong"><${Icon} name="circle-alert" />${wrong.scopes}</p>`}
        </fieldset>
        ${wrong[""] && html`<p class="wrong" role="alert">${wrong[""]}</p>`}
        <${Button} kind="primary" icon="key-round" onClick=${make}>${t("account.makeKey")}<//>
      </form>
    </aside>
    <${Confirm} open=${Boolean(gone)} title=${`${t("account.deleteKey")}: ${gone?.name}`} lead=${gone?.hint} action=${t("account.deleteKey")} onYes=${remove} onClose=${() => setGone(null)} />
  </div>`;
}

function toggled(chosen, one, on) {
  const next = new Set(chosen);
  if (on) next.add(one);
  else next.delete(one);
  return next;
}

// ---- Webhooks --------------------------------------------------------------------------------------------------------

function Webhooks() {
  const hooks = useLoad(() => get("/webhooks/endpoints"));
  const log = useLoad(() => list("/webhooks/deliveries", { limit: 20 }));
  const [url, setUrl] = useState("");
  const [events, setEvents] = useState(new Set(NEWS));
  const [wrong, setWrong] = useState({});
  const [made, setMade] = useState(null);
  const [gone, setGone] = useState(null);
  const waiting = log.data?.data.some((one) => one.state === "pending" && one.attempts === 0);
  useEffect(() => {
    if (!waiting) return;
    const timer = setInterval(log.again, LOOK_MS * 2);
    return () => clearInterval(timer);
  }, [waiting]);
  const add = async () => {
    setWrong({});
    try {
      setMade(await post("/webhooks/endpoints", { url, events: NEWS.filter((news) => events.has(news)) }));
      setUrl("");
      hooks.again();
    } catch (problem) {
      setWrong(problem.fields && Object.keys(problem.fields).length ? problem.fields : { "": told(problem) });
    }
  };
  const test = async (hook) => {
    await post(`/webhooks/endpoints/${hook.id}/test`);
    toast(t("account.testSent"));
    log.again();
  };
  const turn = async (hook) => {
    await call("PATCH", `/webhooks/endpoints/${hook.id}`, { enabled: !hook.enabled });
    hooks.again();
  };
  const remove = async () => {
    await call("DELETE", `/webhooks/endpoints/${gone.id}`);
    setGone(null);
    hooks.again();
  };
  const replay = async (delivery) => {
    await post(`/webhooks/deliveries/${delivery.id}/replay`);
    log.again();
  };
  return html`<div class="split wide">
    <section>
      <p class="lead">${t("account.hooksLead")}</p>
      ${hooks.error && !hooks.data && html`<${Failure} error=${hooks.error} onAgain=${hooks.again} />`}
      ${!hooks.data && !hooks.error && html`<${Skeleton} lines=${2} />`}
      ${hooks.data && !hooks.data.data.length && html`<${Empty} icon="webhook" title=${t("account.noHooks")} />`}
      <ul class="rows-list">${hooks.data?.data.map((hook) => html`<li key=${hook.id}>
        <div><strong class="address">${hook.url}</strong><small>${hook.events.join(", ")} · ${t(hook.enabled ? "account.on" : "account.off")}</small></div>
        <div class="row">
          <${Button} kind="small" icon="send" data-testid="test-send" disabled=${!hook.enabled} onClick=${() => test(hook)}>${t("account.test")}<//>
          <${Button} kind="small" onClick=${() => turn(hook)}>${t(hook.enabled ? "account.disable" : "account.enable")}<//>
          <${Button} kind="ghost" icon="trash-2" aria-label=${`${t("account.deleteHook")}: ${hook.url}`} onClick=${() => setGone(hook)}><//>
        </div>
      </li>`)}</ul>
      <h2 id="deliveries">${t("account.deliveries")}</h2>
      ${log.data && !log.data.data.length && html`<p class="quiet">${t("account.noDeliveries")}</p>`}
      <ul class="rows-list" aria-labelledby="deliveries">${log.data?.data.map((one) => html`<li key=${one.id} data-testid="delivery" data-state=${one.state}>
        <div><strong>${one.type}</strong><small>${[one.lastStatus && t("account.answered", one.lastStatus), one.attempts && t("account.attempts", one.attempts), one.reason, date(one.createdAt)].filter(Boolean).join(" · ")}</small></div>
        <div class="row"><span class=${`badge ${one.state}`}>${t(`account.states.${one.state}`)}</span>
          <${Button} kind="small" icon="rotate-ccw" onClick=${() => replay(one)}>${t("account.replay")}<//></div>
      </li>`)}</ul>
    </section>
    <aside class="card">
      <h2>${t("account.newHook")}</h2>
      ${made && html`<${Secret} value=${made.secret} />`}
      <form onSubmit=${(event) => { event.preventDefault(); add(); }} noValidate>
        <${Input} id="hook-url" type="url" label=${t("account.hookUrl")} placeholder="https://" value=${url} error=${wrong.url} onInput=${setUrl} />
        <fieldset class="field"><legend>${t("account.hookEvents")}</legend>
          ${NEWS.map((news) => html`<${Check} key=${news} id=${`news-${news}`} checked=${events.has(news)} onChange=${(on) => setEvents(toggled(events, news, on))}><code>${news}</code><//>`)}
          ${wrong.events && html`<p class="wrong"><${Icon} name="circle-alert" />${wrong.events}</p>`}
        </fieldset>
        ${wrong[""] && html`<p class="wrong" role="alert">${wrong[""]}</p>`}
        <${Button} kind="primary" icon="plus" data-testid="add-hook" onClick=${add}>${t("account.makeHook")}<//>
      </form>
    </aside>
    <${Confirm} open=${Boolean(gone)} title=${t("account.deleteHook")} lead=${gone?.url} action=${t("account.deleteHook")} onYes=${remove} onClose=${() => setGone(null)} />
  </div>`;
}

// ---- Profile ---------------------------------------------------------------------------------------------------------

function Profile() {
  const { user } = useStore();
  const [name, setName] = useState(user?.name ?? "");
  const [current, setCurrent] = useState("");
  const [fresh, setFresh] = useState("");
  const [wrong, setWrong] = useState({});
  const [closing, setClosing] = useState(false);
  const [proof, setProof] = useState("");
  useEffect(() => setName(user?.name ?? ""), [user?.name]);
  const save = async () => {
    set({ user: await call("PATCH", "/users/profile", { name }) });
    toast(t("account.saved"), { tone: "good" });
  };
  const change = async () => {
    setWrong({});
    try {
      const { token } = await post("/auth/password", { currentPassword: current, newPassword: fresh });
      keepToken(token);
      setCurrent("");
      setFresh("");
      toast(t("account.passwordChanged"), { tone: "good" });
    } catch (problem) {
      const fields = problem.fields ?? {};
      setWrong(Object.keys(fields).length ? fields : { currentPassword: told(problem) });
    }
  };
  const leave = () => { stop(); forget(); location.hash = "#/"; };
  const everywhere = async () => { await post("/auth/logout-all"); leave(); };
  const take = async () => { open((await get("/users/export")).url, "_self"); };
  const close = async () => {
    await call("DELETE", "/users/me", { password: proof });
    leave();
    toast(t("account.closed"));
  };
  if (!user) return html`<${Skeleton} lines=${3} />`;
  return html`<div class="columns">
    <section class="card"><h2>${t("account.profile")}</h2>
      <p class="quiet">${user.email}</p>
      <${Input} id="profile-name" autocomplete="name" label=${t("sign.name")} value=${name} onInput=${setName} />
      <${Button} kind="primary" onClick=${save}>${t("account.save")}<//>
    </section>
    <form class="card" onSubmit=${(event) => event.preventDefault()}><h2>${t("account.passwordTitle")}</h2>
      <input class="unseen" type="email" autocomplete="username" value=${user.email} readonly tabindex="-1" aria-hidden="true" />
      <${Input} id="current" type="password" autocomplete="current-password" label=${t("account.current")} value=${current} error=${wrong.currentPassword} onInput=${setCurrent} />
      <${Input} id="fresh" type="password" autocomplete="new-password" label=${t("account.fresh")} hint=${t("sign.passwordHint")} value=${fresh} error=${wrong.newPassword} onInput=${setFresh} />
      <${Button} kind="primary" onClick=${change}>${t("account.change")}<//>
    </form>
    <section class="card"><h2>${t("nav.account")}</h2>
      <div class="stack">
        <${Button} icon="log-out" onClick=${everywhere}>${t("account.devices")}<//>
        <${Button} icon="download" onClick=${take}>${t("account.export")}<//>
        <${Button} kind="danger" icon="trash-2" onClick=${() => setClosing(true)}>${t("account.closeAccount")}<//>
      </div>
    </section>
    <${Confirm} open=${closing} title=${t("account.closeAccount")} lead=${t("account.closeLead")} action=${t("account.closeAccount")} onYes=${close} onClose=${() => setClosing(false)}>
      <${Input} id="proof" type="password" autocomplete="current-password" label=${t("sign.password")} value=${proof} onInput=${setProof} />
    <//>
  </div>`;
}
