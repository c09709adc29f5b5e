// Small parts that several pages share: loading and its failures, prose, figures, boundaries.
import { html, signal, useEffect, useRef, useState } from "./dom.js";
import { may, reader } from "./navigation.js";

/** What a screen reader is told, politely and in whole sentences; the shell shows it in a log. */
export const spoken = signal([]);
let spokenSoFar = 0;

export function announce(text) {
  if (text) spoken.value = [...spoken.value, { id: ++spokenSoFar, text }].slice(-40);
}

function stored(key, usual) {
  try { return { ...usual, ...JSON.parse(localStorage.getItem(key) || "{}") }; } catch { return usual; }
}

/** How the reader wants the page; kept in this browser only. */
export const reading = signal(stored("tta.reading", { theme: "auto", size: 2, streaming: true, motion: true, scores: false }));
reading.subscribe((now) => {
  const root = document.documentElement.dataset;
  root.theme = now.theme;
  root.size = now.size;
  root.motion = now.motion ? "full" : "none";
  try { localStorage.setItem("tta.reading", JSON.stringify(now)); } catch { /* a browser that keeps nothing */ }
});

/** Something asked for: `[value, problem, again]`; a later answer never gives way to an earlier one. */
export function useAsked(ask, on) {
  const [state, setState] = useState({ value: null, problem: null });
  const [round, setRound] = useState(0);
  useEffect(() => {
    let isCurrent = true;
    ask().then(
      (value) => isCurrent && setState({ value, problem: null }),
      (problem) => isCurrent && problem.name !== "AbortError" && setState((old) => ({ ...old, problem })),
    );
    return () => { isCurrent = false; };
  }, [...on, round]);
  return [state.value, state.problem, () => setRound((n) => n + 1)];
}

/** The state of one action of the user: `[run, isBusy, problem]`. */
export function useAction(act) {
  const [state, setState] = useState({ isBusy: false, problem: null });
  async function run(...given) {
    setState({ isBusy: true, problem: null });
    try {
      const value = await act(...given);
      setState({ isBusy: false, problem: null });
      return value;
    } catch (problem) {
      setState({ isBusy: false, problem });
      return undefined;
    }
  }
  return [run, state.isBusy, state.problem];
}

export function ProblemNote({ problem, again, children }) {
  if (!problem) return null;
  return html`<div class="note problem" role="alert">
    <p><strong>${problem.title || "Something went wrong"}.</strong> ${problem.detail || (problem.title ? "" : problem.message)}</p>
    ${problem.what && html`<p>${problem.what}</p>`}
    ${problem.status === 404 ? html`<p><a href="#/">All stories</a></p>` : again && problem.status !== 403 && html`<p><button type="button" onClick=${again}>Try again</button></p>`}
    ${children}
  </div>`;
}

/** A page for those who run the server; whoever does not is told so once, and nothing is asked for. */
export function ForOperators({ title, instead = "", children }) {
  if (!reader.value.isKnown) return html`<h1>${title}</h1><p class="quiet" aria-busy="true">Fetching it …</p>`;
  return may("operator") ? children : html`<h1>${title}</h1><p class="lead">This page is for those who run the server. ${instead}</p><p><a href="#/">All stories</a></p>`;
}

const AGAIN_MS = 2000;

/** What was asked for, once it is there (a server that is down is asked again by itself); until then a quiet line, or what went wrong. */
export function Loaded({ asked: [value, problem, again], what = "", children }) {
  const isDown = problem?.status === 0 && value === null;
  useEffect(() => { const timer = isDown ? setTimeout(again, AGAIN_MS) : 0; return () => clearTimeout(timer); }, [problem]);
  if (problem && value === null) return html`<${ProblemNote} problem=${problem} again=${again} />`;
  if (value === null) return html`<p class="quiet" aria-busy="true">Fetching ${what || "it"} …</p>`;
  return children(value);
}

/** A button that asks once more, in place, before it does something that cannot be taken back. */
export function SureButton({ label, question, yes, act, className = "" }) {
  const [asks, setAsks] = useState(false);
  const first = useRef();
  useEffect(() => { if (asks) first.current?.focus(); }, [asks]);
  if (!asks) return html`<button type="button" class=${className} onClick=${() => setAsks(true)}>${label}</button>`;
  return html`<span class="sure" role="group" aria-label=${question}>
    <span>${question}</span>
    <button type="button" ref=${first} onClick=${() => { setAsks(false); act(); }}>${yes}</button>
    <button type="button" onClick=${() => setAsks(false)}>No</button>
  </span>`;
}

export const isTooLong = (text, most) => text.length > most;

/** A field for a text of any length: near its limit it counts, and what is too long is said and never cut. */
export function LongText({ label, most, value, wrong = "", hidden = false, field, onInput, ...given }) {
  const left = most - value.length, says = left < 0 ? `${counted(-left, "character")} too long: at most ${number(most)} can be taken. Nothing is cut; shorten it.`
    : left < most / 5 ? `${counted(left, "character")} left` : "";
  const id = useRef(`about-${++fields}`).current;
  return html`<label>${hidden ? html`<span class="unseen">${label}</span>` : label} <textarea ref=${field} value=${value} aria-invalid=${Boolean(wrong) || left < 0}
      aria-describedby=${wrong || says ? id : undefined} onInput=${(e) => onInput(e.target.value)} ...${given}></textarea></label>
    ${(wrong || says) && html`<p id=${id} class=${wrong || left < 0 ? "wrong" : "quiet"} role=${wrong ? "alert" : undefined}>${wrong || says}</p>`}`;
}
let fields = 0;

// — figures —

const moneyForm = (digits) => new Intl.NumberFormat("en", { style: "currency", currency: "USD", minimumFractionDigits: 2, maximumFractionDigits: digits });
export const money = (usd) => (usd === null || usd === undefined ? "—" : moneyForm(usd !== 0 && Math.abs(usd) < 1 ? 4 : 2).format(usd));
export const number = (value, digits = 0) => (value === null || value === undefined || Number.isNaN(value) ? "—" : new Intl.NumberFormat("en", { maximumFractionDigits: digits }).format(value));
export const share = (value) => (value === null || value === undefined ? "—" : `${Math.round(value * 100)} %`);
export const seconds = (value) => (value === null || value === undefined ? "—" : value < 1 ? `${Math.round(value * 1000)} ms` : `${number(value, 1)} s`);
export const counted = (n, one, many = `${one}s`) => `${number(n)} ${n === 1 ? one : many}`;
export const plain = (id) => String(id ?? "").replaceAll("_", " ");
export const sentenceCase = (text) => (text ? text[0].toUpperCase() + text.slice(1) : "");

/** A moment to the second: it tells stories of one title apart. */
export const moment = (iso) => new Date(iso).toLocaleString("en", { dateStyle: "medium", timeStyle: "medium" });

export function when(iso) {
  const at = iso ? new Date(iso) : null;
  if (!at || Number.isNaN(at.getTime())) return "";
  const minutes = (Date.now() - at) / 60000;
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${Math.round(minutes)} min ago`;
  if (minutes < 24 * 60) return `${counted(Math.round(minutes / 60), "hour")} ago`;
  return at.toLocaleDateString(undefined, { day: "numeric", month: "long", year: "numeric" });
}

/** A value in [0, 1] as a bar, with its words beside it for everybody. */
export function Meter({ value, label, text, most = 1 }) {
  const part = Math.max(0, Math.min(1, (value || 0) / (most || 1)));
  return html`<div class="meter">
    <span class="meter-label">${label}</span>
    <svg class="meter-bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true"><rect class="meter-ground" width="100" height="4" /><rect class="meter-part" width=${part * 100} height="4" /></svg>
    <span class="meter-text">${text ?? share(value)}</span>
  </div>`;
}

/** A plain table: `columns` are `[heading, cell of a row, is it a number]`. */
export function Table({ caption, columns, rows, empty = "Nothing yet." }) {
  if (!rows.length) return html`<p class="quiet">${empty}</p>`;
  return html`<div class="table" tabindex="0" role="region" aria-label=${caption}><table>
    <caption>${caption}</caption>
    <thead><tr>${columns.map(([heading, , isNumber]) => html`<th scope="col" class=${isNumber ? "number" : ""}>${heading}</th>`)}</tr></thead>
    <tbody>${rows.map((row) => html`<tr>${columns.map(([, cell, isNumber], at) => at === 0
      ? html`<th scope="row">${cell(row)}</th>`
      : html`<td class=${isNumber ? "number" : ""}>${cell(row)}</td>`)}</tr>`)}</tbody>
  </table></div>`;
}

// — prose —

const ENGLISH = [
  [/\.\.\./g, "…"], [/\s*--\s*/g, " — "], [/(^|[\s([{—“])"/g, "$1“"], [/"/g, "”"],
  [/(^|[\s([{—“])'(?=\S)/g, "$1‘"], [/'/g, "’"],
];

/** A text with the marks of good printing: curled quotes, dashes, no last word alone on its line. */
export function typeset(text, language = "en") {
  const marks = language.startsWith("en") ? ENGLISH : [[/\.\.\./g, "…"]];
  return marks.reduce((so, [found, put]) => so.replace(found, put), text).replace(/ (\S{1,8})$/, "\u00a0$1");
}

/** `*so*` and `_so_` as emphasis; everything else stays text. */
function emphasised(text) {
  return text.split(/(\*[^*\n]+\*|\b_[^_\n]+_\b)/).map((part, at) => (at % 2 ? html`<em>${part.slice(1, -1)}</em>` : part));
}

export function Passage({ passage, language }) {
  const said = passage.speaker;
  const paragraphs = passage.text.split(/\n{2,}/).filter((one) => one.trim());
  return paragraphs.map((one, at) => {
    const text = emphasised(typeset(one.trim(), language));
    if (!said || at) return html`<p>${text}</p>`;
    const quoted = /^["“„«‘'—–-]/.test(one.trim());
    return html`<p class="said"><span class="speaker">${said}</span> ${quoted ? text : html`“${text}”`}</p>`;
  });
}

/** A sentence that is cited; one that has quotation marks of its own gets no more of them. */
export function Quoted({ text }) {
  return html`<q class=${/^["“„«‘]/.test(text) ? "bare" : undefined}>${text}</q>`;
}

const LONG_MOVE = 400, MOVE_BEGINS = 160;

/** What the player did; a long move is folded, so that the scene stays in sight. */
export function Move({ text, language }) {
  if (text.length <= LONG_MOVE) return html`<p class="action">${typeset(text, language)}</p>`;
  return html`<details class="action"><summary>${typeset(text.slice(0, MOVE_BEGINS).trimEnd(), language)}… <span class="quiet">(all ${number(text.length)} characters)</span></summary>
    <p class="action-whole">${typeset(text, language)}</p></details>`;
}

/** How a passage is read out. */
export const aloud = (passage) => (passage.speaker ? `${passage.speaker}: ${passage.text}` : passage.text);

// — boundaries —

export const LEVELS = ["none", "low", "medium", "high"];
const LEVEL_WORDS = { none: "none of it", low: "a touch", medium: "some", high: "anything" };
const OFTEN = ["violence", "gore", "death", "horror", "self harm", "abuse", "child harm", "animal harm", "sexual", "romance", "substances", "profanity", "hate", "medical", "eating disorder", "spiders"];

/** Category → level; where `floor` is given (a story that runs) nothing can be made looser than it. */
export function Boundaries({ value, floor = {}, onChange }) {
  const [name, setName] = useState("");
  const rank = (level) => { const at = LEVELS.indexOf(level); return at < 0 ? LEVELS.length - 1 : at; };
  function add() {
    const key = name.trim().toLowerCase().replace(/\s+/g, "_");
    if (key && !(key in value)) { onChange({ ...value, [key]: "none" }); announce(`${plain(key)}: none of it.`); }
    setName("");
  }
  function drop(key) {
    const { [key]: _, ...rest } = value;
    onChange(rest);
  }
  return html`<div class="boundaries">
    ${Object.entries(value).map(([key, level]) => html`<fieldset class="boundary" key=${key}>
      <legend>${sentenceCase(plain(key))}</legend>
      ${LEVELS.map((one) => html`<label><input type="radio" name=${`boundary-${key}`} checked=${level === one}
        disabled=${key in floor && rank(one) > rank(floor[key])}
        onChange=${() => onChange({ ...value, [key]: one })} /> ${LEVEL_WORDS[one]}</label>`)}
      ${!(key in floor) && html`<button type="button" class="plain" aria-label=${`No boundary for ${plain(key)}`} onClick=${() => drop(key)}>Remove</button>`}
    </fieldset>`)}
    <div class="row">
      <label class="grow">Keep out
        <input list="often-kept-out" value=${name} maxlength="60" placeholder="violence, spiders, a word of your own"
          onInput=${(e) => setName(e.target.value)}
          onKeyDown=${(e) => { if (e.key === "Enter") { e.preventDefault(); add(); } }} /></label>
      <datalist id="often-kept-out">${OFTEN.filter((one) => !(one.replace(" ", "_") in value)).map((one) => html`<option value=${one} />`)}</datalist>
      <button type="button" onClick=${add} disabled=${!name.trim()}>Add</button>
    </div>
  </div>`;
}

/** Saves a file for the reader, without leaving the page. */
export function save(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

export const fileName = (title) => title.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "").slice(0, 60) || "story";
