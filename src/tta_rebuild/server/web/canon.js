// The canon: what is true and since when, correcting a fact, and a move of one's own judged while it is written.
import { api } from "./api.js";
import { Loaded, LongText, Meter, ProblemNote, Quoted, announce, counted, isTooLong, plain, reading, sentenceCase, useAction, useAsked } from "./components.js";
import { html, signal, useEffect, useRef, useState } from "./dom.js";
import { at, go, heading, may } from "./navigation.js";

const AT_ONCE = 100, TYPING_MS = 350;
/** What was corrected last on this page: it may stand behind what one does not know yet. */
const corrected = signal("");

export function Page({ story, branch }) {
  const [shows, setShows] = useState("facts");
  useEffect(() => { api.story(story).then((row) => { heading.value = { story, title: row.title }; }).catch(() => {}); }, [story]);
  useEffect(() => { corrected.value = ""; }, [story, branch]);
  return html`<h1>Canon</h1>
    <div class="tabs" role="group" aria-label="What to look at">
      <button type="button" aria-pressed=${shows === "facts"} onClick=${() => setShows("facts")}>What is true</button>
      ${may("player") && html`<button type="button" aria-pressed=${shows === "move"} onClick=${() => setShows("move")}>A move of your own</button>`}
    </div>
    ${shows === "facts" ? html`<${Facts} story=${story} branch=${branch} />` : html`<${OwnMove} story=${story} branch=${branch} />`}`;
}

function Facts({ story, branch }) {
  const [text, setText] = useState(""), [word, setWord] = useState(""), [ended, setEnded] = useState(false);
  useEffect(() => { const timer = setTimeout(() => setWord(text.trim()), 250); return () => clearTimeout(timer); }, [text]);
  const [isAll, setIsAll] = useState(() => shownWhole.of(story));
  const query = { word, ended, ...(isAll ? {} : { known: true }) };
  const asked = useAsked(() => api.facts(story, branch, { ...query, limit: AT_ONCE }), [story, branch, word, ended, isAll]);
  function showAll(is) { shownWhole.keep(story, is); setIsAll(is); }
  return html`<p class="lead">What the story has made so, with the sentence it came from where there is a sure one. Correct what was never meant; you see first what depends on it.</p>
    ${corrected.value && html`<p class="note">${corrected.value}</p>`}
    <div class="row"><label class="grow">Find <input type="search" value=${text} onInput=${(e) => setText(e.target.value)} /></label>
      <label><input type="checkbox" checked=${ended} onChange=${(e) => setEnded(e.target.checked)} /> Also what is over</label></div>
    <${Loaded} asked=${asked} what="the facts">${(first) => html`<${FactList} story=${story} branch=${branch} first=${first} query=${query} again=${asked[2]} isAll=${isAll} showAll=${showAll} />`}<//>`;
}

/** Whether the reader of a story wants to see what the player's character does not know; kept in this browser. */
const shownWhole = {
  key: (story) => `tta.canon-whole/${story}`,
  of(story) { try { return localStorage.getItem(this.key(story)) === "yes"; } catch { return false; } },
  keep(story, is) { try { if (is) localStorage.setItem(this.key(story), "yes"); else localStorage.removeItem(this.key(story)); } catch { /* then it holds until the page is left */ } },
};

function FactList({ story, branch, first, query, again, isAll, showAll }) {
  const [more, setMore] = useState({ of: first, facts: [], next: first.next });
  const now = more.of === first ? more : { of: first, facts: [], next: first.next };
  const [ask, isBusy, problem] = useAction(async () => {
    const answer = await api.facts(story, branch, { ...query, after: now.next, limit: AT_ONCE });
    setMore({ of: first, facts: [...now.facts, ...answer.facts], next: answer.next });
  });
  const facts = [...first.facts, ...now.facts];
  const who = first.player_name ? `${first.player_name} does` : "you do", notKnown = `${who} not know`;
  return html`<div class="row known-row"><p class="quiet" role="status">${counted(facts.length, "fact")}${now.next ? ", and more" : ""}${isAll ? "" : first.player_name ? ` that ${first.player_name} knows or could see` : " that you know or could see"}</p>
      ${first.not_known > 0 && html`<button type="button" class="plain" onClick=${() => showAll(!isAll)}>${isAll ? "Hide" : "Show"} what ${notKnown} yet (${first.not_known})</button>`}</div>
    <ul class="fact-list">${facts.map((fact) => html`<${FactRow} key=${[fact.subject, fact.relation, fact.value, fact.since, fact.until].join("/")} fact=${fact} story=${story} branch=${branch} again=${again} notKnown=${notKnown} />`)}</ul>
    ${now.next && html`<p><button type="button" disabled=${isBusy} onClick=${ask}>More facts</button></p>`}
    <${ProblemNote} problem=${problem} />
    ${first.lines.length > 0 && html`<h2>In plain words</h2><ul class="fact-list">${first.lines.map((line) => html`<${LineRow} key=${line.number} line=${line} story=${story} branch=${branch} again=${again} notKnown=${notKnown} />`)}</ul>`}`;
}

/** What is so in plain words; another text, or none, can take its place. */
function LineRow({ line, story, branch, again, notKnown }) {
  const [text, setText] = useState(null), field = useRef();
  useEffect(() => { if (text === line.text) field.current.focus(); }, [text === null]);
  const [correct, isBusy, problem] = useAction(async (becomes) => {
    await api.correctLine(story, branch, line.number, becomes);
    corrected.value = becomes ? `Corrected. It says now: “${ended(becomes)}”` : `Taken back: “${line.text}”`;
    announce(corrected.value);
    setText(null);
    again();
  });
  return html`<li><div class="fact-line"><p class="fact-says">${line.text}</p>
    <p class="quiet">${[line.known_by.length > 0 && `known by ${line.known_by.map(plain).join(", ")}`, !line.known && `${notKnown} this`].filter(Boolean).join(", ")}
      ${text === null && may("author") && html`${(line.known_by.length > 0 || !line.known) && " · "}<button type="button" class="plain" aria-label=${`Correct this: ${line.text}`} onClick=${() => setText(line.text)}>Correct this</button>`}</p></div>
    ${text !== null && html`<form class="note" onSubmit=${(e) => { e.preventDefault(); correct(text.trim()); }}>
      <label>What is so instead <input ref=${field} value=${text} maxlength="400" onInput=${(e) => setText(e.target.value)} /></label>
      <p class="row"><button class="main-action" disabled=${isBusy || !text.trim() || text.trim() === line.text}>Correct it</button>
        <button type="button" disabled=${isBusy} onClick=${() => correct("")}>It is not so</button>
        <button type="button" class="plain" onClick=${() => setText(null)}>Leave it</button></p>
      <${ProblemNote} problem=${problem} /></form>`}
  </li>`;
}

const ended = (text) => sentenceCase(text.replace(/[.!?…]?$/, (mark) => mark || "."));

function FactRow({ fact, story, branch, again, notKnown }) {
  const [corrects, setCorrects] = useState(false);
  const over = fact.until !== null, said = ended(fact.says);
  return html`<li>
    <div class="fact-line"><p class=${over ? "fact-says over" : "fact-says"}>${said}</p>
    <p class="quiet">${fact.since_turn ? `since scene ${fact.since_turn}` : "from the beginning"}${fact.taken_back ? `, taken back at scene ${fact.until_turn}: it was never so` : over ? `, until scene ${fact.until_turn}` : ""}${fact.certain ? "" : ", concluded rather than told"}${fact.known ? "" : `, ${notKnown} this`}
      ${!corrects && !fact.taken_back && may("author") && html` · <button type="button" class="plain" aria-label=${`Correct this: ${said}`} onClick=${() => setCorrects(true)}>Correct this</button>`}</p></div>
    ${fact.sentence && html`<${Quoted} text=${fact.sentence} />`}
    ${corrects && html`<${Correct} fact=${fact} story=${story} branch=${branch} leave=${() => setCorrects(false)} again=${again} />`}
  </li>`;
}

const HOWS = {
  keep: "Keep it as it is",
  mark: "Mark it as doubtful: what it made so ends",
  rewrite: "Tell the story anew from there, on a branch of its own",
};

function Correct({ fact, story, branch, leave, again }) {
  const [value, setValue] = useState(""), [how, setHow] = useState("keep"), [plan, setPlan] = useState(null);
  const field = useRef();
  useEffect(() => field.current.focus(), []);
  const body = (dryRun) => ({
    claim: { subject: fact.subject, relation: fact.relation, value: fact.value },
    ...(value.trim() ? { becomes: value.trim() } : {}), how, dry_run: dryRun,
  });
  const [ask, isAsking, notAsked] = useAction(async () => {
    const found = await api.retcon(story, branch, body(true));
    setPlan(found);
    announce(found.dependents.length ? `${counted(found.dependents.length, "thing")} told later would no longer stand.` : "Nothing told later depends on it.");
  });
  const [correct, isBusy, notDone] = useAction(async () => {
    const done = await api.retcon(story, branch, body(false));
    corrected.value = done.becomes ? `Corrected. It says now: “${ended(done.becomes)}”` : `Taken back: “${ended(done.says)}”`;
    announce(corrected.value);
    leave();
    if (done.branch && how === "rewrite") go(at(story, done.branch.name)); else again();
  });
  return html`<form class="note" onSubmit=${(e) => { e.preventDefault(); if (plan) correct(); else ask(); }}>
    <p>It was never so.</p>
    <label>What was so instead (or nothing): the end of the sentence, or all of it <input ref=${field} value=${value} maxlength="400" onInput=${(e) => { setValue(e.target.value); setPlan(null); }} /></label>
    ${plan?.becomes && html`<p>Then it says: <q>${ended(plan.becomes)}</q></p>`}
    ${plan && (plan.dependents.length
      ? html`<p>This was told later and would no longer stand:</p>
        <ul>${plan.dependents.map((one) => html`<li>Scene ${one.turn}: ${ended(one.says)} <span class="quiet">${sentenceCase(one.why)}</span></li>`)}</ul>
        <fieldset><legend>What becomes of it</legend>${Object.entries(HOWS).map(([key, text]) => html`<label><input type="radio" name="how" checked=${how === key} onChange=${() => setHow(key)} /> ${text}</label>`)}</fieldset>`
      : html`<p>Nothing told later depends on it.</p>`)}
    <p class="row">${plan ? html`<button class="main-action" disabled=${isBusy}>Correct it</button>` : html`<button disabled=${isAsking}>See what depends on it</button>`}
      <button type="button" class="plain" onClick=${leave}>Leave it</button></p>
    <${ProblemNote} problem=${notAsked || notDone} />
  </form>`;
}

const lowered = (text) => (/^[A-Z][a-z]/.test(text) && !/^[A-Z][a-z]+ (is|has|does|was) /.test(text) ? text[0].toLowerCase() + text.slice(1) : text);
const SCORES = [["overall_score", "All in all"], ["consistency_score", "Agrees with what is true"], ["meaningfulness_score", "Makes a difference"], ["character_alignment_score", "In character"], ["universe_rules_score", "Within the rules"]];

/** A move in one's own words, judged a moment after each key; an answer that a later one overtook is dropped. */
function OwnMove({ story, branch }) {
  const [text, setText] = useState(""), [verdict, setVerdict] = useState(null), [problem, setProblem] = useState(null), [isJudging, setIsJudging] = useState(false);
  useEffect(() => {
    setProblem(null);
    if (text.trim().length < 3 || isTooLong(text, 4000)) { setVerdict(null); setIsJudging(false); return undefined; }
    const outdated = new AbortController();
    const timer = setTimeout(async () => {
      setIsJudging(true);
      try {
        const { verdicts: [one] } = await api.validate(story, branch, [{ text: text.trim() }], outdated.signal);
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
  // what settles it comes in the same sentence: the gravest thing that speaks against it
  const reason = verdict && !verdict.is_valid && (verdict.issues.find((issue) => issue.severity === "error") || verdict.issues[0]);
  return html`<p class="lead">Write what could happen next. It is held against the canon, the rules and your boundaries as you type; no model is asked, and nothing is stored.</p>
    <${LongText} label="Your move" rows="3" most=${4000} value=${text} onInput=${setText} />
    <div class="verdict" aria-busy=${isJudging}>
      ${!verdict && !problem && html`<p class="quiet">${isJudging ? "Judging …" : "The verdict comes here."}</p>`}
      ${verdict && html`<p class=${verdict.is_valid ? "said-yes" : "said-no"}><strong>${verdict.is_valid ? "It would hold." : `It would not hold: ${ended(lowered(reason?.message || "too little speaks for it"))}`}</strong>${isJudging || verdict.of !== text ? " (of the words before)" : ""}${reason?.suggested_fix && html` <span class="quiet">${ended(reason.suggested_fix)}</span>`}</p>
        ${verdict.issues.filter((issue) => issue !== reason && (verdict.is_valid || issue.severity === "error")).map((issue) => html`<p>${ended(issue.message)}${issue.suggested_fix && html` <span class="quiet">${ended(issue.suggested_fix)}</span>`}</p>`)}
        ${reading.value.scores && html`${!verdict.is_valid && html`<h2>How it does apart from that</h2>`}${SCORES.map(([key, label]) => html`<${Meter} label=${label} value=${verdict[key]} />`)}`}
        ${reading.value.scores && verdict.dead_end_risk > 0 && html`<${Meter} label="Risk of a dead end" value=${verdict.dead_end_risk} />`}
        <p class="row"><button type="button" onClick=${use} disabled=${!text.trim()}>Take it to the story</button></p>`}
      <${ProblemNote} problem=${problem} />
    </div>`;
}
