// Costs and health, live: what is spent of the budgets and on what, how the models answer, what the server is doing.
import { api } from "./api.js";
import { StoryBudgets } from "./budgets.js";
import { Chart } from "./chart.js";
import { ForOperators, Loaded, Meter, ProblemNote, Table, counted, money, number, plain, seconds, sentenceCase, share, useAsked, when } from "./components.js";
import { html, useEffect, useState } from "./dom.js";
import { People } from "./people.js";

const EVERY_MS = 3000, KEPT = 120;
const BY = { day: "by day", model: "by model", task: "by task", story: "by story", version: "by prompt" };
const SCOPES = { call: "One call", story: "One story", player: "One player", session: "This session", day: "Today", total: "All in all" };

export function Page() {
  return html`<${ForOperators} title="Costs and health" instead="What your own stories cost stands beside their text."><${Figures} /><//>`;
}

function Figures() {
  const [live, problem] = useLive();
  return html`<h1>Costs and health</h1>
    <${ProblemNote} problem=${problem} />
    ${!live && !problem && html`<p class="quiet" aria-busy="true">Fetching the figures …</p>`}
    ${live && html`<${Now} live=${live} /><${Models} latest=${live.health.latest} />`}
    ${(live || problem) && html`<${Spent} round=${live ? live.costs.total_usd : 0} /><${People} />`}`;
}

/** Costs and health every few seconds while the page is seen, with what they were before. */
function useLive() {
  const [live, setLive] = useState(null), [problem, setProblem] = useState(null);
  useEffect(() => {
    const stop = new AbortController();
    let timer;
    async function look() {
      if (document.visibilityState === "visible") {
        try {
          const [costs, health] = await Promise.all([api.costs({ by: "day" }, stop.signal), api.health(stop.signal)]);
          setLive((before) => ({ costs, health, course: [...(before?.course || []), { at: Date.now() / 1000, usd: costs.session_usd, turns: health.turns_running }].slice(-KEPT) }));
          setProblem(null);
        } catch (error) {
          if (error.name === "AbortError") return;
          setProblem(error);
        }
      }
      if (!stop.signal.aborted) timer = setTimeout(look, EVERY_MS);
    }
    look();
    return () => { clearTimeout(timer); stop.abort(); };
  }, []);
  return [live, problem];
}

function Now({ live: { costs, health, course } }) {
  return html`<dl class="figures">
      <div><dt>This session</dt><dd>${money(costs.session_usd)}</dd></div>
      <div><dt>All in all</dt><dd>${money(costs.total_usd)}</dd></div>
      <div><dt>Turns being told</dt><dd>${number(health.turns_running)}</dd></div>
      <div><dt>Readers following</dt><dd>${number(health.streams)}</dd></div>
      <div><dt>The server</dt><dd>${health.status === "ok" ? "is well" : health.status === "draining" ? "is closing" : health.status}</dd></div>
      ${Object.entries(health.reached).filter(([, isThere]) => !isThere).map(([part]) => html`<div><dt>${PARTS[part] || part}</dt><dd>is away</dd></div>`)}
      ${health.queue && html`<div><dt>Workers</dt><dd>${health.queue.workers === null ? "not known: Temporal is away" : health.queue.workers ? number(health.queue.workers) : "none: turns wait"}</dd></div>
      <div><dt>Turns waiting for one</dt><dd>${health.queue.waiting === null ? "not known: the database is away" : health.queue.waiting ? `${number(health.queue.waiting)}, the oldest for ${seconds(health.queue.longest_s)}` : "none"}</dd></div>`}
    </dl>
    ${health.workers.length > 0 && html`<${Workers} workers=${health.workers} />`}
    ${health.notices.length > 0 && html`<div class="note" role="status">${health.notices.map((text) => html`<p>${text}</p>`)}</div>`}
    <h2>Budgets</h2>
    ${costs.budgets.length ? costs.budgets.map((one) => html`<${Meter} label=${SCOPES[one.scope] || one.scope} value=${one.spent_usd} most=${one.limit_usd}
        text=${one.spent_usd === null ? `at most ${money(one.limit_usd)}` : `${money(one.spent_usd)} of ${money(one.limit_usd)}`} />`)
      : html`<p class="quiet">None is set for all. <code>TTA_BUDGET_PER_DAY</code> and its kin set limits that no turn can pass.</p>`}
    <${StoryBudgets} round=${costs.total_usd} />
    ${course.length > 2 && html`<h2>Since this page was opened</h2>
      <${Chart} title="Spent in this session, in US dollars" x=${course.map((one) => one.at)} series=${[{ label: "US dollars", values: course.map((one) => one.usd) }]} isTime
        summary=${`From ${money(course[0].usd)} to ${money(course.at(-1).usd)} in ${counted(Math.max(1, Math.round((course.at(-1).at - course[0].at) / 60)), "minute")}.`} />`}`;
}

const PARTS = { database: "The database", temporal: "Temporal", redis: "Redis" };
const STATES = { alive: "takes turns", silent: "not heard of", ending: "ends: takes no more", ended: "has ended", gone: "was lost" };

function Workers({ workers }) {
  return html`<${Table} caption="Workers, with those that ended in the last ten minutes" rows=${workers} columns=${[
      ["Worker", (one) => one.name], ["It", (one) => STATES[one.state] || one.state],
      ["Version", (one) => [one.deployment, one.build || one.version].filter(Boolean).join(" ") || "—"],
      ["Queue", (one) => [one.queue, one.namespace].filter(Boolean).join(" in ") || "—"],
      ["Turns", (one) => `${number(one.turns)} of ${number(one.most_turns)}`, true], ["Last seen", (one) => (one.seen_at ? when(one.seen_at) : "—")],
    ]} />`;
}

const WORDS = { ok: "answered", cached: "from the cache", busy: "busy, tried again", refused: "refused", unusable: "unusable", broken: "broken off", cancelled: "stopped", error: "failed" };

function Models({ latest }) {
  const kinds = Object.keys(WORDS).filter((kind) => latest.some((one) => one.outcomes[kind]));
  return html`<h2>How the models answer</h2>
    <${Table} caption="The latest calls, up to 500" empty="No model has been asked yet. The embedded storyteller is none: it costs nothing and is not counted here." rows=${latest} columns=${[
      ["Model", (one) => one.model], ["Calls", (one) => number(one.calls), true],
      ["Whole answer", (one) => seconds(one.latency_s), true], ["First piece", (one) => seconds(one.first_piece_s), true],
      ...kinds.map((kind) => [sentenceCase(WORDS[kind]), (one) => (one.outcomes[kind] ? `${number(one.outcomes[kind])} (${share(one.outcomes[kind] / one.calls)})` : "—"), true]),
    ]} />
    <${SetUp} />`;
}

function SetUp() {
  const asked = useAsked(() => api.models(), []);
  return html`<${Loaded} asked=${asked} what="the models">${({ models }) => html`<details><summary>Models that could tell</summary>
    <${Table} caption="In the order in which they are asked, then the others" rows=${models} columns=${[
      ["Model", (one) => one.name], ["Place", (one) => one.place || "—", true], ["For", (one) => one.tasks.map(plain).join(", ") || "—"],
      ["In, per million", (one) => money(one.input_usd), true], ["Out, per million", (one) => money(one.output_usd), true],
      ["Calls a minute", (one) => number(one.rpm), true], ["Failed", (one) => number(one.failed), true], ["Lacks", (one) => one.lacks || "nothing"],
    ]} /></details>`}<//>`;
}

function Spent({ round }) {
  const [by, setBy] = useState("day"), [days, setDays] = useState(0);
  const asked = useAsked(() => api.costs({ by, days }), [by, days, round]);
  return html`<h2>What it was spent on</h2>
    <div class="row"><label>Show <select value=${by} onChange=${(e) => setBy(e.target.value)}>${Object.entries(BY).map(([key, text]) => html`<option value=${key}>${text}</option>`)}</select></label>
      <label>Of <select value=${days} onChange=${(e) => setDays(Number(e.target.value))}>${[[0, "all time"], [1, "the last day"], [7, "the last week"], [30, "the last month"]].map(([n, text]) => html`<option value=${n}>${text}</option>`)}</select></label></div>
    <${Loaded} asked=${asked} what="the costs">${({ lines }) => html`
      ${by === "day" && lines.length > 1 && html`<${Chart} title="US dollars a day" x=${lines.map((line) => Date.parse(line.key) / 1000)} series=${[{ label: "US dollars", values: lines.map((line) => line.cost_usd) }]} isDays summary="The table below has the same figures." />`}
      <${Table} caption=${`Costs ${BY[by]}`} empty="Nothing has been spent." rows=${lines} columns=${[
        [sentenceCase(by), (line) => line.key || "—"], ["Cost", (line) => `${money(line.cost_usd)}${line.estimated ? " (in part a guess)" : ""}`, true],
        ["Calls", (line) => number(line.attempts), true], ["Tokens in", (line) => number(line.input_tokens), true], ["Tokens out", (line) => number(line.output_tokens), true],
      ]} />`}<//>`;
}
