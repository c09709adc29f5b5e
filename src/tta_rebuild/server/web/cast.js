// The cast: how everybody is now (feeling, goals, arc, what they know), and what they feel about each other.
import { api, listOf } from "./api.js";
import { Loaded, Meter, Passage, Table, number, plain, sentenceCase, useAsked } from "./components.js";
import { html, useState } from "./dom.js";
import { heading } from "./navigation.js";

const STAGES = ["setup", "development", "climax", "resolution"];

export function Page({ story, branch }) {
  const asked = useAsked(async () => {
    const [people, bonds, row] = await Promise.all([api.characters(story, branch), api.relationships(story, branch), api.story(story)]);
    heading.value = { story, title: row.title };
    return { people: listOf(people, "characters"), bonds: listOf(bonds, "relationships", "bonds") };
  }, [story, branch]);
  return html`<h1>Cast</h1>
    <${Loaded} asked=${asked} what="the cast">${({ people, bonds }) => (people.length
      ? html`<div class="cast">${people.map((one) => html`<${Character} key=${idOf(one)} one=${one} story=${story} branch=${branch} people=${people} />`)}</div>
        <${Bonds} people=${people} bonds=${bonds} />`
      : html`<p class="lead">Nobody has entered the story yet.</p>`)}<//>`;
}

const idOf = (one) => one.character_id || one.id;
const nameOf = (people, id) => people.find((one) => idOf(one) === id)?.name || sentenceCase(plain(id));

/** A feeling as one would say it: "very angry", "a little weary". */
function feeling(one) {
  if (one.feeling) return typeof one.feeling === "string" ? one.feeling : one.feeling.words || one.feeling.emotion;
  const word = one.shade || one.emotional_state || one.emotion || "";
  return word === "neutral" ? "" : word;
}

function Character({ one, story, branch, people }) {
  const [opened, setOpened] = useState(false);
  const goals = entries(one.goals ?? one.development_goals, "goal", "progress"), traits = entries(one.traits ?? one.personality_traits, "trait", "strength");
  return html`<section class="character" aria-label=${one.name}>
    <h2>${one.name}</h2>
    <p class="lead">${[one.is_player && "whom you play", one.description].filter(Boolean).join(" · ") || "\u00a0"}</p>
    ${feeling(one) ? html`<${Meter} label=${`Feels ${feeling(one)}`} value=${one.intensity} text=${one.intensity ? `${Math.round(one.intensity * 100)} %` : ""} />` : html`<p class="quiet">Feels nothing in particular.</p>`}
    <h3>Place in their arc</h3>
    <ol class="arc">${STAGES.map((stage) => html`<li aria-current=${one.arc_stage === stage ? "step" : undefined}>${stage === "setup" ? "set-up" : stage}</li>`)}</ol>
    ${goals.length > 0 && html`<h3>Works at</h3>${goals.map(([goal, value, reason]) => html`<${Meter} label=${sentenceCase(plain(goal))} value=${value} />${(reason || one.reasons?.[goal]) && html`<p class="quiet">${reason || one.reasons[goal]}</p>`}`)}`}
    ${traits.length > 0 && html`<h3>Is</h3>${traits.map(([trait, value]) => html`<${Meter} label=${plain(trait)} value=${Math.abs(value)} />`)}`}
    <details onToggle=${(e) => setOpened(e.target.open)}><summary>What ${one.name} knows</summary>${opened && html`<${Knows} story=${story} branch=${branch} one=${one} people=${people} />`}</details>
  </section>`;
}

/** A mapping or a list of things with a value, as triples of name, value and reason. */
function entries(given, name, value) {
  if (Array.isArray(given)) return given.map((one) => (typeof one === "string" ? [one, 0] : [one[name] ?? one.name ?? one.text, one[value] ?? one.value, one.reason]));
  return Object.entries(given || {});
}

const ORIGINS = { witnessed: "saw it", told: "was told", concluded: "concluded it" };

function Knows({ story, branch, one, people }) {
  const asked = useAsked(() => api.character(story, branch, idOf(one)), [story, branch, idOf(one)]);
  return html`<${Loaded} asked=${asked} what="what they know">${(whole) => {
    const known = listOf(whole.knows ?? whole.memories, "memories", "knows"), said = listOf(whole.spoken);
    return html`${known.length ? html`<ul class="knows">${known.map((thing) => html`<li>${thing.text || thing}
        <span class="quiet"> ${[thing.origin && (ORIGINS[thing.origin] || thing.origin) + (thing.source ? ` by ${nameOf(people, thing.source)}` : ""), thing.turn ? `scene ${thing.turn}` : ""].filter(Boolean).join(", ")}</span></li>`)}</ul>`
      : html`<p class="quiet">Nothing that the story has told so far.</p>`}
      ${said.length > 0 && html`<h3>Said last</h3><div>${said.slice(-3).map((text) => html`<${Passage} passage=${{ text: `“${text}”` }} />`)}</div>`}
      <${Past} whole=${whole} people=${people} />`;
  }}<//>`;
}

/** How their bonds came to be what they are, scene by scene. */
function Past({ whole, people }) {
  const past = listOf(whole.relationships_over_time ?? whole.history ?? whole.bonds_over_time, "relationships", "rows");
  if (!past.length) return null;
  return html`<${Table} caption=${`${whole.name}: bonds over time`} rows=${past} columns=${[
    ["Scene", (row) => row.turn, true], ["About", (row) => row.name || nameOf(people, row.to)], ["In one number", (row) => signed(row.number ?? row.value), true],
    ["Trust", (row) => signed(row.trust), true], ["Affection", (row) => signed(row.affection), true], ["Fear", (row) => number(row.fear, 2), true],
  ]} />`;
}

const signed = (value) => (value === null || value === undefined ? "—" : `${value > 0 ? "+" : value < 0 ? "−" : ""}${number(Math.abs(value), 2)}`);
const FIELDS = (bond) => ({ from: bond.from ?? bond.who ?? bond.character_id ?? bond.from_id, to: bond.to ?? bond.about ?? bond.other ?? bond.to_id, ...bond.bond, ...bond, number: bond.number ?? bond.strength ?? bond.value ?? bond.bond?.number ?? 0 });

function Bonds({ people, bonds: given }) {
  const bonds = given.map(FIELDS);
  if (!bonds.length) return html`<h2>Between them</h2><p class="quiet">Nobody feels anything about anybody yet.</p>`;
  return html`<h2>Between them</h2>
    <${Graph} people=${people} bonds=${bonds} />
    <${Table} caption="What each feels about the other" rows=${bonds} columns=${[
      ["Who", (one) => nameOf(people, one.from)], ["About whom", (one) => nameOf(people, one.to)], ["In one number", (one) => signed(one.number), true],
      ["Trust", (one) => signed(one.trust), true], ["Affection", (one) => signed(one.affection), true], ["Fear", (one) => number(one.fear, 2), true], ["Debt", (one) => signed(one.debt), true],
    ]} />`;
}

/** Everybody on a circle; a line for each bond, full where it is warm, dashed where it is cold. */
function Graph({ people, bonds }) {
  const ids = [...new Set(bonds.flatMap((one) => [one.from, one.to]))];
  const place = new Map(ids.map((id, n) => {
    const turn = (2 * Math.PI * n) / ids.length - Math.PI / 2;
    return [id, { x: 250 + 170 * Math.cos(turn), y: 200 + 140 * Math.sin(turn) }];
  }));
  return html`<svg class="bonds-graph" viewBox="0 0 500 400" role="img" aria-label="Who feels what about whom; the table below says it in words">
    ${bonds.map((one) => {
      const a = place.get(one.from), b = place.get(one.to);
      const bend = { x: (a.x + b.x) / 2 + (b.y - a.y) * 0.12, y: (a.y + b.y) / 2 - (b.x - a.x) * 0.12 };
      return html`<path class=${one.number < 0 ? "bond cold" : "bond"} d=${`M${a.x} ${a.y}Q${bend.x} ${bend.y} ${b.x} ${b.y}`} stroke-width=${1 + 5 * Math.abs(one.number)} />`;
    })}
    ${ids.map((id) => { const at = place.get(id); return html`<circle class="person-dot" cx=${at.x} cy=${at.y} r="9" /><text x=${at.x} y=${at.y + (at.y < 200 ? -22 : 24)}>${nameOf(people, id)}</text>`; })}
  </svg>`;
}
