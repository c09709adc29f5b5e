// The cast: how everybody is now (feeling, goals, arc, what they know), and what they feel about each other.
import { api } from "./api.js";
import { Loaded, Meter, Table, number, plain, sentenceCase, useAsked } from "./components.js";
import { html, useState } from "./dom.js";
import { heading } from "./navigation.js";

const STAGES = { setup: "set-up", development: "development", climax: "climax", resolution: "resolution" };

export function Page({ story, branch }) {
  const asked = useAsked(async () => {
    const [{ characters }, { relationships }, row] = await Promise.all([api.characters(story, branch), api.relationships(story, branch), api.story(story)]);
    heading.value = { story, title: row.title };
    return { characters, relationships };
  }, [story, branch]);
  return html`<h1>Cast</h1>
    <${Loaded} asked=${asked} what="the cast">${({ characters, relationships }) => (characters.length
      ? html`<div class="cast">${characters.map((one) => html`<${Character} key=${one.character_id} one=${one} story=${story} branch=${branch} />`)}</div>
        <${Bonds} bonds=${relationships} />`
      : html`<p class="lead">Nobody has entered the story yet.</p>`)}<//>`;
}

function Character({ one, story, branch }) {
  const [opened, setOpened] = useState(false);
  const goals = Object.entries(one.goals), traits = Object.entries(one.traits);
  return html`<section class="character" aria-label=${one.name}>
    <h2>${sentenceCase(one.name)}</h2>
    ${(one.is_player || one.description) && html`<p class="lead">${[one.is_player && "whom you play", one.description].filter(Boolean).join(" · ")}</p>`}
    ${one.feels && one.feels !== "neutral" && html`<p>Feels ${one.feels}.</p>`}
    ${one.arc && html`<h3>Place in their arc</h3>
    <ol class="arc">${Object.entries(STAGES).map(([stage, text]) => html`<li aria-current=${one.arc === stage ? "step" : undefined}>${text}</li>`)}</ol>`}
    ${goals.length > 0 && html`<h3>Works at</h3>${goals.map(([goal, value]) => html`<${Meter} label=${sentenceCase(plain(goal))} value=${value} />${one.reasons[goal] && html`<p class="quiet">${one.reasons[goal]}</p>`}`)}`}
    ${traits.length > 0 && html`<h3>Is</h3>${traits.map(([trait, value]) => html`<${Meter} label=${plain(trait)} value=${value} />`)}`}
    ${one.bonds.length > 0 && html`<h3>About others</h3><ul class="knows">${one.bonds.map((text) => html`<li>${sentenceCase(text)}</li>`)}</ul>`}
    <details class="more" onToggle=${(e) => setOpened(e.target.open)}><summary>What ${one.name} knows, and how they came to be so</summary>
      ${opened && html`<${InFull} story=${story} branch=${branch} who=${one.character_id} />`}</details>
  </section>`;
}

function InFull({ story, branch, who }) {
  const asked = useAsked(() => api.character(story, branch, who), [story, branch, who]);
  return html`<${Loaded} asked=${asked} what="what they know">${(whole) => html`
    <${Lines} title="Knows" lines=${whole.knows} none="Nothing that the story has told so far." />
    <${Lines} title="Believes" lines=${whole.believes} />
    <${Lines} title="Remembers" lines=${whole.remembers} />
    <${Table} caption=${`${whole.name}, scene by scene`} empty="Nothing has changed in them yet." rows=${whole.over_time.filter((row) => row.turn > 0)} columns=${[
      ["Scene", (row) => row.turn],
      ["Felt", (row) => (row.shade || row.emotion ? `${row.shade || row.emotion}${row.intensity ? ` (${number(row.intensity, 2)})` : ""}` : "—")],
      ["Worked at", (row) => Object.entries(row.goals).map(([goal, value]) => `${plain(goal)} ${number(value, 2)}`).join(", ") || "—"],
      ["Felt about others", (row) => row.ties.map((tie) => `${tie.name} ${signed(tie.number)}`).join(", ") || "—"],
    ]} />`}<//>`;
}

function Lines({ title, lines, none }) {
  if (!lines.length) return none ? html`<h3>${title}</h3><p class="quiet">${none}</p>` : null;
  return html`<h3>${title}</h3><ul class="knows">${lines.map((text) => html`<li>${text}</li>`)}</ul>`;
}

const signed = (value) => `${value > 0 ? "+" : value < 0 ? "−" : ""}${number(Math.abs(value), 2)}`;

function Bonds({ bonds }) {
  if (!bonds.length) return html`<h2>Between them</h2><p class="quiet">Nobody feels anything about anybody yet.</p>`;
  return html`<h2>Between them</h2>
    <${Graph} bonds=${bonds} />
    <p class="quiet centre">An arrow for each feeling, thicker the stronger it is; dashed where it is cold.</p>
    <${Table} caption="What each feels about the other, from −1 to +1" rows=${bonds} columns=${[
      ["Who", (one) => one.who_name], ["About whom", (one) => one.name], ["In all", (one) => signed(one.number), true],
      ["Trust", (one) => signed(one.trust), true], ["Affection", (one) => signed(one.affection), true], ["Fear", (one) => number(one.fear, 2), true], ["Debt", (one) => signed(one.debt), true],
      ["Over time", (one) => html`<${OverTime} moments=${one.over_time} />`],
    ]} />`;
}

/** The course of one bond: a small line, and its points as words for who cannot see it. */
function OverTime({ moments }) {
  if (moments.length < 2) return html`<span class="quiet">${moments.length ? `since scene ${moments[0].turn}` : "—"}</span>`;
  const first = moments[0].turn, last = moments.at(-1).turn;
  const points = moments.map((one) => `${(100 * (one.turn - first)) / (last - first || 1)},${12 - 11 * one.number}`).join(" ");
  const words = moments.map((one) => `scene ${one.turn}: ${signed(one.number)}`).join(", ");
  return html`<svg class="course" viewBox="0 0 100 24" role="img" aria-label=${words}><title>${words}</title><line x1="0" y1="12" x2="100" y2="12" /><polyline points=${points} /></svg>`;
}

/** Everybody on a circle, and a curve from each to those whom they feel something about. */
function Graph({ bonds }) {
  const names = new Map(bonds.flatMap((one) => [[one.who, one.who_name], [one.other, one.name]]));
  const place = new Map([...names.keys()].map((id, n) => {
    const turn = (2 * Math.PI * n) / names.size - Math.PI / 2;
    return [id, { x: 200 + 120 * Math.cos(turn), y: 150 + 95 * Math.sin(turn) }];
  }));
  return html`<svg class="bonds-graph" viewBox="0 0 400 300" role="img" aria-label="Who feels what about whom; the table below says it in words">
    <defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerUnits="userSpaceOnUse" markerWidth="11" markerHeight="11" orient="auto"><path d="M0 0L8 4L0 8z" /></marker></defs>
    ${bonds.map((one) => {
      const a = place.get(one.who), b = place.get(one.other);
      const bend = { x: (a.x + b.x) / 2 + (b.y - a.y) * 0.15, y: (a.y + b.y) / 2 - (b.x - a.x) * 0.15 };
      const far = Math.hypot(b.x - bend.x, b.y - bend.y) || 1, tip = { x: b.x - ((b.x - bend.x) / far) * 13, y: b.y - ((b.y - bend.y) / far) * 13 };
      return html`<path class=${one.number < 0 ? "bond cold" : "bond"} marker-end="url(#arrow)" d=${`M${a.x} ${a.y}Q${bend.x} ${bend.y} ${tip.x} ${tip.y}`} stroke-width=${1 + 5 * Math.abs(one.number)} />`;
    })}
    ${[...names].map(([id, name]) => { const at = place.get(id); return html`<circle class="person-dot" cx=${at.x} cy=${at.y} r="9" /><text x=${at.x} y=${at.y + (at.y < 150 ? -22 : 24)}>${name}</text>`; })}
  </svg>`;
}
