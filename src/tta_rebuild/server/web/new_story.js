// A new story: what it is about, who is in it, rules, boundaries, and whether an authored world tells it.
import { api } from "./api.js";
import { Boundaries, ProblemNote, money, sentenceCase, useAction, useAsked } from "./components.js";
import { html, useRef, useState } from "./dom.js";
import { at, go } from "./navigation.js";

const LENGTHS = [[0, "as long as I like"], [8, "short: about 8 scenes"], [16, "a chapter: about 16 scenes"], [40, "long: about 40 scenes"]];
const NOBODY = { name: "", description: "", pronouns: "", is_player: false };

export function Page() {
  const [world, setWorld] = useState("");
  const [premise, setPremise] = useState({ theme: "", title: "", length: 0, language: "en", rules: "" });
  const [people, setPeople] = useState([{ ...NOBODY, is_player: true }]);
  const [boundaries, setBoundaries] = useState({});
  const [worlds] = useAsked(() => api.worlds(), []), [models] = useAsked(() => api.models(), []);
  const change = (part) => setPremise({ ...premise, ...part });
  const [begin, isBusy, problem] = useAction(async () => {
    const { theme, title, language, rules } = premise, characters = people.filter((one) => one.name.trim());
    const made = await api.openStory({
      ...(theme.trim() ? { theme: theme.trim() } : {}),
      ...(title.trim() ? { title: title.trim() } : {}),
      ...(world ? { world } : { length: Number(premise.length), characters, language }),
      rules: rules.split("\n").map((line) => line.trim()).filter(Boolean),
      boundaries,
    });
    try { sessionStorage.setItem("tta.begin", made.story_id); } catch { /* then they press a button */ }
    go(at(made.story_id));
  });
  const there = worlds?.worlds || [];
  return html`<h1>A new story</h1>
    <form onSubmit=${(e) => { e.preventDefault(); begin(); }}>
      ${there.length > 0 && html`<fieldset><legend class="unseen">Where it begins</legend>
        <ul class="worlds">
          <li><label><input type="radio" name="world" checked=${!world} onChange=${() => setWorld("")} /> <span>From my own sentence</span></label></li>
          ${there.map((one) => html`<li><label><input type="radio" name="world" checked=${world === one.world} onChange=${() => setWorld(one.world)} />
            <span>${one.title} <span class="quiet">${one.about}</span></span></label></li>`)}
        </ul></fieldset>`}
      ${!world && html`<label class="form-part">What is it about? <textarea rows="3" required minlength="3" maxlength="20000" value=${premise.theme}
        placeholder="A lighthouse keeper finds a letter that was never sent" onInput=${(e) => change({ theme: e.target.value })}></textarea></label>
        <${People} people=${people} setPeople=${setPeople} />`}
      <fieldset class="form-part"><legend>Boundaries</legend>
        <p class="quiet">What should not come up, or only a little. They are kept in every scene and every choice, and can be made stricter at any time.</p>
        <${Boundaries} value=${boundaries} onChange=${setBoundaries} /></fieldset>
      <fieldset class="form-part"><legend>More, if you like</legend>
        <label>Rules of the world, one to a line <textarea rows="2" value=${premise.rules} placeholder="Nobody can read minds" onInput=${(e) => change({ rules: e.target.value })}></textarea></label>
        <div class="form-grid">
          <label>Title <input maxlength="120" value=${premise.title} onInput=${(e) => change({ title: e.target.value })} /></label>
          ${!world && html`<label>Length <select value=${premise.length} onChange=${(e) => change({ length: e.target.value })}>${LENGTHS.map(([value, text]) => html`<option value=${value}>${text}</option>`)}</select></label>
          <label>Language <input maxlength="8" size="6" value=${premise.language} onInput=${(e) => change({ language: e.target.value })} /></label>`}
        </div></fieldset>
      <${Teller} models=${models} />
      <p class="form-part"><button class="main-action" disabled=${isBusy}>Begin</button></p>
      <${ProblemNote} problem=${problem} />
    </form>`;
}

function People({ people, setPeople }) {
  const list = useRef();
  const change = (n, part) => setPeople(people.map((one, at) => (at === n ? { ...one, ...part } : part.is_player ? { ...one, is_player: false } : one)));
  return html`<fieldset class="form-part" ref=${list}><legend>People</legend>
    <p class="quiet">As many as you like, or none: then the story finds its own.</p>
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

/** Who will tell it: the chain of models that the server was set up with, first choice first. */
function Teller({ models }) {
  if (!models) return null;
  const chain = models.chain.map((name) => models.models.find((one) => one.name === name) || { name, input_usd: null, lacks: "" });
  return html`<section class="form-part"><h2>Who tells it</h2>
    <ol>${chain.map((one) => html`<li>${one.name === "offline" ? "The embedded storyteller: free, and nothing leaves this machine" : one.name}
      ${one.input_usd !== null && one.name !== "offline" && html` <span class="quiet">${money(one.input_usd)} in, ${money(one.output_usd)} out per million tokens</span>`}
      ${one.lacks && html` <span class="quiet">${sentenceCase(one.lacks)}</span>`}</li>`)}</ol>
    <p class="quiet">If the first cannot answer, the next one tells on. The operator sets them.</p></section>`;
}
