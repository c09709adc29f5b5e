// The story as a map: every branch on a canvas, the scene that was picked below it, and the same as a list.
import { api } from "./api.js";
import { Loaded, Move, Passage, ProblemNote, announce, counted, useAction, useAsked, when } from "./components.js";
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "./dom.js";
import { MapCanvas } from "./map_canvas.js";
import { LANE, laidOut, runKey, wayTo } from "./map_layout.js";
import { at, go, heading, may } from "./navigation.js";

const IN_LIST = 100, MOST_UNFOLDED = 400;

export function Page({ story, branch, rest }) {
  const asked = useAsked(async () => {
    performance.mark("map asked");
    const [map, row] = await Promise.all([api.map(story), api.story(story)]);
    heading.value = { story, title: row.title };
    return map.branches;
  }, [story]);
  return html`<h1>Map</h1>
    <${Loaded} asked=${asked} what="the map">${(branches) => html`<${StoryMap} story=${story} branch=${branch} branches=${branches} turn=${Number(rest[0]) || 0} />`}<//>`;
}

function StoryMap({ story, branch, branches, turn }) {
  const [unfolded, setUnfolded] = useState(new Set());
  const [picked, setPicked] = useState(null), [other, setOther] = useState(null), [found, setFound] = useState("");
  const [isDrawn, setIsDrawn] = useState(false); // the long list comes after the canvas
  const canvas = useRef(), map = useRef();
  const layout = useMemo(() => laidOut(branches, unfolded), [branches, unfolded]);
  const here = useMemo(() => [...layout.of.values()].find((one) => branch === one.name || branch === one.branch_id), [layout, branch]);
  const latest = useRef();
  latest.current = { layout, unfolded };

  function fold(run) {
    if (run.hidden > MOST_UNFOLDED) { announce(`${run.hidden} scenes are too many to show one by one; pick one by its number.`); return; }
    const next = new Set(latest.current.unfolded), key = runKey(run.branch, run.from);
    if (!next.delete(key)) next.add(key);
    setUnfolded(next);
    announce(next.has(key) ? `${counted(run.hidden, "scene")} unfolded.` : "Folded.");
  }
  useLayoutEffect(() => {
    map.current = new MapCanvas(canvas.current, ({ node, run }) => (run ? fold(run) : node && setPicked({ id: node.branch.branch_id, turn: node.turn })));
    return () => map.current.close();
  }, []);
  useLayoutEffect(() => {
    map.current.show(layout, wayTo(layout, here?.branch_id), { keepView: unfolded.size > 0 });
    if (!performance.getEntriesByName("map first paint").length) performance.measure("map first paint", "map asked");
    setIsDrawn(true);
  }, [layout, here]);
  const node = picked && nodeAt(layout, picked);
  useEffect(() => { map.current.select(node); }, [node]);
  useEffect(() => { if (turn && here) show(here, Math.min(turn, here.last)); }, []);

  function show(one, n = one.last) {
    let owner = one;
    while (owner.owner && n < owner.first) owner = owner.owner;
    setPicked({ id: owner.branch_id, turn: n });
    map.current.centre(layout.x(n), (owner.lane + 0.5) * LANE);
  }
  const query = found.trim(), told = useTold(story, query), isLooking = query.length >= SHORTEST_WORD && told?.words !== query;
  const matching = useMemo(() => search(layout, query), [layout, query]);
  const hits = !isLooking && told ? told.found : [];
  const fitting = useMemo(() => fittingRows(layout, query, matching, hits), [layout, query, told, isLooking]);
  const isNothing = query !== "" && !isLooking && !fitting.length && !told?.problem;
  const [hit, setHit] = useState(-1), [waits, setWaits] = useState("");
  useEffect(() => { setHit(-1); }, [query]);
  useEffect(() => { if (isNothing) setPicked(null); }, [isNothing]);
  useEffect(() => { // asked to jump before the words were looked for
    if (!waits || isLooking) return;
    setWaits("");
    if (waits === query) jump();
  }, [waits, isLooking, query]);
  function jump() {
    if (matching.rows.length) show(matching.rows[0], matching.turn || undefined);
    else if (isLooking) setWaits(query);
    else if (hits.length) pickHit((hit + 1) % hits.length);
    else if (isNothing) announce(nothingOf(query));
  }
  function pickHit(n) {
    setHit(n);
    if (hits.length > 1) announce(`Scene ${n + 1} of ${hits.length} with these words.`);
    show(layout.of.get(hits[n].branch_id), hits[n].turn);
  }
  const total = layout.order.reduce((sum, one) => sum + one.last - one.first + 1, 0);
  return html`
    <p class="quiet">${counted(branches.length, "branch", "branches")}, ${counted(total, "scene")}. The way to where you are is red. Runs without a fork are folded into a number; press it to unfold them.</p>
    <form class="map-tools" role="search" onSubmit=${(e) => { e.preventDefault(); jump(); }}>
      <label>Find a branch, a scene, or words <input type="search" placeholder="a name, main 12, or words told" value=${found} onInput=${(e) => setFound(e.target.value)} /></label>
      <button>${!matching.rows.length && hit >= 0 && hits.length > 1 ? "Jump to the next" : "Jump there"}</button>
      <button type="button" aria-label="Zoom in" onClick=${() => map.current.zoomBy(1.3)}>+</button>
      <button type="button" aria-label="Zoom out" onClick=${() => map.current.zoomBy(1 / 1.3)}>−</button>
      <button type="button" onClick=${() => map.current.fit()}>All</button>
      ${here && html`<button type="button" onClick=${() => show(here)}>Where I am</button>`}
      ${unfolded.size > 0 && html`<button type="button" onClick=${() => setUnfolded(new Set())}>Fold all</button>`}
    </form>
    <div class="map-box" style=${{ height: `min(62vh, 38rem, ${Math.max(180, layout.height + 100)}px)` }}><canvas ref=${canvas} tabindex="0" role="application" aria-roledescription="map of the story"
      aria-label="All branches. Arrow keys go from scene to scene, plus and minus zoom, space unfolds a run. The same is in the list below."></canvas></div>
    <${ProblemNote} problem=${!isLooking && told?.problem} />
    <${Told} words=${query} hits=${hits} hit=${hit} pick=${pickHit} />
    <${Picked} story=${story} here=${here} picked=${picked} branch=${picked && layout.of.get(picked.id)} pick=${show} other=${other} setOther=${setOther} />
    ${isDrawn && html`<${Twin} story=${story} here=${here} rows=${fitting} query=${query} says=${isLooking ? "Looking for these words …" : isNothing ? nothingOf(query) : ""} layout=${layout} show=${show} other=${other} setOther=${setOther} />`}`;
}

function nodeAt(layout, { id, turn }) {
  const branch = layout.of.get(id);
  return branch && { branch, turn, x: layout.x(Math.max(turn, branch.last < branch.first ? branch.first : turn)), y: (branch.lane + 0.5) * LANE };
}

/** Branches whose name holds the words; a number at their end is a scene. */
function search(layout, text) {
  const [, words, turn] = /^(.*?)\s*(\d+)?$/.exec(text.trim().toLowerCase());
  const whole = layout.order.filter((one) => one.name.toLowerCase().includes(text.trim().toLowerCase()));
  if (!turn || whole.length) return { rows: whole, turn: 0 };
  const n = Number(turn), rows = layout.order.filter((one) => one.name.toLowerCase().includes(words) && one.first <= n && n <= one.last);
  return { rows, turn: n };
}

/** The branches that a query fits: by name, else those on which its words are told; all of them without one. */
function fittingRows(layout, query, { rows }, hits) {
  if (!query || rows.length) return query ? rows : layout.order;
  const told = new Set(hits.map((one) => one.branch_id));
  return layout.order.filter((one) => told.has(one.branch_id));
}

const nothingOf = (query) => (query.length < SHORTEST_WORD ? `No branch of that name. Words are looked for from ${SHORTEST_WORD} letters on.` : "No branch of that name, and no scene with these words.");

const TYPING_MS = 300, SHORTEST_WORD = 3;

/** The scenes that tell of words, on whatever branch: `{words, found}`; null while nothing was looked for. */
function useTold(story, words) {
  const [told, setTold] = useState(null);
  useEffect(() => {
    if (words.length < SHORTEST_WORD) { setTold(null); return undefined; }
    const outdated = new AbortController();
    const timer = setTimeout(() => api.search(story, words, outdated.signal).then(({ found }) => {
      setTold({ words, found });
      announce(found.length ? `${counted(found.length, "scene")} with these words.` : "");
    }, (error) => { if (error.name !== "AbortError") setTold({ words, found: [], problem: error }); }), TYPING_MS);
    return () => { clearTimeout(timer); outdated.abort(); };
  }, [story, words]);
  return told;
}

function Told({ words, hits, hit, pick }) {
  if (!hits.length) return null;
  return html`<section aria-label="Scenes with these words"><h2 class="small">Scenes with “${words}”: ${hits.length}</h2>
    <ul class="found">${hits.map((one, n) => html`<li key=${`${one.branch_id}/${one.turn}`}>
      <button type="button" class="plain" aria-current=${n === hit ? "true" : undefined} onClick=${() => pick(n)}>${one.branch}, scene ${one.turn}</button> <q>${one.excerpt}</q></li>`)}</ul></section>`;
}

/** The scene that was picked: what happened there, and what can be done from it. */
function Picked({ story, here, picked, branch, pick, other, setOther }) {
  const [listed, setListed] = useState(null);
  const [value, problem] = useAsked(async () => {
    if (!picked || !picked.turn) return null;
    const { turns: [turn] } = await api.turns(story, picked.id, { after: picked.turn - 1, limit: 1 });
    if (turn) announce(`Scene ${picked.turn} of ${branch.name}. ${turn.action || ""}`);
    return { ...turn, id: picked.id };
  }, [story, picked?.id, picked?.turn]);
  const [fork, isBusy, wrong] = useAction(async () => go(at(story, (await api.fork(story, branch.branch_id, picked.turn)).name)));
  if (!picked || !branch) return html`<section class="map-pick"><p class="quiet">Pick a scene on the map or in the list.</p></section>`;
  const isTip = picked.turn >= branch.last, isThere = value?.turn === picked.turn && value.id === picked.id;
  return html`<section class="map-pick" aria-label="The scene that was picked">
    <h2 class="small">${branch.name}, ${branch.last < branch.first ? `forked at scene ${picked.turn}, nothing of its own yet` : `scene ${picked.turn}`}${isTip && branch.ending ? " · the end" : ""}</h2>
    ${isThere && value.action && html`<${Move} text=${value.action} />`}
    ${isThere && html`<div class="excerpt">${value.scene?.passages.slice(0, 2).map((passage) => html`<${Passage} passage=${passage} />`)}</div>`}
    <div class="row">
      ${isTip ? html`<a class="main-action" href=${at(story, branch.name)}>Go on from here</a>` : html`<a href=${at(story, branch.name)}>Read this branch</a>`}
      ${may("player") && html`<button type="button" disabled=${isBusy} onClick=${fork}>Fork here</button>`}
      ${other && other !== branch.name
        ? html`<a href=${at(story, other, "compare", branch.name)}>Compare with ${other}</a>`
        : html`<button type="button" onClick=${() => { setOther(branch.name); announce(`Now pick the branch to compare ${branch.name} with.`); }}>Compare …</button>`}
      ${!other && here && here.branch_id !== branch.branch_id && html`<a href=${at(story, here.name, "compare", branch.name)}>Compare with where I am</a>`}
      ${other === branch.name && html`<span class="quiet">Now pick another branch.</span>`}
    </div>
    <details onToggle=${(e) => setListed(e.target.open && branch)}><summary>Every scene of this branch</summary>${listed === branch && html`<${Scenes} story=${story} branch=${branch} pick=${pick} />`}</details>
    <${ProblemNote} problem=${problem || wrong} />
  </section>`;
}

/** The scenes of a branch's own in a few words each, to pick one without the canvas. */
function Scenes({ story, branch, pick }) {
  const [rows, setRows] = useState([]), [next, setNext] = useState(branch.first - 1);
  const [ask, isBusy, problem] = useAction(async () => {
    const answer = await api.titles(story, { branch: branch.branch_id, after: next, limit: IN_LIST });
    setRows([...rows, ...answer.titles]);
    setNext(answer.next);
  });
  useEffect(() => { ask(); }, []);
  return html`<ol class="scenes">${rows.map((row) => html`<li key=${row.turn}><button type="button" class="plain" onClick=${() => pick(branch, row.turn)}>${row.turn}. ${row.action || row.setting || "The opening"}</button></li>`)}</ol>
    ${next !== null && html`<p><button type="button" disabled=${isBusy} onClick=${ask}>More scenes</button></p>`}
    <${ProblemNote} problem=${problem} />`;
}

/** The same as a list, for keyboard and screen reader, and for whoever likes lists. */
function Twin({ story, here, rows, query, says, layout, show, other, setOther }) {
  const [most, setMost] = useState(IN_LIST);
  return html`<section><h2 id="branches-as-list">${query ? "Branches that fit" : "All branches"}</h2>
    ${!rows.length && says && html`<p class="quiet">${says}</p>`}
    <ul class="tree" aria-labelledby="branches-as-list">${rows.slice(0, most).map((one) => html`<li key=${one.branch_id} style=${{ paddingLeft: `${Math.min(one.depth, 6) * 1.1}rem` }}>
      <div class="row"><a href=${at(story, one.name)} aria-current=${one === here ? "true" : undefined}>${one.name}</a>
        <span class="quiet">${one.last >= one.first ? (one.first === one.last ? `scene ${one.first}` : `scenes ${one.first} to ${one.last}`) : "nothing of its own yet"}${one.owner ? `, from scene ${one.fork_turn} of ${one.owner.name}` : ""}${one.ending ? ", ended" : ""}${one.played_at ? `, ${when(one.played_at)}` : ""}</span>
        <button type="button" class="plain" aria-label=${`Show ${one.name} on the map`} onClick=${() => { show(one); document.querySelector(".map-pick a, .map-pick button")?.focus(); }}>Show</button>
        ${other && other !== one.name
          ? html`<a href=${at(story, other, "compare", one.name)}>Compare with ${other}</a>`
          : html`<button type="button" class="plain" aria-label=${`Compare ${one.name} with another`} aria-pressed=${other === one.name} onClick=${() => setOther(other === one.name ? null : one.name)}>Compare</button>`}
      </div></li>`)}</ul>
    ${rows.length > most && html`<p><button type="button" onClick=${() => setMost(most + IN_LIST * 2)}>More (${rows.length - most} left)</button></p>`}
  </section>`;
}
