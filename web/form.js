// A form drawn from the JSON Schema of a feature: what is new in the catalogue appears here without a change.

import { html, useEffect, useRef, useState } from "./vendor/preact.js";
import { upload } from "./api.js";
import { fieldHint, fieldName, optionName, plain, t, told } from "./strings.js";
import { Button, Check, describedBy, Field, Icon } from "./ui.js";

// Said by the two buttons below the form.
const ELSEWHERE = new Set(["quality"]);
const MAX_CHIPS = 8;
const LONG_HINT = 60; // characters from which on a number does not share its line
const LONG_TEXT = 500; // characters from which on a field has several lines
const PICTURES = ["image/jpeg", "image/png", "image/webp"];
const MAX_UPLOAD_BYTES = 20 * 2 ** 20;

/** A field's schema without the "or null", which here means "left out". */
const bare = (schema) => ({ ...schema, ...(schema.anyOf?.find((kind) => kind.type !== "null") ?? {}) });

/** Names of the fields that everybody fills in, and of the rest: the catalogue's example says what is usual. */
export function arranged(feature) {
  const { properties, required = [] } = feature.options;
  const names = Object.keys(properties).filter((name) => !ELSEWHERE.has(name));
  const usual = [...Object.keys(feature.example), ...required].filter((name) => names.includes(name));
  const main = [...new Set(usual)];
  return { main, rest: names.filter((name) => !main.includes(name)) };
}

/** What a new form starts with: the schema's defaults, nothing for what may be left out. */
export function blank(feature) {
  const { properties } = feature.options;
  return Object.fromEntries(
    Object.entries(properties)
      .filter(([name, { default: value }]) => !ELSEWHERE.has(name) && value !== undefined && value !== null)
      .map(([name, { default: value }]) => [name, value]),
  );
}

/** The order without what was left empty. */
export function filled(values) {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== "" && value !== null && value !== undefined && value !== false),
  );
}

/** The body of the order: like `filled`, but a switch that is off is said where its default is on. */
export function body(feature, values) {
  const order = filled(values);
  for (const [name, schema] of Object.entries(feature.options.properties)) {
    if (values[name] === false && schema.default === true) order[name] = false;
  }
  return order;
}

/** What to say at each field that has to be filled in and is not. */
export function missing(feature, values) {
  const given = filled(values);
  const needed = [...(feature.options.required ?? []), ...(given.personaId ? [] : implied(feature).filter((name) => isChoice(feature, name)))];
  return Object.fromEntries(needed.filter((name) => !(name in given)).map((name) => [name, t(`create.missing.${kind(feature, name)}`)]));
}

/** Names of texts of which any will do, while none is there. */
export function lacking(feature, values) {
  const texts = implied(feature).filter((name) => !isChoice(feature, name));
  return texts.some((name) => name in filled(values)) ? [] : texts;
}

export const complete = (feature, values) => !Object.keys(missing(feature, values)).length && !lacking(feature, values).length;

/** A schema cannot say "these or that". So where it requires nothing, what the example fills and no default does is needed. */
function implied({ options: { properties, required = [] }, example }) {
  return required.length ? [] : Object.keys(example).filter((name) => properties[name] && !properties[name].default && properties[name].default !== false);
}

const isChoice = (feature, name) => Boolean(bare(feature.options.properties[name]).enum);

function kind(feature, name) {
  const schema = bare(feature.options.properties[name]);
  if (schema.format === "picture") return "picture";
  return schema.type === "boolean" ? "tick" : schema.enum ? "choice" : "text";
}

export function Form({ feature, values, errors, onChange, onLeave }) {
  const { main, rest } = arranged(feature);
  const wrongBelow = rest.some((name) => errors[name]);
  const one = (name) => {
    const schema = feature.options.properties[name];
    return html`<${One} key=${name} name=${name} schema=${bare(schema)} nullable=${Boolean(schema.anyOf)}
      required=${feature.options.required?.includes(name)} defs=${feature.options.$defs} value=${values[name]} error=${errors[name]}
      onChange=${(value, done) => onChange(name, value, done)} onLeave=${onLeave} />`;
  };
  return html`<div class="fields">${main.map(one)}</div>
    ${rest.length > 0 &&
    html`<details class="more" open=${wrongBelow || undefined}>
      <summary><${Icon} name="settings-2" />${t("create.more")}<${Icon} name="chevron-right" /></summary>
      <div class="fields">${rest.map(one)}</div>
    </details>`}`;
}

function One(props) {
  const { schema } = props;
  if (schema.format === "picture") return html`<${Picture} ...${props} />`;
  if (schema.enum) return html`<${schema.enum.length <= MAX_CHIPS ? Chips : Select} ...${props} />`;
  if (schema.type === "boolean") return html`<${Switch} ...${props} />`;
  if (schema.type === "integer" || schema.type === "number") return html`<${Amount} ...${props} />`;
  if (schema.type === "array") return html`<${Rows} ...${props} />`;
  return html`<${Text} ...${props} />`;
}

const idOf = (name) => `field-${name}`;
const words = ({ name, schema }) => ({ id: idOf(name), label: fieldName(name, schema), hint: fieldHint(name, schema) });

function Text({ name, schema, value = "", required, error, onChange, onLeave }) {
  const shared = words({ name, schema });
  const long = (schema.maxLength ?? 0) >= LONG_TEXT && schema.format !== "uri";
  const ref = useRef();
  useEffect(() => {
    if (!long) return;
    ref.current.style.height = "auto";
    ref.current.style.height = `${ref.current.scrollHeight + 2}px`;
  }, [value]);
  const near = schema.maxLength && value.length > schema.maxLength * 0.8 && `${value.length} / ${schema.maxLength}`;
  const about = { id: shared.id, name, ref, value, "aria-invalid": Boolean(error), "aria-describedby": describedBy(shared.id, shared.hint, error) };
  return html`<${Field} ...${shared} error=${error} aside=${near}>
    ${long
      ? html`<textarea ...${about} rows=${required ? 4 : 2} dir="auto" onInput=${(event) => onChange(event.target.value)} onBlur=${onLeave}></textarea>`
      : html`<input ...${about} type=${schema.format === "uri" ? "url" : "text"} dir="auto" onInput=${(event) => onChange(event.target.value)} onBlur=${onLeave} />`}
  <//>`;
}

function Amount({ name, schema, value, error, onChange, onLeave }) {
  const shared = words({ name, schema });
  const [low, high] = [schema.minimum ?? 0, schema.maximum ?? Infinity];
  if (schema.type === "integer" && high - low < 10) {
    const choices = Array.from({ length: high - low + 1 }, (_, n) => low + n);
    return html`<${Chips} ...${{ name, value, error, onChange }} schema=${{ ...schema, enum: choices }} compact=${true} />`;
  }
  const step = schema.multipleOf ?? (schema.type === "integer" ? 1 : 0.05);
  if (schema.type === "number") {
    return html`<${Field} ...${shared} error=${error} aside=${value}>
      <input type="range" id=${shared.id} name=${name} min=${low} max=${high} step=${step} value=${value}
        onInput=${(event) => onChange(Number(event.target.value))} onChange=${onLeave} />
    <//>`;
  }
  return html`<${Field} ...${shared} error=${error} narrow=${(shared.hint ?? "").length < LONG_HINT}>
    <input type="number" inputmode="numeric" id=${shared.id} name=${name} min=${low} max=${Number.isFinite(high) ? high : undefined} step=${step}
      value=${value ?? ""} aria-invalid=${Boolean(error)} aria-describedby=${describedBy(shared.id, shared.hint, error)}
      onInput=${(event) => onChange(event.target.value === "" ? null : Number(event.target.value))} onBlur=${onLeave} />
  <//>`;
}

function Chips({ name, schema, value, error, onChange, nullable, compact }) {
  const shared = words({ name, schema });
  return html`<${Field} ...${shared} error=${error} group=${true}>
    <div class=${compact ? "chips compact" : "chips"}>
      ${schema.enum.map((option) => html`<label key=${option} class="chip">
        <input type="radio" name=${name} checked=${value === option} onChange=${() => onChange(option, true)}
          onClick=${() => nullable && value === option && onChange(null, true)} />
        <span>${optionName(option)}</span>
      </label>`)}
    </div>
  <//>`;
}

function Select({ name, schema, value, error, onChange, nullable }) {
  const shared = words({ name, schema });
  return html`<${Field} ...${shared} error=${error}>
    <select id=${shared.id} name=${name} aria-invalid=${Boolean(error)} aria-describedby=${describedBy(shared.id, shared.hint, error)}
      onChange=${(event) => onChange(schema.enum.find((option) => String(option) === event.target.value) ?? null, true)}>
      ${nullable && html`<option value="">${t("create.unset")}</option>`}
      ${schema.enum.map((option) => html`<option key=${option} value=${option} selected=${value === option}>${optionName(option)}</option>`)}
    </select>
  <//>`;
}

function Switch({ name, schema, value, error, onChange }) {
  const { id, label, hint } = words({ name, schema });
  return html`<div class=${error ? "field bad" : "field"}>
    <${Check} id=${id} name=${name} checked=${Boolean(value)} onChange=${(on) => onChange(on || (schema.const === true ? null : false), true)}>
      <strong>${label}</strong>${hint && html`<small>${hint}</small>`}
    <//>
    ${error && html`<p class="wrong"><${Icon} name="circle-alert" />${error}</p>`}
  </div>`;
}

/** A list of small objects, such as additions to the model. */
function Rows({ name, schema, value = [], error, onChange, defs }) {
  const shared = words({ name, schema });
  const item = schema.items.$ref ? defs[schema.items.$ref.split("/").pop()] : schema.items;
  const fresh = () => Object.fromEntries(Object.entries(item.properties).map(([key, { default: start }]) => [key, start ?? ""]));
  const put = (n, key, said) => onChange(value.map((row, at) => (at === n ? { ...row, [key]: said } : row)));
  return html`<${Field} ...${shared} error=${error} group=${true}>
    ${value.map((row, n) => html`<div class="row rows" key=${n}>
      ${Object.entries(item.properties).map(([key, kind]) => html`<input key=${key} aria-label=${`${shared.label} ${n + 1}: ${plain(key)}`} placeholder=${plain(key)}
        type=${kind.type === "number" ? "number" : "text"} step="0.1" min=${kind.minimum} max=${kind.maximum} value=${row[key]}
        onInput=${(event) => put(n, key, kind.type === "number" ? Number(event.target.value) : event.target.value)} />`)}
      <button type="button" class="ghost" aria-label=${t("create.remove")} onClick=${() => onChange(value.filter((_, at) => at !== n), true)}><${Icon} name="x" /></button>
    </div>`)}
    ${value.length < (schema.maxItems ?? Infinity) &&
    html`<${Button} kind="small" icon="plus" onClick=${() => onChange([...value, fresh()])}>${t("create.add")}<//>`}
  <//>`;
}

/** Samples that are served beside the page, by the name of the field they are for. */
const SAMPLES = { person: "/samples/person.jpg", cloth: "/samples/garment.jpg", reference: "/samples/person.jpg" };

const previews = new Map(); // of what was uploaded in this visit, by id

function Picture({ name, schema, value, error, onChange }) {
  const shared = words({ name, schema });
  const [share, setShare] = useState(null); // what has been sent, 0 to 1; null when nothing is being sent
  const [wrong, setWrong] = useState(null);
  const [over, setOver] = useState(false);
  const input = useRef();
  const take = async (file) => {
    if (!file) return;
    setWrong(null);
    if (!PICTURES.includes(file.type)) return setWrong(t("upload.type"));
    if (file.size > MAX_UPLOAD_BYTES) return setWrong(t("upload.size"));
    setShare(0);
    try {
      const id = await upload(file, setShare);
      previews.set(id, URL.createObjectURL(file));
      onChange(id, true);
    } catch (problem) {
      setWrong(problem.code === "upload_refused" ? t("upload.failed") : told(problem));
    } finally {
      setShare(null);
    }
  };
  const sample = async () => {
    const answer = await fetch(SAMPLES[name]);
    await take(new File([await answer.blob()], `${name}.jpg`, { type: "image/jpeg" }));
  };
  const drop = (event) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files[0]);
  };
  const shown = value && previews.get(value);
  return html`<${Field} ...${shared} error=${wrong ?? error}>
    <div class=${over ? "drop over" : "drop"} onDrop=${drop} onDragLeave=${() => setOver(false)}
      onDragOver=${(event) => { event.preventDefault(); setOver(true); }}>
      ${shown ? html`<img src=${shown} alt=${shared.label} />` : html`<${Icon} name=${value ? "badge-check" : "image-up"} />`}
      <div class="drop-words">
        ${share !== null
          ? html`<progress max="1" value=${share} aria-label=${t("upload.sending")}></progress>`
          : html`<p>${value ? "" : t("upload.drop")}<small>${value ? "" : t("upload.hint")}</small></p>
            <div class="row">
              <${Button} kind="small" onClick=${() => input.current.click()}>${t(value ? "upload.replace" : "upload.choose")}<span class="unseen">: ${shared.label}</span><//>
              ${!value && SAMPLES[name] && html`<${Button} kind="small ghost" onClick=${sample}>${t("upload.sample")}<//>`}
            </div>`}
      </div>
      <input ref=${input} id=${shared.id} class="unseen" type="file" accept=${PICTURES.join()} aria-describedby=${describedBy(shared.id, shared.hint, error)}
        onChange=${(event) => { take(event.target.files[0]); event.target.value = ""; }} />
    </div>
  <//>`;
}
