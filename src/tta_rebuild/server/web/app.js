// The shell: which page an address shows, the header, how the reader wants to read, and who is asked for a token.
//
// Addresses are fragments, so the pages work wherever they are mounted: #/ · #/new · #/story/ID/BRANCH[/PAGE] · #/costs · #/lab
import { access } from "./api.js";
import { announce, reading, spoken, typeset } from "./components.js";
import { html, render, signal, useEffect, useLayoutEffect, useRef, useState } from "./dom.js";
import { at, go, heading, may, needsToken, parsed, reader } from "./navigation.js";

const PAGES = {
  library: ["Stories", () => import("./library.js")],
  new: ["A new story", () => import("./new_story.js")],
  play: ["Play", () => import("./play.js")],
  map: ["Map", () => import("./map.js")],
  cast: ["Cast", () => import("./cast.js")],
  canon: ["Canon", () => import("./canon.js")],
  compare: ["Compare", () => import("./compare.js")],
  costs: ["Costs and health", () => import("./costs.js")],
  lab: ["Experiments", () => import("./lab.js")],
};

const AGAIN_MS = 2000; // between two attempts to reach a server that is down

const route = signal(parsed(location.hash));
addEventListener("hashchange", () => { route.value = parsed(location.hash); });

function Shell() {
  const now = route.value;
  const [page, setPage] = useState(null);
  const main = useRef(), isFirst = useRef(true);
  const key = [now.page, now.story, now.branch, ...now.rest].join("/");
  const [isDown, setIsDown] = useState(false), opened = useRef(() => {});
  useEffect(() => {
    let isCurrent = true, timer;
    setIsDown(false);
    opened.current = () => {
      clearTimeout(timer);
      PAGES[now.page][1]().then((module) => {
        if (!isCurrent) return;
        setPage({ key, Page: module.Page, now, address: location.hash });
        setIsDown(false);
      }, () => {
        if (!isCurrent) return;
        setIsDown(true);
        timer = setTimeout(opened.current, AGAIN_MS);
      });
    };
    opened.current();
    return () => { isCurrent = false; clearTimeout(timer); };
  }, [key]);
  useEffect(() => { if (isDown) announce(`${PAGES[now.page][0]} cannot be opened: the server cannot be reached.`); }, [isDown]);
  const named = now.story === heading.value.story ? heading.value.title : "";
  useEffect(() => { document.title = [named, PAGES[now.page][0], "TTA"].filter(Boolean).join(" · "); }, [named, now.page]);
  useLayoutEffect(() => {
    if (!page) return;
    if (!isFirst.current) { scrollTo(0, 0); main.current?.focus({ preventScroll: true }); announce(PAGES[page.now.page][0]); }
    isFirst.current = false;
  }, [page?.key]);
  return html`
    <a class="skip" href="#main" onClick=${(e) => { e.preventDefault(); main.current.focus(); }}>Skip to the text</a>
    <${Header} now=${now} />
    <main id="main" ref=${main} tabindex="-1" class=${`page page-${(page?.now || now).page}`}>
      ${isDown && html`<div class="note problem" role="alert"><p><strong>The server cannot be reached.</strong> “${PAGES[now.page][0]}” opens by itself once it is back.${page && " Until then this page stays as it is."}</p>
        <p class="row"><button type="button" onClick=${() => opened.current()}>Try now</button>${page && html`<button type="button" class="plain" onClick=${() => { location.hash = page.address; }}>Stay here</button>`}</p></div>`}
      ${needsToken.value ? html`<${SignIn} />` : page ? html`<${page.Page} key=${page.key} ...${page.now} />` : html`<p class="quiet opening">Opening the book …</p>`}
    </main>
    <div class="unseen" role="log" aria-live="polite" aria-label="What is told">${spoken.value.map((one) => html`<p key=${one.id}>${one.text}</p>`)}</div>`;
}

const STORY_PAGES = ["play", "map", "cast", "canon"];

function Header({ now }) {
  const { story, title } = heading.value;
  const link = (address, text, isHere) => html`<a href=${address} aria-current=${isHere ? "page" : undefined}>${text}</a>`;
  return html`<header class="top">
    <div class="top-row">
      <a class="mark" href="#/" aria-label="TTA, all stories">TTA</a>
      <nav aria-label="Everything">
        ${link("#/", "Stories", now.page === "library")}
        ${may("operator") && link("#/costs", "Costs", now.page === "costs")}
        ${may("operator") && link("#/lab", "Experiments", now.page === "lab")}
      </nav>
      <${Who} />
      <${Reading} />
    </div>
    ${now.story && html`<div class="top-row story-row">
      <p class="story-title">${story === now.story ? typeset(title) : "\u00a0"}</p>
      <nav aria-label="This story">${STORY_PAGES.map((page) => link(at(now.story, now.branch, page === "play" ? "" : page), PAGES[page][0], now.page === page || (page === "map" && now.page === "compare")))}</nav>
    </div>`}
  </header>`;
}

/** Who is signed in on a server for several people, or that one reads along by a link; and the way out. */
function Who() {
  const { accounts, player, role } = reader.value;
  async function leave() {
    try { await access.leave(); } catch { /* then the server does not know this browser any more */ }
    sessionStorage.clear();
    go("#/");
    location.reload();
  }
  if (accounts && role) return html`<p class="who"><span class="quiet">${player}</span> <button type="button" class="plain" onClick=${leave}>Sign out</button></p>`;
  if (accounts && access.isByLink) return html`<p class="who quiet">You read along by a link. <button type="button" class="plain" onClick=${() => { access.leaveLink(); go("#/"); location.reload(); }}>Leave</button></p>`;
  return null;
}

function Reading() {
  const now = reading.value, change = (part) => { reading.value = { ...reading.value, ...part }; };
  const box = useRef();
  useEffect(() => {
    const close = (event) => {
      if (event.type === "hashchange") { if (box.current) box.current.open = false; return; }
      if (event.type === "keydown" ? event.key === "Escape" : !box.current?.contains(event.target)) {
        if (box.current?.open && event.type === "keydown") box.current.querySelector("summary").focus();
        if (box.current) box.current.open = false;
      }
    };
    for (const name of ["pointerdown", "keydown", "hashchange"]) addEventListener(name, close);
    return () => { for (const name of ["pointerdown", "keydown", "hashchange"]) removeEventListener(name, close); };
  }, []);
  return html`<details class="reading" ref=${box}>
    <summary aria-label="How you read">Aa</summary>
    <div class="reading-box">
      <fieldset><legend>Light or dark</legend>${[["auto", "as the system"], ["light", "light"], ["dark", "dark"]].map(([value, text]) => html`
        <label><input type="radio" name="theme" checked=${now.theme === value} onChange=${() => change({ theme: value })} /> ${text}</label>`)}</fieldset>
      <label>Text size <input type="range" min="0" max="5" step="1" value=${now.size} onInput=${(e) => change({ size: Number(e.target.value) })} /></label>
      <label><input type="checkbox" checked=${now.streaming} onChange=${(e) => change({ streaming: e.target.checked })} /> Show the text as it is told</label>
      <label><input type="checkbox" checked=${now.motion} onChange=${(e) => change({ motion: e.target.checked })} /> Let things move gently</label>
      <label><input type="checkbox" checked=${now.scores} onChange=${(e) => change({ scores: e.target.checked })} /> Show scores, for authors</label>
    </div>
  </details>`;
}

function SignIn() {
  const [text, setText] = useState(""), [stays, setStays] = useState(false);
  const field = useRef();
  useEffect(() => field.current.focus(), []);
  const [problem, setProblem] = useState("");
  async function enter(event) {
    event.preventDefault();
    try {
      await access.enter(text.trim(), stays);
      needsToken.value = false;
      location.reload();
    } catch (error) { setProblem(error.detail); announce(error.detail); }
  }
  const ended = reader.value.role ? "Your token is no longer good: it was revoked, or it has expired. An operator can give you another."
    : access.isByLink ? "The link by which you read was taken back." : "";
  return html`<section class="narrow"><h1>Who is reading?</h1>
    ${ended && html`<p class="note" role="status">${ended}</p>`}
    <p>This server is for several people. The operator gives out access tokens with <code>tta tokens</code>.</p>
    <form onSubmit=${enter}>
      <label>Access token <input ref=${field} type="password" autocomplete="current-password" required value=${text} onInput=${(e) => setText(e.target.value)} /></label>
      <label><input type="checkbox" checked=${stays} onChange=${(e) => setStays(e.target.checked)} /> Keep it in this browser</label>
      ${problem && html`<p>${problem}</p>`}
      <p><button class="main-action">Enter</button></p>
    </form></section>`;
}

const link = location.hash.match(/^#\/shared\/([\w-]+)$/);
if (link) {
  try { location.replace(at((await access.share(link[1])).story_id)); } catch { location.replace("#/"); }
}

access.who().then((one) => { reader.value = { ...one, isKnown: true }; }, () => { reader.value = { ...reader.value, isKnown: true }; });
document.getElementById("app").textContent = "";
render(html`<${Shell} />`, document.getElementById("app"));
