// Experiments, analytics, feedback, and the score of a text: what the operator of a storyteller wants to learn.
import { api } from "./api.js";
import { Chart } from "./chart.js";
import { ForOperators, Loaded, Meter, ProblemNote, Table, counted, money, number, plain, sentenceCase, share, useAction, useAsked, when } from "./components.js";
import { html, useState } from "./dom.js";
import { at } from "./navigation.js";

const PARTS = { experiments: "Experiments", play: "How it is played", feedback: "What readers say", text: "Score a text" };

export function Page() {
  const [part, setPart] = useState("experiments");
  const Part = { experiments: Experiments, play: Played, feedback: Feedback, text: Score }[part];
  return html`<${ForOperators} title="Experiments"><h1>Experiments</h1>
    <p class="lead">Everything here is counted on this machine, from the stories that are kept on it. Nothing is sent anywhere.</p>
    <div class="tabs" role="group" aria-label="What to look at">${Object.entries(PARTS).map(([key, text]) => html`<button type="button" aria-pressed=${part === key} onClick=${() => setPart(key)}>${text}</button>`)}</div>
    <${Part} /><//>`;
}

function Experiments() {
  const asked = useAsked(() => api.experiments(), []);
  const [shown, setShown] = useState("");
  return html`<${Loaded} asked=${asked} what="the experiments">${({ experiments }) => (experiments.length
    ? html`<ul class="stories">${experiments.map((one) => html`<li key=${one.name}><h2>${one.name}</h2>
        <p class="quiet">${counted(one.plays, "play")} · begun ${when(one.created_at)}</p>
        <p><button type="button" class="plain" aria-expanded=${shown === one.name} onClick=${() => setShown(shown === one.name ? "" : one.name)}>What it shows so far</button></p>
        ${shown === one.name && html`<${Experiment} name=${one.name} />`}</li>`)}</ul>`
    : html`<p>No experiment has been begun. <code>tta experiment</code> plays the same premises with two prompts or models and says which is better, and when it is safe to say so.</p>`)}<//>`;
}

const rounded = (value) => (typeof value === "number" ? number(value, 3) : String(value ?? "—"));

function Experiment({ name }) {
  const asked = useAsked(() => api.experiment(name), [name]);
  return html`<${Loaded} asked=${asked} what="the experiment">${(one) => {
    const metrics = [...new Set(Object.values(one.variants).flatMap((means) => Object.keys(means)))];
    return html`<p><strong>${one.winner ? `${one.winner} is better.` : one.is_final ? "No difference was shown." : "Not decided yet."}</strong> ${sentenceCase(one.reason)}</p>
      <p class="quiet">Decided on ${plain(one.metric)}, design ${plain(one.design)}, look ${one.look} of ${one.looks}, ${counted(one.premises, "premise")}, at ${share(1 - one.alpha)} confidence.</p>
      <${Table} caption="Differences and their intervals" empty="Nothing to compare yet." rows=${one.effects} columns=${[
        ["Metric", (row) => plain(row.metric)], ["Between", (row) => `${row.variant} − ${row.baseline}`], ["Difference", (row) => rounded(row.difference), true],
        ["From", (row) => rounded(row.low), true], ["To", (row) => rounded(row.high), true],
      ]} />
      <${Table} caption="Means" rows=${metrics} empty="No means yet." columns=${[["Metric", (metric) => plain(metric)], ...Object.keys(one.variants).map((variant) => [variant, (metric) => rounded(one.variants[variant][metric]), true])]} />`;
  }}<//>`;
}

const MOVES = { choice: "took a choice", free: "used their own words", end: "asked for the end" };
const KINDS = { people: "one that concerns somebody", change: "one that changes something", other: "any other" };

function Played() {
  const [by, setBy] = useState("model"), [days, setDays] = useState(0);
  const asked = useAsked(() => api.analytics({ by, days }), [by, days]);
  return html`<div class="row"><label>Group <select value=${by} onChange=${(e) => setBy(e.target.value)}>${[["model", "by model"], ["version", "by prompt"], ["variant", "by variant"]].map(([key, text]) => html`<option value=${key}>${text}</option>`)}</select></label>
      <label>Of <select value=${days} onChange=${(e) => setDays(Number(e.target.value))}>${[[0, "all time"], [7, "the last week"], [30, "the last month"]].map(([n, text]) => html`<option value=${n}>${text}</option>`)}</select></label></div>
    <${Loaded} asked=${asked} what="the counts">${(found) => html`
      <dl class="figures">
        <div><dt>Stories</dt><dd>${number(found.total.stories)}</dd><dd class="quiet">${number(found.total.finished)} came to an end</dd></div>
        <div><dt>Scenes</dt><dd>${number(found.total.turns)}</dd></div>
        <div><dt>Mean score</dt><dd>${found.total.turns ? number(found.total.quality * 100) : "—"}</dd></div>
        <div><dt>Cost</dt><dd>${money(found.total.cost_usd)}</dd><dd class="quiet">${money(found.total.cost_per_finished_usd)} each that ended</dd></div>
      </dl>
      <${Table} caption="Who told it" rows=${found.groups} columns=${[
        [sentenceCase(by), (row) => row.key || "—"], ["Scenes", (row) => number(row.turns), true], ["Stories", (row) => number(row.stories), true], ["Ended", (row) => number(row.finished), true],
        ["Score", (row) => number(row.quality * 100), true], ["Choices left out", (row) => number(row.left_out), true], ["Held back", (row) => number(Object.values(row.blocked).reduce((a, b) => a + b, 0)), true],
        ["Asked again", (row) => number(row.repairs), true], ["Degraded", (row) => number(row.degraded), true], ["Cost", (row) => money(row.cost_usd), true],
      ]} />
      <h2>How players go on</h2><${Shares} counts=${found.moves} words=${MOVES} />
      <h2>Which choices they take</h2><h3>By their place in the list</h3><${Shares} counts=${found.places} words=${{}} before="number " /><h3>By what they are about</h3><${Shares} counts=${found.kinds} words=${KINDS} />
      <h2>How far they come</h2>
      ${found.drop_off.length > 1 && html`<${Chart} title="Stories that reached a scene" x=${found.drop_off.map((one) => one.turn)} series=${[{ label: "stories", values: found.drop_off.map((one) => one.reached) }]}
        summary=${`${found.drop_off[0].reached} began; ${found.drop_off.at(-1).reached} reached scene ${found.drop_off.at(-1).turn}.`} />`}
      <details><summary>Scene by scene</summary><${Table} caption="Where stories stop" rows=${found.drop_off} columns=${[["Scene", (row) => row.turn], ["Reached it", (row) => number(row.reached), true], ["Stopped there", (row) => number(row.stopped), true], ["Ended there", (row) => number(row.finished), true]]} /></details>`}<//>`;
}

function Shares({ counts, words, before = "" }) {
  const rows = Object.entries(counts), all = rows.reduce((sum, [, n]) => sum + n, 0);
  if (!all) return html`<p class="quiet">Nothing yet.</p>`;
  return rows.map(([key, n]) => html`<${Meter} label=${sentenceCase(words[key] || `${before}${plain(key)}`)} value=${n / all} text=${`${share(n / all)} (${n})`} />`);
}

function Feedback() {
  const [by, setBy] = useState("model");
  const asked = useAsked(() => api.feedback({ by, limit: 100 }), [by]);
  return html`<label>Group <select value=${by} onChange=${(e) => setBy(e.target.value)}>${[["model", "by model"], ["version", "by prompt"], ["variant", "by variant"], ["story", "by story"]].map(([key, text]) => html`<option value=${key}>${text}</option>`)}</select></label>
    <${Loaded} asked=${asked} what="the ratings">${({ ratings, report }) => html`
      <${Table} caption="Ratings from 1 to 5, the best first" empty="Nobody has rated a scene yet." rows=${report} columns=${[
        [sentenceCase(by), (row) => row.key || "—"], ["Mean", (row) => number(row.mean, 2), true], ["Ratings", (row) => number(row.ratings), true], ["Comments", (row) => number(row.comments), true], ["Mean score", (row) => number(row.quality * 100), true],
      ]} />
      ${ratings.length > 0 && html`<h2>One by one</h2><ul class="fact-list">${ratings.map((one) => html`<li><p class="fact-says">${one.rating} of 5 ${one.comment && html`<q>${one.comment}</q>`}</p>
        <p class="quiet"><a href=${at(one.story_id)}>${one.title}</a>, scene ${one.turn} · ${one.model} · ${when(one.at)}</p></li>`)}</ul>`}`}<//>`;
}

function Score() {
  const [text, setText] = useState(""), [found, setFound] = useState(null);
  const [ask, isBusy, problem] = useAction(async () => setFound(await api.evaluate(text)));
  return html`<form onSubmit=${(e) => { e.preventDefault(); ask(); }}>
      <label>A scene, or any piece of prose <textarea rows="6" required maxlength="20000" value=${text} onInput=${(e) => setText(e.target.value)}></textarea></label>
      <p><button disabled=${isBusy || !text.trim()}>Score it</button></p></form>
    <${ProblemNote} problem=${problem} />
    <div role="status">${found && html`<dl class="figures"><div><dt>Score</dt><dd>${number(found.score * 100)}</dd><dd class="quiet">of 100; four of five readers' marks lie from ${number(found.low * 100)} to ${number(found.high * 100)}</dd></div></dl>
      ${found.parts.filter((part) => part.value !== null).map((part) => html`<${Meter} label=${sentenceCase(plain(part.name))} value=${part.value} />`)}
      ${found.reasons.length > 0 && html`<h2>What took something away</h2><ul>${found.reasons.map((reason) => html`<li>${sentenceCase(reason)}</li>`)}</ul>`}`}</div>`;
}
