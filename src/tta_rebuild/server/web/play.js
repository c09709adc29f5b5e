// Play: the story as it is told, and what the player does next.
import { api } from "./api.js";
import { Care, Numbers, Reachable } from "./care.js";
import {
  Boundaries, Loaded, LongText, Move, Passage, ProblemNote, Quoted, announce, counted, fileName, isTooLong, money, reading, save, typeset, useAction, useAsked, when,
} from "./components.js";
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "./dom.js";
import { LiveTurn } from "./live_turn.js";
import { arrival, at, go, heading, may, reader } from "./navigation.js";
import { premiseOf } from "./premise_kept.js";

const AT_ONCE = 12;
const SCROLLS = new Set(["PageUp", "PageDown", "Home", "End", "ArrowUp", "ArrowDown"]);
const LOOK_MS = 8000; // whether the story has gone on elsewhere

export function Page({ story, branch }) {
  const asked = useAsked(async () => {
    const present = await api.present(story, branch);
    const [turns, rated] = await Promise.all([turnsBefore(story, branch, present.turn + 1), ratings(story, branch)]);
    return { present, turns, rated };
  }, [story, branch]);
  return html`<${Loaded} asked=${asked} what="the story">${(first) => html`<${Story} story=${story} branch=${branch} first=${first} />`}<//>`;
}

/** What the player said of scenes on earlier visits, by turn. */
async function ratings(story, branch) {
  if (!may("player")) return {};
  const found = await api.ratings(story, branch);
  return Object.fromEntries(found.ratings.map((one) => [one.turn, one]));
}

async function turnsBefore(story, branch, turn) {
  const after = Math.max(0, turn - 1 - AT_ONCE);
  return turn > 1 ? (await api.turns(story, branch, { after, limit: turn - 1 - after })).turns : [];
}

function Story({ story, branch, first }) {
  const [present, setPresent] = useState(first.present);
  const [turns, setTurns] = useState(first.turns);
  const [asides, setAsides] = useState([]);
  const latest = useRef(present);
  latest.current = present;

  async function refresh() {
    const now = await api.present(story, branch);
    const known = turnsNow.current.at(-1)?.turn || 0;
    if (now.turn > known && !may("player")) announce(`Scene ${now.turn} is told.`);
    if (now.turn > known) setTurns([...turnsNow.current, ...(await api.turns(story, branch, { after: known, limit: 200 })).turns]);
    latest.current = now;
    setPresent(now);
    return now;
  }
  const turnsNow = useRef(turns);
  turnsNow.current = turns;

  const live = useMemo(() => new LiveTurn(story, branch, {
    async onEnd(event, data, running) {
      if (event === "paused") draft.clear(story, branch); // what may be a cry is kept nowhere in this browser
      if (event === "aside") {
        draft.clear(story, branch);
        await refresh().catch(() => {}); // the branch is longer by what was asked
        return setAsides((all) => [...all, { ...data, words: running.words, turn: latest.current.turn }]);
      }
      const now = await refresh();
      if (event !== "stored" || !data.turn) return undefined;
      if (running.action.kind !== "choose") draft.clear(story, branch);
      const choices = now.choices || [];
      return announce(now.ended ? "The end." : choices.length ? `Your move: ${choices.map((one, n) => `${n + 1}, ${one.text}`).join("; ")}.` : "Your move.");
    },
  }), [story, branch]);
  useEffect(() => {
    heading.value = { story, title: present.title };
    live.open(present.running || present.interrupted);
    if (present.turn === 0 && sessionStorage.getItem("tta.begin") === story) {
      sessionStorage.removeItem("tta.begin");
      live.start({ kind: "begin" });
    }
    const look = () => { if (document.visibilityState === "visible" && !live.isBusy) refresh().then((now) => live.takeUp(now.running || now.interrupted)).catch(() => {}); };
    addEventListener("visibilitychange", look);
    addEventListener("focus", look);
    const timer = setInterval(look, LOOK_MS);
    return () => { clearInterval(timer); removeEventListener("visibilitychange", look); removeEventListener("focus", look); live.close(); };
  }, [live]);

  // whoever takes a story up again begins at its last scene
  useLayoutEffect(() => { if (first.present.turn > 1) document.getElementById(`turn-${first.present.turn}`)?.scrollIntoView(); }, []);

  // whoever was at the scene while it was told stays at it
  const wasTold = useRef(present.turn);
  useLayoutEffect(() => {
    if (present.turn > wasTold.current && (document.activeElement === document.body || document.activeElement?.closest(".live"))) {
      document.getElementById(`turn-${present.turn}`)?.focus({ preventScroll: true });
    }
    wasTold.current = present.turn;
  }, [present.turn]);
  useEffect(() => {
    const left = (event) => { if (event.type !== "keydown" || SCROLLS.has(event.key)) live.isFollowed = false; };
    const events = ["wheel", "touchmove", "keydown"];
    for (const name of events) addEventListener(name, left, { passive: true });
    return () => { for (const name of events) removeEventListener(name, left); };
  }, [live]);

  async function earlier() {
    const before = await turnsBefore(story, branch, turns[0].turn);
    setTurns([...before, ...turns]);
  }
  const play = (action, words, options = {}) => live.start(options.isAside ? action : { ...action, position: latest.current.position }, words, options);
  const language = present.language;
  return html`<div class="reading-room">
    <article class="prose" aria-label=${present.title} lang=${language}>
      <header class="title-page"><h1>${typeset(present.title, language)}</h1>
        <p class="quiet">${branchName(present.branch)}${present.turn > 0 && ` · ${counted(present.turn, "scene")}`}</p>
        ${present.turn <= 1 && html`<${Understood} story=${story} />`}</header>
      ${turns[0]?.turn > 1 && html`<p class="centre"><button type="button" class="plain" onClick=${earlier}>Earlier scenes</button></p>`}
      ${turns.map((turn) => html`<${Told} key=${turn.turn} turn=${turn} language=${language} story=${story} branch=${branch} present=${present} rated=${first.rated[turn.turn]} />`)}
      ${asides.filter((one) => one.turn === present.turn).map((one) => html`<section class="aside-said"><h2 class="small">Aside: ${one.words}</h2>
        <${Passage} passage=${{ text: one.answer, speaker: one.name }} language=${language} /></section>`)}
      <${Live} live=${live} language=${language} play=${play} story=${story} branch=${branch} refresh=${refresh} />
      ${present.ended && html`<p class="the-end">The end</p>`}
    </article>
    <section class="moves" aria-label="Your move">
      <${Arrival} story=${story} branch=${branch} turn=${present.turn} />
      <${Moves} live=${live} present=${present} play=${play} story=${story} branch=${branch} />
    </section>
    <${AtHand} present=${present} turns=${turns} story=${story} branch=${branch} refresh=${refresh} />
  </div>`;
}

/** How the premise was understood, and the way to mend it before much is told. */
function Understood({ story }) {
  const [notes] = useState(() => premiseOf.notes(story));
  if (!notes.length) return null;
  return html`<p class="quiet understood-line">${notes[0]} <button type="button" class="plain" onClick=${() => { premiseOf.mend(); go("#/new"); }}>Not so? Mend it and begin anew</button></p>`;
}

const named = (branch) => (branch === "main" ? "the main branch" : `the branch “${branch}”`);
const shortened = (text) => (text.length > 80 ? `${text.slice(0, 79).trimEnd()}…` : text);

/** How one came to this branch, until a move is made. */
function Arrival({ story, branch, turn }) {
  const [told] = useState(() => { const one = arrival.value; return one?.story === story && one.branch === branch ? one : null; });
  const [since] = useState(turn), note = useRef();
  useEffect(() => {
    arrival.value = null;
    if (told) { announce(told.text); note.current.scrollIntoView({ block: "nearest" }); }
  }, []);
  if (!told || turn !== since) return null;
  return html`<p class="arrived" ref=${note}>${told.text} <a href=${at(story, told.from)}>Back to ${named(told.from)}</a></p>`;
}

const branchName = ({ name }) => (name === "main" ? "The main branch" : `The branch “${name}”`);

/** A scene that was told, with what the player did before it. */
function Told({ turn, language, story, branch, present, rated }) {
  return html`<div class="turn" id=${`turn-${turn.turn}`} role="group" tabindex="-1" aria-label=${`Scene ${turn.turn}`}>
    ${turn.action && html`<${Move} text=${turn.action} language=${language} />`}
    ${turn.scene?.passages.map((passage) => html`<${Passage} passage=${passage} language=${language} />`)}
    ${turn.scene?.degraded && html`<p class="warning">${turn.scene.degraded}</p>`}
    <${Tools} turn=${turn} story=${story} branch=${branch} isLast=${turn.turn === present.turn} rated=${rated} />
  </div>`;
}

/** What can be done with a told scene: fork, rate, see on the map. */
function Tools({ turn, story, branch, isLast, rated }) {
  const [fork, isBusy, problem] = useAction(async () => {
    const made = await api.fork(story, branch, turn.turn);
    arrival.value = { story, branch: made.name, from: branch, text: `You are on the branch “${made.name}” now, forked from ${named(branch)} after scene ${turn.turn}.` };
    go(at(story, made.name));
  });
  return html`<details class="tools"><summary><span class="unseen">Scene </span>${turn.turn}<span class="unseen">: fork, rate, map</span></summary>
    <div class="tools-box">
      ${may("player") && !isLast && html`<button type="button" onClick=${fork} disabled=${isBusy}>Fork here</button>`}
      ${may("player") && isLast && html`<button type="button" onClick=${fork} disabled=${isBusy}>Fork here, keep both</button>`}
      <a href=${at(story, branch, "map", String(turn.turn))}>On the map</a>
      ${may("player") && html`<${Rate} turn=${turn.turn} story=${story} branch=${branch} rated=${rated} />`}
      ${turn.cost_usd > 0 && html`<span class="quiet">cost ${money(turn.cost_usd)}</span>`}
    </div>
    <${ProblemNote} problem=${problem} />
  </details>`;
}

const MARKS = ["not at all", "a little", "fairly", "much", "very much"];

/** A mark is kept as soon as it is picked; another one, or words to it, take its place. */
function Rate({ turn, story, branch, rated }) {
  const [rating, setRating] = useState(rated?.rating || 0), [comment, setComment] = useState(rated?.comment || "");
  const [kept, setKept] = useState(rated ? { mark: rated.rating, comment: rated.comment } : null);
  const wanted = useRef(0);
  const [send, isBusy, problem] = useAction(async (mark) => {
    wanted.current = mark;
    setRating(mark);
    setKept(null);
    await api.rate(story, branch, { turn, rating: mark, comment });
    if (wanted.current !== mark) return;
    setKept({ mark, comment });
    announce(`Kept: you liked scene ${turn} ${MARKS[mark - 1]}.`);
  });
  return html`<form class="rate" onSubmit=${(e) => { e.preventDefault(); send(rating); }}>
    <fieldset><legend>How did you like scene ${turn}?</legend>
      ${MARKS.map((text, n) => html`<label><input type="radio" name=${`rate-${turn}`} checked=${rating === n + 1} onChange=${() => send(n + 1)} /> ${text}</label>`)}
    </fieldset>
    ${kept && html`<p class="quiet">Kept: you liked it ${MARKS[kept.mark - 1]}${kept.comment && ", with your words"}. Pick another mark to change it.</p>`}
    ${rating > 0 && html`<div class="row"><label class="grow">What made it so? <input value=${comment} maxlength="2000" onInput=${(e) => setComment(e.target.value)} /></label>
      <button disabled=${isBusy || !comment.trim() || kept?.comment === comment}>Keep these words</button></div>`}
    <${ProblemNote} problem=${problem} />
  </form>`;
}

/** The scene that is being told. Its text is not live for screen readers: whole passages go to the shell's log. */
function Live({ live, language, play, story, branch, refresh }) {
  const state = live.state.value, told = live.told.value, isBusy = state === "waiting" || state === "telling";
  const box = useRef();
  useEffect(() => {
    const behavior = reading.value.motion && !matchMedia("(prefers-reduced-motion: reduce)").matches ? "smooth" : "auto";
    // the move goes to the top, so that what is told and the next choices come below it
    if (state === "waiting") { live.isFollowed = true; box.current?.scrollIntoView({ block: "start" }); }
    // its place may have moved as the scene became one of those told; whoever has scrolled away since is left where they are
    if (state === "idle" && live.isFollowed) { live.isFollowed = false; [...document.querySelectorAll(".turn, .aside-said")].at(-1)?.scrollIntoView({ block: "start" }); }
    if (state === "paused" || state === "failed" || state === "interrupted") box.current?.scrollIntoView({ block: "nearest", behavior });
    if (state === "waiting" && (document.activeElement === document.body || document.activeElement?.closest(".moves"))) box.current?.focus({ preventScroll: true });
    if (state === "interrupted") box.current?.querySelector("h2")?.focus();
  }, [state]);
  if (state === "idle") return null;
  const running = live.running || {};
  const shows = reading.value.streaming || !isBusy;
  return html`<div class=${`turn live live-${state}`} ref=${box} tabindex="-1" role="group" aria-busy=${isBusy} aria-label="The scene that is being told">
    ${running.words && !["refused", "paused", "stopped"].includes(state) && html`<${Move} text=${running.words} language=${language} />`}
    ${told.warnings.map((text) => html`<p class="warning">${text}</p>`)}
    ${told.restarted && html`<p class="warning">The scene begins anew: ${told.restarted}</p>`}
    ${shows && told.passages.map((passage, n) => html`<div class="arrives" key=${n}><${Passage} passage=${passage} language=${language} /></div>`)}
    ${isBusy && html`<p class="telling quiet"><span class="pulse" aria-hidden="true"></span>${live.isConnected.value
      ? (told.passages.length && shows ? "" : "The scene is being told …")
      : "The connection is gone; taking it up where it broke off …"} <button type="button" class="plain" onClick=${() => live.cancel()}>Stop</button></p>`}
    ${state === "failed" && html`<${ProblemNote} problem=${told.problem} again=${running.action?.kind ? () => play(running.action, running.words, { again: true, isAside: running.isAside }) : null}>
      <p><button type="button" class="plain" onClick=${() => live.reset()}>Leave it</button></p><//>`}
    ${state === "interrupted" && html`<div class="note"><h2 class="small" tabindex="-1">This turn was interrupted</h2>
      <p>The server stopped in the middle of it. The story is as it was before; nothing is lost.</p>
      <p class="row"><button type="button" onClick=${() => play(running.action, running.words, { again: true })}>Play it again</button>
      <button type="button" class="plain" onClick=${() => live.reset()}>Leave it</button></p></div>`}
    ${(state === "paused" || state === "stopped") && html`<${Care} live=${live} play=${play} story=${story} branch=${branch} refresh=${refresh} />`}
  </div>`;
}

const draft = {
  key: (story, branch) => `tta.draft/${story}/${branch}`,
  read(story, branch) { return sessionStorage.getItem(this.key(story, branch)) || ""; },
  keep(story, branch, text) { sessionStorage.setItem(this.key(story, branch), text); },
  clear(story, branch) { sessionStorage.removeItem(this.key(story, branch)); },
};

const MOVE_CHARS = 4000;
const KINDS = { say: "Do or say", ask: "Ask somebody aside", think: "See what somebody thinks", end: "Bring it to an end" };
const BUTTONS = { say: "Go on", ask: "Ask", think: "Look", end: "End it" };
const ASIDES = ["ask", "think"];
const HINTS = {
  say: "In your own words: what you do, or what you say",
  ask: "A name and your question",
  think: "A name",
  end: "How it should end, or nothing at all",
};
/** The embedded storyteller cannot be told an end; it says so where one would write one. */
const LAST_DEED = { hint: "A last deed of yours, or nothing at all", says: "The embedded storyteller plays your words as your last deed. The end that follows is one of its own, by what was done before." };

function Moves({ live, present, play, story, branch }) {
  const state = live.state.value, isBusy = state === "waiting" || state === "telling";
  const [text, setText] = useState(() => draft.read(story, branch));
  const [kind, setKind] = useState("say");
  const field = useRef(), lastDeed = kind === "end" && present.model === "offline", isAside = ASIDES.includes(kind);
  const people = present.people_here || [], [first] = people, askHint = kind === "ask" ? `${first}, what do you think of it?` : first;
  const hint = lastDeed ? LAST_DEED.hint : isAside && first ? `${HINTS[kind]}: ${askHint}` : HINTS[kind];
  const choices = present.choices || [], hasEnded = present.ended;
  const change = (value) => { setText(value); draft.keep(story, branch, value); };
  const take = (n) => play({ kind: "choose", choice: n }, choices[n - 1].text);
  const [undo, isUndoing, problem] = useAction(async () => {
    const made = await api.undo(story, branch), what = present.action ? `“${shortened(present.action)}”` : "the opening scene";
    arrival.value = { story, branch: made.branch.name, from: branch, text: `Undone: ${what}. You are on the branch “${made.branch.name}” now; what was undone stays on ${named(branch)}.` };
    go(at(story, made.branch.name));
  });
  const pressed = useRef();
  pressed.current = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select, [role=application]")) return;
    const n = Number(event.key);
    if (n >= 1 && n <= choices.length && !isBusy && !hasEnded && state !== "paused" && state !== "stopped") { event.preventDefault(); take(n); }
  };
  useEffect(() => {
    const press = (event) => pressed.current(event);
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
  // a refused move keeps its words; one that is told leaves the field empty
  useEffect(() => { if (state === "idle" || state === "paused") setText(draft.read(story, branch)); if (state === "refused") { if (live.help.value) change(""); field.current?.focus(); } }, [state]);

  function submit(event) {
    event.preventDefault();
    const words = text.trim();
    if (isBusy || isTooLong(text, MOVE_CHARS) || (!words && kind !== "end")) return;
    const number = kind === "say" && /^[1-9]$/.test(words) ? Number(words) : 0;
    if (number && number <= choices.length) { change(""); return take(number); }
    if (isAside) play({ kind, text: words }, words, { isAside: true });
    else play({ kind, text: words }, words || "The end.");
  }
  if (!may("player")) return html`<p class="quiet centre">You read along; new scenes come by themselves. Only whose story it is plays it.</p>`;
  if (present.turn === 0) {
    return state !== "idle" && state !== "failed" ? null : html`<p class="centre"><button type="button" class="main-action" onClick=${() => play({ kind: "begin" })}>Begin the story</button></p>`;
  }
  if (state === "paused" || state === "stopped") return html`<p class="quiet centre">${state === "paused" ? "The story waits until you have chosen above." : "The story waits. Take it up again above, whenever you like."}</p>`;
  return html`
    ${live.help.value && html`<div class="note care"><p><${Numbers} text=${live.help.value} /></p></div>`}
    ${state === "refused" && html`<div class="note refused" role="status"><p>${live.told.value.reason}</p></div>`}
    ${!hasEnded && choices.length > 0 && html`<h2 class="small">What do you do?</h2>
      <ol class="choices">${choices.map((choice, n) => html`<li key=${choice.text}><button type="button" disabled=${isBusy} aria-keyshortcuts=${n + 1} onClick=${() => take(n + 1)}>
        <kbd aria-hidden="true">${n + 1}</kbd><span>${typeset(choice.text)}</span></button></li>`)}</ol>`}
    ${hasEnded && html`<p class="centre"><a class="main-action" href="#/new">Begin another story</a></p>`}
    ${!hasEnded && html`<form class="own-words" onSubmit=${submit}>
      <${LongText} label=${hint} hidden field=${field} rows="2" most=${MOVE_CHARS} placeholder=${hint} value=${text} onInput=${change}
        onKeyDown=${(e) => { if (e.key === "Enter" && !e.shiftKey && !e.isComposing) submit(e); }} />
      ${lastDeed && html`<p class="quiet" role="status">${LAST_DEED.says}</p>`}
      ${isAside && html`<p class="row quiet">${people.length ? "Here:" : "Nobody who could be asked is here."} ${people.map((name) => html`<button type="button" class="plain" key=${name}
        onClick=${() => { change(kind === "ask" ? `${name}, ` : name); field.current?.focus(); }}>${name}</button>`)}</p>`}
      <div class="row">
        <label><span class="unseen">What it is</span><select value=${kind} onChange=${(e) => setKind(e.target.value)}>${Object.entries(KINDS).map(([value, words]) => html`<option value=${value} selected=${value === kind}>${words}</option>`)}</select></label>
        <button class="main-action" disabled=${isBusy || isTooLong(text, MOVE_CHARS) || (!text.trim() && kind !== "end")}>${BUTTONS[kind]}</button>
      </div>
    </form>`}
    <p class="row move-tools">
      <button type="button" class="plain" onClick=${undo} disabled=${isBusy || isUndoing || present.turn < 1}>Undo the last scene</button>
      <a href=${at(story, branch, "map")}>Other ways, on the map</a>
    </p>
    <${ProblemNote} problem=${problem} />`;
}

/** Beside the text: who tells it, what it costs, what was held back, boundaries, the file to keep. */
function AtHand({ present, turns, story, branch, refresh }) {
  const last = turns.at(-1), held = heldBack(present), isFree = present.model === "offline" && !present.cost.story_usd;
  return html`<aside class="at-hand" aria-label="At hand">
    <dl>
      <div><dt>Told by</dt><dd>${present.model === "offline" ? "the embedded storyteller" : present.model}${present.model_before && html` <span class="quiet">(the last scene by ${present.model_before === "offline" ? "the embedded storyteller" : present.model_before})</span>`}</dd></div>
      <div><dt>This story cost</dt><dd>${isFree ? "nothing: it is free" : money(present.cost.story_usd)}</dd></div>
      ${last && !isFree && html`<div><dt>The last scene</dt><dd>${money(last.cost_usd)}</dd></div>`}
      ${reading.value.scores && last?.scene?.quality > 0 && html`<div><dt>It scores</dt><dd>${Math.round(last.scene.quality * 100)} of 100</dd></div>`}
    </dl>
    ${present.cost.lines.length > 0 && !isFree && html`<details><summary>Limits on what it may cost</summary><ul class="held">${present.cost.lines.map((line) => html`<li>${line}</li>`)}</ul></details>`}
    <details><summary>Held back${held.length > 0 && `: ${held.length}`}</summary>
      ${held.length ? html`<ul class="held">${held.map((one) => html`<li>${one.text && html`<${Quoted} text=${one.text} />`} <span class="quiet">${one.reason}</span></li>`)}</ul>` : html`<p class="quiet">Nothing was held back in the last scene.</p>`}
    </details>
    ${may("player") && html`<details><summary>Your boundaries</summary><${OwnBoundaries} present=${present} story=${story} branch=${branch} refresh=${refresh} /></details>`}
    <${Folded} title="Whom you can reach" what=${Reachable} />
    ${may("player") && html`<${Folded} title="Save and share" what=${Keep} present=${present} story=${story} branch=${branch} />`}
  </aside>`;
}

/** What is asked for only once it is opened. */
function Folded({ title, what: Inner, ...given }) {
  const [opened, setOpened] = useState(false);
  return html`<details onToggle=${(e) => e.target.open && setOpened(true)}><summary>${title}</summary>${opened && html`<${Inner} ...${given} />`}</details>`;
}

/** Passages and choices of the last scene that were not shown, each with why. */
const heldBack = (present) => [...present.withheld, ...present.not_offered];

const changes = (wanted, kept) => Object.fromEntries(Object.entries(wanted).filter(([key, level]) => kept[key] !== level));

function OwnBoundaries({ present, story, branch, refresh }) {
  const kept = present.boundaries;
  const [wanted, setWanted] = useState(kept);
  const [send, isBusy, problem] = useAction(async () => {
    await api.tighten(story, branch, changes(wanted, kept));
    setWanted((await refresh()).boundaries);
    announce("Your boundaries hold from the next scene on.");
  });
  const changed = JSON.stringify(wanted) !== JSON.stringify(kept);
  return html`<form onSubmit=${(e) => { e.preventDefault(); send(); }}>
    <p class="quiet">They hold from the next scene on. In a story that runs they can be made stricter, not looser.</p>
    <${Boundaries} value=${wanted} floor=${kept} onChange=${setWanted} />
    <p><button disabled=${isBusy || !changed}>Keep to these</button></p>
    <${ProblemNote} problem=${problem} />
  </form>`;
}

function Keep({ present, story, branch }) {
  const [keep, isBusy, problem] = useAction(async (query, ending) => save(await api.download(story, query), `${fileName(present.title)}${ending}`));
  return html`<p class="quiet">A file with every branch can be read in again, here or elsewhere; the text is for reading.</p>
    <p class="row"><button type="button" disabled=${isBusy} onClick=${() => keep({}, ".tta.json")}>The whole story</button>
    <button type="button" disabled=${isBusy} onClick=${() => keep({ format: "markdown", branch }, ".md")}>This branch as text</button></p>
    <${ProblemNote} problem=${problem} />
    <${Share} story=${story} />`;
}

/** Links by which anybody who has one reads the story and changes nothing; each can be taken back. */
function Share({ story }) {
  const asked = useAsked(() => api.shares(story), [story]), [made, setMade] = useState(null);
  const [make, isBusy, notMade] = useAction(async () => {
    const one = await api.share(story);
    setMade({ ...one, address: new URL(`#/shared/${one.secret}`, document.baseURI).href });
    announce("The link is made.");
    asked[2]();
  });
  const [takeBack, , notTaken] = useAction(async (id) => {
    await api.unshare(story, id);
    if (made?.share_id === id) setMade(null);
    announce("The link leads nowhere any more.");
    asked[2]();
  });
  const [copy, , notCopied] = useAction(async () => { await navigator.clipboard.writeText(made.address); announce("Copied."); });
  if (!reader.value.accounts) return html`<p class="quiet">This server is for one person. With accounts (<code>tta tokens</code>) a link can let others read along.</p>`;
  return html`<h2 class="small">Read along</h2>
    <p class="quiet">Whoever has a link reads this story with all its branches, and changes nothing.</p>
    <p><button type="button" disabled=${isBusy} onClick=${make}>Make a link</button></p>
    ${made && html`<label>The link, shown this once <input readonly value=${made.address} onFocus=${(e) => e.target.select()} /></label>
      ${navigator.clipboard && html`<p><button type="button" onClick=${copy}>Copy it</button></p>`}`}
    <${Loaded} asked=${asked} what="the links">${({ shares }) => shares.length > 0 && html`<ul class="held">${shares.map((one, n) => html`<li key=${one.share_id}>Link ${n + 1}, made ${when(one.created_at)}
      <button type="button" class="plain" aria-label=${`Take it back: link ${n + 1}`} onClick=${() => takeBack(one.share_id)}>Take it back</button></li>`)}</ul>`}<//>
    <${ProblemNote} problem=${notMade || notTaken || notCopied} />`;
}
