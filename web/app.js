// The frame around every view: who is there, where they are, what they are told.

import { html, render, useEffect, useRef, useState } from "./vendor/preact.js";
import { get, post, refreshCredits } from "./api.js";
import { follow, hurry, stop } from "./live.js";
import { forget, set, state, useStore } from "./store.js";
import { current, num, speak, t } from "./strings.js";
import { Icon, Skeleton, Toasts } from "./ui.js";
import { Account } from "./views/account.js";
import { Create, Features } from "./views/create.js";
import { Job } from "./views/job.js";
import { Jobs } from "./views/jobs.js";
import { Operator } from "./views/operator.js";
import { Sign } from "./views/sign.js";

const THEME = "studio.theme";

/** Where the address says we are: "#/jobs/job_1?from=x" is {path: ["jobs", "job_1"], query}. */
function whereabouts() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  return { path: path.split("/").filter(Boolean), query: new URLSearchParams(query) };
}

/** What a mail led here with: "#verify=prf_…" or "#reset=prf_…". Taken out of the address, where it would be kept. */
function mailed() {
  const [, what, proof] = location.hash.match(/^#(verify|reset)=(.+)$/) ?? [];
  if (what) history.replaceState(null, "", "/#/");
  return what && { what, proof: decodeURIComponent(proof) };
}

// Those who pay come back to "/?purchase=…".
function comeBack() {
  const query = new URLSearchParams(location.search);
  const purchase = query.get("purchase");
  if (purchase) history.replaceState(null, "", `/#/account/credits?purchase=${encodeURIComponent(purchase)}`);
}

function applyTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

function turnTheme() {
  const dark = getComputedStyle(document.documentElement).colorScheme === "dark";
  const theme = dark ? "light" : "dark";
  localStorage.setItem(THEME, theme);
  applyTheme(theme);
}

const NAVIGATION = [["create", "sparkles", "#/"], ["jobs", "images", "#/jobs"], ["account", "user-round", "#/account"]];
const FOR_OPERATORS = ["operator", "gauge", "#/operator"];

function App() {
  const { token, online, features } = useStore();
  const [place, setPlace] = useState(whereabouts());
  const [, setLanguage] = useState(current());
  const main = useRef();
  useEffect(() => {
    const moved = () => {
      setPlace(whereabouts());
      scrollTo(0, 0);
      main.current?.focus({ preventScroll: true });
    };
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, []);
  useEffect(() => {
    follow();
    if (token) {
      refreshCredits().catch(() => {});
      if (!state.user) get("/users/profile").then((user) => set({ user }), () => {});
    }
  }, [token]);
  useEffect(() => {
    if (!features && online) get("/features").then(({ data }) => set({ features: data }), () => {});
  }, [online, features]);
  const turnLanguage = () => {
    speak(current() === "en" ? "de" : "en");
    setLanguage(current());
  };
  const [first = ""] = place.path;
  const section = ["jobs", "account", "operator"].includes(first) ? first : "create";
  return html`
    <a class="skip" href="#main" onClick=${(event) => { event.preventDefault(); main.current.focus(); }}>${t("skip")}</a>
    <${Header} section=${section} onLanguage=${turnLanguage} />
    ${!online && html`<p class="banner" role="status"><${Icon} name="wifi-off" />${t("offline")}</p>`}
    <main id="main" tabindex="-1" ref=${main} data-place=${place.path.join("/")}><${View} place=${place} /></main>
    ${token && html`<nav class="tabs-bottom" aria-label=${t("studio")}>${links(section)}</nav>`}
    <${Toasts} />`;
}

function View({ place }) {
  const { token, user } = useStore();
  const [first, second] = place.path;
  if (first === "create" && second && token) return html`<${Create} key=${second + place.query} name=${second} query=${place.query} />`;
  if (!token) return html`<${Sign} mail=${mail} />`;
  if (first === "jobs" && second) return html`<${Job} key=${second} id=${second} />`;
  if (first === "jobs") return html`<${Jobs} />`;
  if (first === "account") return html`<${Account} tab=${second ?? "credits"} query=${place.query} />`;
  if (first === "operator" && !user) return html`<div class="page"><${Skeleton} lines=${4} /></div>`;
  if (first === "operator" && user.operator) return html`<${Operator} />`;
  return html`<${Features} />`;
}

const links = (section) =>
  [...NAVIGATION, ...(state.user?.operator ? [FOR_OPERATORS] : [])].map(([name, icon, href]) => html`<a key=${name} href=${href} aria-current=${name === section ? "page" : undefined}>
    <${Icon} name=${icon} /><span>${t(`nav.${name}`)}</span></a>`);

function Header({ section, onLanguage }) {
  const { token, credits, live } = useStore();
  const leave = async () => {
    await post("/auth/logout").catch(() => {});
    stop();
    forget();
    location.hash = "#/";
  };
  return html`<header class="top">
    <a class="brand" href="#/" aria-label=${t("studio")}><img src="icon.svg" alt="" width="28" height="28" /><span>${t("studio")}</span></a>
    ${token && html`<nav class="tabs-top" aria-label=${t("studio")}>${links(section)}</nav>`}
    <div class="tools">
      ${token && html`<span class=${live ? "pulse on" : "pulse"} role="img" aria-label=${t(live ? "live" : "notLive")} title=${t(live ? "live" : "notLive")}></span>`}
      ${token && credits && html`<a class="balance" href="#/account/credits" aria-label=${`${t("account.balance")}: ${t("credits", credits.balance)}`}>
        <${Icon} name="coins" /><b>${num(credits.balance)}</b></a>`}
      <button type="button" class="ghost wide" lang=${current() === "en" ? "de" : "en"} title=${t("languageTitle")} onClick=${onLanguage}>${t("language")}</button>
      <button type="button" class="ghost" aria-label=${t("theme")} title=${t("theme")} onClick=${turnTheme}>
        <span class="only-light"><${Icon} name="moon" /></span><span class="only-dark"><${Icon} name="sun" /></span></button>
      ${token && html`<button type="button" class="ghost" aria-label=${t("sign.out")} title=${t("sign.out")} onClick=${leave}><${Icon} name="log-out" /></button>`}
    </div>
  </header>`;
}

applyTheme(localStorage.getItem(THEME));
comeBack();
const mail = mailed();
addEventListener("offline", () => set({ online: false }));
addEventListener("online", () => {
  set({ online: true });
  hurry(true);
  refreshCredits().catch(() => {});
});
document.addEventListener("visibilitychange", () => !document.hidden && hurry());
render(html`<${App} />`, document.getElementById("app"));
