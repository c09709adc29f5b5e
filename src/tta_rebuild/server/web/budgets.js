// What single stories, and players, may cost: seen and set by whoever runs the server.
import { api } from "./api.js";
import { Meter, ProblemNote, announce, moment, money, useAction, useAsked } from "./components.js";
import { html, useEffect, useRef, useState } from "./dom.js";
import { reader } from "./navigation.js";

const MOST = 1_000_000;

/** An amount as it was typed, in US dollars; NaN for what is none. */
function dollars(text) {
  const value = text.trim() === "" ? NaN : Number(text.trim().replace(/^\$\s*/, "").replace(",", "."));
  return value >= 0 && value <= MOST ? value : NaN;
}

/** A form for an amount; `set(usd)` is called with one that can be, and null to lift the limit. */
export function BudgetForm({ label, now, set, leave }) {
  const [text, setText] = useState(now === null || now === undefined ? "" : String(now)), [wrong, setWrong] = useState("");
  const field = useRef();
  useEffect(() => { if (leave) field.current.focus(); }, []);
  const [send, isBusy, problem] = useAction(set);
  function submit(event) {
    event.preventDefault();
    const usd = dollars(text);
    setWrong(Number.isNaN(usd) ? "Write an amount in US dollars, 0 or more, such as 0.50." : "");
    if (!Number.isNaN(usd)) send(usd); else field.current.focus();
  }
  return html`<form onSubmit=${submit}><div class="row">
      <label class="amount">${label} <input ref=${field} inputmode="decimal" autocomplete="off" value=${text} aria-invalid=${Boolean(wrong)} onInput=${(e) => { setText(e.target.value); setWrong(""); }} /></label>
      <button disabled=${isBusy}>Set it</button>
      ${now !== null && now !== undefined && html`<button type="button" disabled=${isBusy} onClick=${() => send(null)}>Lift it</button>`}
      ${leave && html`<button type="button" class="plain" onClick=${leave}>Leave it</button>`}</div>
    ${wrong && html`<p class="wrong" role="alert">${wrong}</p>`}
    <${ProblemNote} problem=${problem} /></form>`;
}

/** The budgets of single stories, and the field for another. `round` changes when money was spent. */
export function StoryBudgets({ round }) {
  const [value, problem, again] = useAsked(() => Promise.all([api.storyBudgets(), api.stories({ limit: 200 })]), [round]);
  const [story, setStory] = useState(""), [changes, setChanges] = useState(""), [id, setId] = useState("");
  if (!value) return html`<${ProblemNote} problem=${problem} />`;
  const [{ budgets }, { stories }] = value;
  const others = stories.filter((row) => !budgets.some((one) => one.story_id === row.story_id));
  const chosen = others.some((row) => row.story_id === story) ? story : "";
  async function set(row, usd) {
    await api.setStoryBudget(row.story_id, usd);
    announce(usd === null ? `${row.title} has no budget of its own any more.` : `${row.title} may cost ${money(usd)} in all.`);
    setChanges("");
    setStory("");
    setId("");
    again();
  }
  return html`<h3>Of single stories</h3>
    ${budgets.map((one) => html`<div key=${one.story_id} class="budget-row"><${Meter} label=${one.title} value=${one.spent_usd} most=${one.usd} text=${`${money(one.spent_usd)} of ${money(one.usd)}`} />
      ${changes === one.story_id
        ? html`<${BudgetForm} label="It may cost in all, US dollars" now=${one.usd} set=${(usd) => set(one, usd)} leave=${() => setChanges("")} />`
        : html`<button type="button" class="plain" aria-label=${`Change the budget of ${one.title}`} onClick=${() => setChanges(one.story_id)}>Change</button>`}</div>`)}
    ${!budgets.length && html`<p class="quiet">None has a budget of its own. It holds beside those above, over all sessions, from the next call of a model on.</p>`}
    ${others.length > 0 && html`<div class="row"><label>Story <select aria-label="Story to give a budget" value=${chosen} onChange=${(e) => setStory(e.target.value)}>
        <option value="">Choose one to give it a budget</option>${others.map((row) => html`<option value=${row.story_id}>${row.title}${others.some((one) => one !== row && one.title === row.title) ? `, begun ${moment(row.created_at)}` : ""}</option>`)}</select></label></div>
      ${chosen && html`<${BudgetForm} key=${chosen} label="It may cost in all, US dollars" now=${null} set=${(usd) => set(others.find((row) => row.story_id === chosen), usd)} />`}`}
    ${reader.value.accounts && html`<details><summary>A story of somebody else’s</summary><label>Its id <input value=${id} autocomplete="off" maxlength="80" onInput=${(e) => setId(e.target.value.trim())} /></label>
      ${id && html`<${BudgetForm} key="other" label="It may cost in all, US dollars" now=${null} set=${(usd) => set({ story_id: id, title: "That story" }, usd)} />`}</details>`}`;
}
