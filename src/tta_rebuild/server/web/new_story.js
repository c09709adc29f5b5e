// A new story: what it is about and how that is understood, who is in it, rules, boundaries, who tells it in which language.
import { api } from "./api.js";
import { Boundaries, Loaded, LongText, ProblemNote, isTooLong, money, sentenceCase, useAction, useAsked } from "./components.js";
import { html, useEffect, useRef, useState } from "./dom.js";
import { at, go } from "./navigation.js";
import { premiseOf } from "./premise_kept.js";

const LENGTHS = [[0, "as long as I like"], [8, "short: about 8 scenes"], [16, "a chapter: about 16 scenes"], [40, "long: about 40 scenes"]];
const NOBODY = { name: "", description: "", pronouns: "", is_player: false };
const EMPTY = {
  world: "", theme: "", title: "", length: 0, language: "en", rules: "", plot: "", model: "",
  people: [{ ...NOBODY, is_player: true }], boundaries: {},
};
const THEME_CHARS = 20_000, TYPING_MS = 450;

export function Page() {
  const asked = useAsked(async () => {
    const [{ worlds }, models] = await Promise.all([api.worlds(), api.models()]);
    return { worlds, models, kept: premiseOf.toMend() };
  }, []);
  return html`<h1>A new story</h1>
    <${Loaded} asked=${asked} what="the worlds and who can tell">${(there) => html`<${Form} ...${there} />`}<//>`;
}

/** What the server is sent of the form. */
function bodyOf(form) {
  const { world, theme, title, length, language, rules, plot, model, people, boundaries } = form;
  const characters = people.filter((one) => one.name.trim());
  return {
    ...(theme.trim() ? { theme: theme.trim() } : {}), ...(title.trim() ? { title: title.trim() } : {}),
    ...(world ? { world } : { length: Number(length), characters, language, plot }),
    rules: rules.split("\n").map((line) => line.trim()).filter(Boolean), boundaries, model,
  };
}

function Form({ worlds, models, kept }) {
  const [form, setForm] = useState({ ...EMPTY, ...kept }), [wrong, setWrong] = useState({});
  const theme = useRef(), language = useRef();
  const change = (part) => { setForm({ ...form, ...part }); setWrong({}); };
  const { world } = form, teller = form.model || models.chain[0], isEmbedded = teller === "offline";
  const [begin, isBusy, problem] = useAction(async () => {
    const made = await api.openStory(bodyOf(form));
    premiseOf.keep(made.story_id, form, made.notes);
    try { sessionStorage.setItem("tta.begin", made.story_id); } catch { /* then they press a button */ }
    go(at(made.story_id));
  });
  function submit(event) {
    event.preventDefault();
    const theirs = {};
    if (!world && form.theme.trim().length < 3) theirs.theme = "Say in a sentence what it is about.";
    if (!world && !models.languages.includes(form.language.split("-")[0].toLowerCase())) theirs.language = `“${form.language}” is no language; write its code, such as de or pt-BR.`;
    setWrong(theirs);
    if (theirs.theme) theme.current.querySelector("textarea").focus();
    else if (theirs.language) language.current.querySelector("input, select").focus();
    else if (!isTooLong(form.theme, THEME_CHARS)) begin();
  }
  return html`<form noValidate onSubmit=${submit}>
    ${worlds.length > 0 && html`<fieldset><legend class="unseen">Where it begins</legend>
      <ul class="worlds">
        <li><label><input type="radio" name="world" checked=${!world} onChange=${() => change({ world: "" })} /> <span>From my own sentence</span></label></li>
        ${worlds.map((one) => html`<li><label><input type="radio" name="world" checked=${world === one.world} onChange=${() => change({ world: one.world })} />
          <span>${one.title} <span class="quiet">${one.about}</span></span></label></li>`)}
      </ul></fieldset>`}
    ${!world && html`<div class="form-part" ref=${theme}>
      <${LongText} label="What is it about?" rows="3" most=${THEME_CHARS} value=${form.theme} wrong=${wrong.theme}
        placeholder="A lighthouse keeper finds a letter that was never sent" onInput=${(value) => change({ theme: value })} />
      ${isEmbedded && html`<p class="quiet">The embedded storyteller is a program with a book of story kinds. Who is who, where it is and what is at stake it takes from your sentence, the turns from its book. It reads English. A model follows your words more freely.</p>`}
      <${Understood} form=${form} change=${change} /></div>
      <${People} people=${form.people} setPeople=${(people) => change({ people })} />`}
    <fieldset class="form-part"><legend>Boundaries</legend>
      <p class="quiet">What should not come up, or only a little. They are kept in every scene and every choice, and can be made stricter at any time.</p>
      <${Boundaries} value=${form.boundaries} onChange=${(boundaries) => change({ boundaries })} /></fieldset>
    <${Teller} models=${models} teller=${teller} choose=${(name) => change({ model: name, ...(name === "offline" ? { language: "en" } : {}) })} />
    <fieldset class="form-part"><legend>More, if you like</legend>
      <label>Rules of the world, one to a line <textarea rows="2" value=${form.rules} placeholder="Nobody can read minds" onInput=${(e) => change({ rules: e.target.value })}></textarea></label>
      <div class="form-grid">
        <label>Title <input maxlength="120" value=${form.title} onInput=${(e) => change({ title: e.target.value })} /></label>
        ${!world && html`<label>Length <select value=${form.length} onChange=${(e) => change({ length: e.target.value })}>${LENGTHS.map(([value, text]) => html`<option value=${value} selected=${value === Number(form.length)}>${text}</option>`)}</select></label>
        <div ref=${language}><${Language} value=${form.language} codes=${isEmbedded ? models.embedded_languages : models.languages} wrong=${wrong.language} onChange=${(code) => change({ language: code })} /></div>`}
      </div></fieldset>
    <p class="form-part"><button class="main-action" disabled=${isBusy}>${isBusy ? "Beginning …" : "Begin"}</button></p>
    <${ProblemNote} problem=${problem} />
  </form>`;
}

const languageName = (code) => { try { return new Intl.DisplayNames(["en"], { type: "language" }).of(code); } catch { return code; } };

/** Those that the teller has, by name; for a model also a code such as pt-BR. */
function Language({ value, codes, wrong, onChange }) {
  const [isOther, setIsOther] = useState(!codes.includes(value));
  const named = codes.map((code) => [code, languageName(code)]).filter(([code, name]) => name !== code).sort((a, b) => a[1].localeCompare(b[1]));
  if (named.length === 1) return html`<p class="field">Language <span>${named[0][1]}: the embedded storyteller has no other</span></p>`;
  return html`<label>Language <select value=${isOther ? "" : value} onChange=${(e) => { setIsOther(!e.target.value); onChange(e.target.value); }}>
      ${named.map(([code, name]) => html`<option value=${code} selected=${!isOther && code === value}>${name}</option>`)}<option value="" selected=${isOther}>by a code …</option></select></label>
    ${isOther && html`<label>Code of the language <input maxlength="20" value=${value} aria-invalid=${Boolean(wrong)} aria-describedby=${wrong ? "wrong-language" : undefined} onInput=${(e) => onChange(e.target.value.trim())} /></label>`}
    ${wrong && html`<p class="wrong" id="wrong-language" role="alert">${wrong}</p>`}`;
}

/** How the teller understands the sentence, said while it is written, and another kind of story to choose. */
function Understood({ form, change }) {
  const [found, setFound] = useState(null), { world, title, length, ...matters } = form, isAsked = form.theme.trim().length > 8;
  useEffect(() => {
    if (!isAsked) { setFound(null); return undefined; }
    const outdated = new AbortController();
    const timer = setTimeout(() => api.premise(bodyOf(form), outdated.signal).then(setFound, () => {}), TYPING_MS);
    return () => { clearTimeout(timer); outdated.abort(); };
  }, [JSON.stringify(matters)]);
  if (!found) return html`<div class="understood"><p class="quiet">${isAsked ? "Reading it …" : "How it is understood comes here, once there is a sentence."}</p></div>`;
  const likely = Object.entries(found.likely_plots), names = Object.fromEntries(found.plots.map((one) => [one.plot, one.called]));
  const others = found.plots.filter((one) => !(one.plot in found.likely_plots)).sort((a, b) => a.called.localeCompare(b.called));
  return html`<div class="understood" role="status">
    ${found.notes.map((note) => html`<p>${note}</p>`)}
    ${found.asks_who_is_played && !form.people.some((one) => one.is_player && one.name.trim()) && html`<p>Nobody can tell from it whom you play. Give a name under People, or leave it: then you are yourself.</p>`}
    ${found.plots.length > 0 && html`<p class="quiet">Somebody is missing, or is not who they are? Name them under People. Another kind of story? Choose it:</p>
      <label class="row">Kind of story <select value=${form.plot} onChange=${(e) => change({ plot: e.target.value })}>
        <option value="" selected=${!form.plot}>as it is understood</option>
        ${likely.length > 1 && html`<optgroup label="It could also be">${likely.slice(1).map(([plot, called]) => html`<option value=${plot} selected=${form.plot === plot}>${called}</option>`)}</optgroup>`}
        <optgroup label="All others">${[...(form.plot && !others.some((one) => one.plot === form.plot) && !likely.slice(1).some(([plot]) => plot === form.plot) ? [{ plot: form.plot, called: names[form.plot] || form.plot }] : []), ...others].map((one) => html`<option value=${one.plot} selected=${form.plot === one.plot}>${one.called}</option>`)}</optgroup>
      </select></label>`}
  </div>`;
}

function People({ people, setPeople }) {
  const list = useRef();
  const change = (n, part) => setPeople(people.map((one, at) => (at === n ? { ...one, ...part } : part.is_player ? { ...one, is_player: false } : one)));
  return html`<fieldset class="form-part" ref=${list}><legend>People</legend>
    <p class="quiet">As many as you like, or none: then the story finds its own. What is said here goes before the sentence.</p>
    ${people.map((one, n) => html`<fieldset class="person" key=${n}><legend class="unseen">Person ${n + 1}</legend>
      <div class="form-grid">
        <label>Name <input maxlength="80" value=${one.name} onInput=${(e) => change(n, { name: e.target.value })} /></label>
        <label>Pronouns <input maxlength="20" placeholder="she, he, they" value=${one.pronouns} onInput=${(e) => change(n, { pronouns: e.target.value })} /></label>
      </div>
      <label>Who they are <input maxlength="1000" value=${one.description} onInput=${(e) => change(n, { description: e.target.value })} /></label>
      <div class="row"><label><input type="radio" name="player" checked=${one.is_player} onChange=${() => change(n, { is_player: true })} /> I play them</label>
        ${people.length > 1 && html`<button type="button" class="plain" onClick=${() => setPeople(people.filter((_, at) => at !== n))}>Remove<span class="unseen"> person ${n + 1}</span></button>`}</div>
    </fieldset>`)}
    <p><button type="button" onClick=${() => { setPeople([...people, { ...NOBODY }]); setTimeout(() => list.current.querySelector(".person:last-of-type input").focus()); }}>Somebody else</button></p>
  </fieldset>`;
}

/** Who will tell it: one of the models that the server was set up with; the first answers unless another is chosen. */
function Teller({ models, teller, choose }) {
  const chain = models.chain.map((name) => models.models.find((one) => one.name === name) || { name, input_usd: null, lacks: "" });
  const about = (one) => html`${one.name === "offline" ? "The embedded storyteller: free, and nothing leaves this machine" : one.name}
    ${one.input_usd !== null && one.name !== "offline" && html` <span class="quiet">${money(one.input_usd)} in, ${money(one.output_usd)} out per million tokens</span>`}
    ${one.lacks && html` <span class="quiet">${sentenceCase(one.lacks)}</span>`}`;
  return html`<fieldset class="form-part"><legend>Who tells it</legend>
    ${chain.length === 1 ? html`<p>${about(chain[0])}</p>` : html`<ul class="worlds">${chain.map((one) => html`<li><label>
        <input type="radio" name="teller" checked=${teller === one.name} onChange=${() => choose(one.name)} /> <span>${about(one)}</span></label></li>`)}</ul>
      <p class="quiet">Where a model cannot answer, the next one tells on. The embedded storyteller asks nobody.</p>`}</fieldset>`;
}
