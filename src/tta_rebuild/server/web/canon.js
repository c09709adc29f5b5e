// The canon: what is true and since when, correcting a fact, and a move of one's own judged while it is written.
import { api, listOf } from "./api.js";
import { Loaded, Meter, ProblemNote, announce, counted, sentenceCase, useAction, useAsked } from "./components.js";
import { html, useEffect, useRef, useState } from "./dom.js";
import { factText } from "./fact_text.js";
import { at, go, heading } from "./navigation.js";

const AT_ONCE = 200, TYPING_MS = 350;

export function Page({ story, branch }) {
  const [shows, setShows] = useState("facts");
  useEffect(() => { api.story(story).then((row) => { heading.value = { story, title: row.title }; }).catch(() => {}); }, [story]);
  return html`<h1>Canon</h1>
    <div class="tabs" role="group" aria-label="What to look at">
      <button type="button" aria-pressed=${shows === "facts"} onClick=${() => setShows("facts")}>What is true</button>
      <button type="button" aria-pressed=${shows === "move"} onClick=${() => setShows("move")}>A move of your own</button>
    </div>
    ${shows === "facts" ? html`<${Facts} story=${story} branch=${branch} />` : html`<${OwnMove} story=${story} branch=${branch} />`}`;
}

const isOver = (fact) => fact.until !== null && fact.until !== undefined;
const sceneOf = (fact, end = false) => (end ? fact.until_turn ?? fact.until : fact.since_turn ?? fact.since);
const inWords = (fact) => { const said = fact.text || fact.said || fact.words; return said ? sentenceCase(said.replace(/\.?$/, ".")) : factText(fact, fact.names || {}); };

function Facts({ story, branch }) {
  const [words, setWords] = useState(""), [past, setPast] = useState(false);
  const asked = useAsked(() => everything(story, branch), [story, branch]);
  return html`<p class="lead">Everything the story has made so, with the sentence it came from. Correct what was never meant; you see first what depends on it.</p>
    <div class="row"><label class="grow">Find <input type="search" value=${words} onInput=${(e) => setWords(e.target.value)} /></label>
      <label><input type="checkbox" checked=${past} onChange=${(e) => setPast(e.target.checked)} /> Also what is over</label></div>
    <${Loaded} asked=${asked} what="the facts">${(facts) => {
      const shown = facts.filter((fact) => (past || !isOver(fact)) && `${inWords(fact)} ${fact.sentence || ""}`.toLowerCase().includes(words.toLowerCase()));
      return html`<p class="quiet" role="status">${counted(shown.length, "fact")}</p>
        <ul class="fact-list">${shown.map((fact) => html`<${FactRow} key=${[fact.subject, fact.relation, fact.value, fact.since].join("/")} fact=${fact} story=${story} branch=${branch} again=${asked[2]} />`)}</ul>`;
    }}<//>`;
}

async function everything(story, branch) {
  const all = [];
  for (let after = 0; after !== null && after !== undefined;) {
    const answer = await api.facts(story, branch, { after, limit: AT_ONCE });
    all.push(...listOf(answer, "facts"));
    after = answer.next;
  }
  return all;
}

function FactRow({ fact, story, branch, again }) {
  const [corrects, setCorrects] = useState(false);
  const over = isOver(fact);
  return html`<li>
    <p class=${over ? "fact-says over" : "fact-says"}>${inWords(fact)}</p>
    <p class="quiet">since scene ${sceneOf(fact)}${over ? `, until scene ${sceneOf(fact, true)}` : ""}${fact.certain === false ? ", concluded rather than told" : ""}
      ${!corrects && html` · <button type="button" class="plain" aria-label=${`Correct: ${inWords(fact)}`} onClick=${() => setCorrects(true)}>Correct</button>`}</p>
    ${fact.sentence && html`<q>${fact.sentence}</q>`}
    ${corrects && html`<${Correct} fact=${fact} story=${story} branch=${branch} leave=${() => setCorrects(false)} again=${again} />`}
  </li>`;
}

const HOWS = {
  keep: "Keep them as they are",
  mark: "Mark them as doubtful: what they made so ends",
  rewrite: "Tell the story anew from there, on a branch of its own",
};

function Correct({ fact, story, branch, leave, again }) {
  const [value, setValue] = useState(""), [how, setHow] = useState("keep"), [plan, setPlan] = useState(null);
  const field = useRef();
  useEffect(() => field.current.focus(), []);
  const claim = { subject: fact.subject, relation: fact.relation, value: fact.value };
  const body = (dryRun) => ({ claim, ...(value.trim() ? { becomes: { ...claim, value: value.trim() } } : {}), how, dry_run: dryRun });
  const [ask, isAsking, notAsked] = useAction(async () => setPlan(await api.retcon(story, branch, body(true))));
  const [correct, isBusy, notDone] = useAction(async () => {
    const done = await api.retcon(story, branch, body(false));
    announce("The fact is corrected.");
    const made = done?.branch?.name || done?.branch_name;
    if (how === "rewrite" && made && made !== branch) go(at(story, made)); else again();
  });
  const dependents = plan && listOf(plan.dependents ?? plan.plan?.dependents, "dependents");
  return html`<form class="note" onSubmit=${(e) => { e.preventDefault(); if (plan) correct(); else ask(); }}>
    <p>It was never so.</p>
    <label>What was so instead (or nothing) <input ref=${field} value=${value} maxlength="400" onInput=${(e) => { setValue(e.target.value); setPlan(null); }} /></label>
    ${plan && (dependents.length
      ? html`<p>${counted(dependents.length, "thing")} the story told later would no longer stand:</p>
        <ul>${dependents.map((one) => html`<li>${one.text || one.said || factText(one.claim || one)} <span class="quiet">${one.why}</span></li>`)}</ul>
        <fieldset><legend>What becomes of them</legend>${Object.entries(HOWS).map(([key, text]) => html`<label><input type="radio" name="how" checked=${how === key} onChange=${() => setHow(key)} /> ${text}</label>`)}</fieldset>`
      : html`<p>Nothing told later depends on it.</p>`)}
    <p class="row">${plan ? html`<button class="main-action" disabled=${isBusy}>Correct it</button>` : html`<button disabled=${isAsking}>See what depends on it</button>`}
      <button type="button" class="plain" onClick=${leave}>Leave it</button></p>
    <${ProblemNote} problem=${notAsked || notDone} />
  </form>`;
}

const SCORES = [["overall_score", "All in all"], ["consistency_score", "Agrees with what is true"], ["meaningfulness_score", "Makes a difference"], ["character_alignment_score", "In character"], ["universe_rules_score", "Within the rules"]];

/** A move in one's own words, judged a moment after each key; an answer that a later one overtook is dropped. */
function OwnMove({ story, branch }) {
  const [text, setText] = useState(""), [verdict, setVerdict] = useState(null), [problem, setProblem] = useState(null), [isJudging, setIsJudging] = useState(false);
  useEffect(() => {
    setProblem(null);
    if (text.trim().length < 3) { setVerdict(null); setIsJudging(false); return undefined; }
    const outdated = new AbortController();
    const timer = setTimeout(async () => {
      setIsJudging(true);
      try {
        const answer = await api.validate(story, branch, [{ text: text.trim() }], outdated.signal);
        const [one] = listOf(answer, "verdicts", "choices", "validations");
        setVerdict({ ...one, of: text });
        setIsJudging(false);
        announce(one.is_valid ? "This move would hold." : "This move would not hold.");
      } catch (error) {
        if (error.name !== "AbortError") { setProblem(error); setIsJudging(false); }
      }
    }, TYPING_MS);
    return () => { clearTimeout(timer); outdated.abort(); };
  }, [text, story, branch]);
  function use() {
    sessionStorage.setItem(`tta.draft/${story}/${branch}`, text.trim());
    go(at(story, branch));
  }
  return html`<p class="lead">Write what could happen next. It is held against the canon, the rules and your boundaries as you type; no model is asked, and nothing is stored.</p>
    <label>Your move <textarea rows="3" maxlength="4000" value=${text} onInput=${(e) => setText(e.target.value)}></textarea></label>
    <div class="verdict" aria-busy=${isJudging}>
      ${!verdict && !problem && html`<p class="quiet">${isJudging ? "Judging …" : "The verdict comes here."}</p>`}
      ${verdict && html`<p class=${verdict.is_valid ? "said-yes" : "said-no"}><strong>${verdict.is_valid ? "It would hold." : "It would not hold."}</strong>${isJudging || verdict.of !== text ? " (of the words before)" : ""}</p>
        ${listOf(verdict.issues).map((issue) => html`<p>${issue.message}${issue.suggested_fix && html` <span class="quiet">${issue.suggested_fix}</span>`}</p>`)}
        ${SCORES.map(([key, label]) => verdict[key] !== undefined && html`<${Meter} label=${label} value=${verdict[key]} />`)}
        ${verdict.dead_end_risk > 0 && html`<${Meter} label="Risk of a dead end" value=${verdict.dead_end_risk} />`}
        <p class="row"><button type="button" onClick=${use} disabled=${!text.trim()}>Take it to the story</button></p>`}
      <${ProblemNote} problem=${problem} />
    </div>`;
}
