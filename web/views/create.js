// What can be made, and the form of one feature.

import { html, useEffect, useMemo, useRef, useState } from "../vendor/preact.js";
import { get, post, refreshCredits, spend } from "../api.js";
import { blank, body, complete, Form, lacking, missing } from "../form.js";
import { heard, toast, useStore } from "../store.js";
import { fieldName, num, summaryOf, t, titleOf, told } from "../strings.js";
import { Button, Empty, Icon, Skeleton } from "../ui.js";

const QUOTE_AFTER_MS = 400;

/** The feature's picture; a feature that came after the page has none, and an icon instead. */
export function Cover({ feature }) {
  const [missing, setMissing] = useState(false);
  if (missing) return html`<div class="cover none"><${Icon} name="sparkles" /></div>`;
  return html`<img class="cover" src=${`covers/${feature.name}.webp`} alt="" width="640" height="480" onError=${() => setMissing(true)} />`;
}

export function Features() {
  const { features } = useStore();
  return html`<div class="page">
    <h1>${t("create.title")}</h1>
    ${!features ? html`<${Skeleton} lines=${6} className="covers" />` : html`<ul class="features">
      ${features.map((feature) => html`<li key=${feature.name}><a class="feature" href=${`#/create/${feature.name}`}>
        <${Cover} feature=${feature} />
        <div><h2>${titleOf(feature)}</h2><span class="price">${t("create.from", feature.creditsPerUnit, feature.unit)}</span></div>
        <p>${summaryOf(feature)}</p>
      </a></li>`)}
    </ul>`}
  </div>`;
}

export function Create({ name, query }) {
  const { features } = useStore();
  if (!features) return html`<div class="page"><${Skeleton} lines=${5} /></div>`;
  const feature = features.find((one) => one.name === name);
  if (!feature) return html`<div class="page"><${Empty} icon="circle-alert" title=${t("create.unknown")}><a class="button" href="#/">${t("create.all")}</a><//></div>`;
  return html`<${Order} feature=${feature} from=${query.get("from")} persona=${query.get("persona")} />`;
}

function Order({ feature, from, persona }) {
  const { credits } = useStore();
  const [values, setValues] = useState(() => ({ ...blank(feature), ...(persona && { personaId: persona }) }));
  const [errors, setErrors] = useState({});
  const [general, setGeneral] = useState(null);
  const [quote, setQuote] = useState(null);
  const [touched, setTouched] = useState({});
  const [changes, setChanges] = useState(0); // finished ones; each may move the price
  const form = useRef();
  const asked = useRef(null); // the order that was priced last; the same is not asked for again
  // Of this order: submitting it again after a lost answer must not make another job.
  const key = useMemo(() => crypto.randomUUID(), [JSON.stringify(values)]);

  useEffect(() => {
    if (!from) return;
    get(`/jobs/${from}`).then(({ input }) => {
      const { quality, ...rest } = input;
      setValues({ ...blank(feature), ...rest });
      setChanges((n) => n + 1);
    }, (error) => toast(told(error), { tone: "bad" }));
  }, [from]);

  useEffect(() => {
    const order = body(feature, values);
    if (!complete(feature, values) || JSON.stringify(order) === asked.current) return;
    const asking = new AbortController();
    const timer = setTimeout(async () => {
      try {
        asked.current = JSON.stringify(order);
        setQuote(await post(`/jobs/${feature.name}?dryRun=true`, order, { signal: asking.signal }));
        setErrors({});
      } catch (error) {
        if (error.status !== 422) asked.current = null; // nothing was said about it
        // Only about fields that were left: nobody wants to be told off while writing.
        if (error.fields) setErrors(Object.fromEntries(Object.entries(error.fields).filter(([field]) => touched[field])));
      }
    }, QUOTE_AFTER_MS);
    return () => { clearTimeout(timer); asking.abort(); };
  }, [changes]);

  const onChange = (name, value, done) => {
    setValues((before) => ({ ...before, [name]: value }));
    setErrors(({ [name]: _, ...rest }) => rest);
    setGeneral(null);
    setTouched((before) => ({ ...before, [name]: true }));
    if (done) setChanges((n) => n + 1);
  };
  const onLeave = () => setChanges((n) => n + 1);

  const submit = async (quality) => {
    setGeneral(null);
    try {
      const job = await spend(`/jobs/${feature.name}`, { ...body(feature, values), quality }, `${key}-${quality}`);
      heard(job);
      refreshCredits().catch(() => {});
      location.hash = `#/jobs/${job.id}`;
    } catch (error) {
      const empty = error.status === 422 ? missing(feature, values) : {};
      const { "": whole, ...said } = error.fields ?? {};
      const found = { ...said, ...empty }; // what is empty is said in the language of the page
      setErrors(found);
      const placed = Object.keys(found).filter((field) => field in feature.options.properties);
      const either = lacking(feature, values).map((name) => fieldName(name, feature.options.properties[name]));
      const about = Object.keys(empty).length ? undefined : whole && either.length ? t("create.either", either) : whole;
      setGeneral(about ?? (placed.length ? t("create.fix") : told(error)));
      requestAnimationFrame(() => form.current?.querySelector(".bad input, .bad textarea, .bad select, .bad button")?.focus());
    }
  };
  const example = () => {
    const { person, cloth, ...rest } = feature.example; // ids of pictures that nobody has
    setValues((before) => ({ ...before, ...rest, ...(before.consent === undefined && { consent: undefined }) }));
    setErrors({});
    setChanges((n) => n + 1);
  };
  const cost = quote?.cost ?? feature.creditsPerUnit;
  const short = credits && credits.balance < cost;
  return html`<div class="page order">
    <a class="back" href="#/"><${Icon} name="arrow-left" />${t("create.all")}</a>
    <div class="split">
      <form ref=${form} class="card" onSubmit=${(event) => event.preventDefault()} noValidate>
        <header><h1>${titleOf(feature)}</h1><p class="lead">${summaryOf(feature)}</p></header>
        <${Form} ...${{ feature, values, errors, onChange, onLeave }} />
      </form>
      <aside class="pay card">
        <${Cover} feature=${feature} />
        <p class="line"><span>${t("create.price")}</span><output class="cost" data-testid="cost">${t("credits", cost)}</output></p>
        ${credits && html`<p class="line quiet"><span>${t("account.balance")}</span><span>${num(credits.balance)}</span></p>`}
        ${general && html`<p class="wrong" role="alert"><${Icon} name="circle-alert" />${general}</p>`}
        <div class="acts">
          ${short
            ? html`<a class="button primary full" href="#/account/credits"><${Icon} name="coins" /><span>${t("create.short")}: ${t("create.buy")}</span></a>`
            : html`<${Button} kind="primary full" icon="sparkles" data-testid="make" onClick=${() => submit("standard")}>${t("create.make", cost)}<//>`}
          <${Button} kind="full" icon="zap" data-testid="draft" onClick=${() => submit("draft")}>${t("create.draft")}<//>
        </div>
        <p class="hint">${t("create.draftHint")}</p>
        <button type="button" class="text" onClick=${example}>${t("create.example")}</button>
      </aside>
    </div>
  </div>`;
}
