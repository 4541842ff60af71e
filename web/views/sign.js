// Who is not signed in: what this is, and the way in.

import { html, useRef, useState } from "../vendor/preact.js";
import { post } from "../api.js";
import { keepToken, set, state, toast, useStore } from "../store.js";
import { summaryOf, t, titleOf, told } from "../strings.js";
import { Button, Icon, Input } from "../ui.js";
import { Cover } from "./create.js";

const LEADS = { up: "sign.upLead", in: "sign.inLead", forgot: "sign.forgotLead", verify: "sign.verifyLead", reset: "sign.resetLead" };
const MAILED = new Set(["verify", "reset"]);
const MIN_PASSWORD = 8; // characters
const ADDRESS = /^\s*[^@\s]+@[^@\s]+\s*$/;

/** What can be seen to be wrong before anything is sent, at each field. */
function amiss(way, { email, password }) {
  const wrong = {};
  if (!MAILED.has(way) && !ADDRESS.test(email)) wrong.email = t("sign.emailWrong");
  if ((way === "up" || way === "reset") && [...password].length < MIN_PASSWORD) wrong.password = t("sign.passwordShort");
  else if (way !== "forgot" && !password) wrong.password = t("create.missing.text");
  return wrong;
}

export function Sign({ mail }) {
  const { features, expired } = useStore();
  return html`<div class="hello">
    <section class="hero">
      <h1>${t("sign.heroTitle")}</h1>
      <p class="lead">${t("sign.heroLead")}</p>
    </section>
    <section class="card gate">
      ${expired && html`<p class="note" role="alert"><${Icon} name="info" />${t("sign.expired")}</p>`}
      <${Gate} mail=${mail} />
    </section>
    <ul class="wall">
      ${(features ?? Array.from({ length: 6 })).map((feature, n) => html`<li key=${feature?.name ?? n}>
        ${feature ? html`<${Cover} feature=${feature} /><h2>${titleOf(feature)}</h2><p>${summaryOf(feature)}</p>` : html`<div class="skeleton cover"></div>`}
      </li>`)}
    </ul>
  </div>`;
}

function Gate({ mail }) {
  const known = state.expired || localStorage.getItem("studio.known");
  const [way, setWay] = useState(mail?.what ?? (known ? "in" : "up"));
  const [values, setValues] = useState({ email: "", password: "", name: "" });
  const [wrong, setWrong] = useState({});
  const [said, setSaid] = useState(null);
  const [busy, setBusy] = useState(false);
  const form = useRef();
  const change = (name) => (value) => setValues((before) => ({ ...before, [name]: value }));
  const turn = (to) => { setWay(to); setWrong({}); setSaid(null); };
  const enter = (answer) => {
    localStorage.setItem("studio.known", "1"); // only that somebody has an account here, so that the next visit signs in
    set({ user: answer.user ?? null, expired: false });
    keepToken(answer.token);
  };
  const acts = {
    async up() {
      const { email, password, name } = values;
      const answer = await post("/auth/register", { email, password, ...(name && { name }) });
      if (answer.token) enter(answer);
      else setSaid(t("sign.check"));
    },
    async in() {
      enter(await post("/auth/login", { email: values.email, password: values.password }));
    },
    async forgot() {
      await post("/auth/forgot", { email: values.email });
      setSaid(t("sign.sent"));
    },
    // The password says that it is they who asked: a link alone could be what a stranger had mailed to them.
    async verify() {
      enter(await post("/auth/verify", { token: mail.proof, password: values.password }));
    },
    async reset() {
      await post("/auth/reset", { token: mail.proof, password: values.password });
      toast(t("sign.resetDone"), { tone: "good" });
      turn("in");
    },
  };
  const submit = async (event) => {
    event.preventDefault();
    const found = amiss(way, values);
    setWrong(found);
    if (Object.keys(found).length) return requestAnimationFrame(() => form.current?.querySelector(".bad input")?.focus());
    setBusy(true);
    try {
      await acts[way]();
    } catch (error) {
      const fields = error.fields ?? {};
      if (fields.token) setWrong({ "": t("sign.stale") });
      else if (way === "verify" && error.code === "wrong_credentials") setWrong({ password: t("sign.verifyWrong") });
      else setWrong(Object.keys(fields).length ? fields : { "": told(error) });
    } finally {
      setBusy(false);
    }
  };
  const title = { up: "sign.up", in: "sign.in", forgot: "sign.forgot", verify: "sign.verify", reset: "sign.reset" }[way];
  const action = { up: "sign.up", in: "sign.in", forgot: "sign.send", verify: "sign.verifyDo", reset: "account.change" }[way];
  return html`<form ref=${form} onSubmit=${submit} noValidate>
    <h2>${t(title)}</h2>
    ${LEADS[way] && html`<p class="lead">${t(LEADS[way])}</p>`}
    ${!MAILED.has(way) && html`<${Input} id="email" type="email" autocomplete="username" label=${t("sign.email")} value=${values.email} error=${wrong.email} onInput=${change("email")} />`}
    ${way !== "forgot" && html`<${Input} id="password" type="password" autocomplete=${way === "in" || way === "verify" ? "current-password" : "new-password"} label=${t("sign.password")}
      hint=${way === "in" || way === "verify" ? null : t("sign.passwordHint")} value=${values.password} error=${wrong.password} onInput=${change("password")} />`}
    ${way === "up" && html`<${Input} id="name" autocomplete="name" label=${t("sign.name")} aside=${t("sign.optional")} value=${values.name} error=${wrong.name} onInput=${change("name")} />`}
    ${wrong[""] && html`<p class="wrong" role="alert"><${Icon} name="circle-alert" />${wrong[""]}</p>`}
    ${said && html`<p class="note" role="status"><${Icon} name="send" />${said}</p>`}
    <${Button} type="submit" kind="primary full" busy=${busy}>${t(action)}<//>
    <div class="row between">
      <button type="button" class="text" onClick=${() => turn(way === "up" ? "in" : "up")}>${t(way === "up" ? "sign.toIn" : "sign.toUp")}</button>
      ${way === "in" && html`<button type="button" class="text" onClick=${() => turn("forgot")}>${t("sign.forgot")}</button>`}
    </div>
  </form>`;
}
