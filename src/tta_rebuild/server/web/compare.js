// Two branches side by side: what was told since they parted, facts that hold on one alone, how people differ.
import { api } from "./api.js";
import { Loaded, Move, Passage, plain, sentenceCase, useAsked } from "./components.js";
import { html, useState } from "./dom.js";
import { at, heading } from "./navigation.js";

const SCENES = 20;

export function Page({ story, branch, rest: [other] }) {
  const asked = useAsked(async () => {
    const [found, row] = await Promise.all([api.compare(story, branch, other), api.story(story)]);
    heading.value = { story, title: row.title };
    const told = (name) => api.turns(story, name, { after: found.shared_turn, limit: SCENES });
    const [one, two] = await Promise.all([told(branch), told(other)]);
    return { found, one: one.turns, two: two.turns };
  }, [story, branch, other]);
  return html`<h1>${branch} and ${other}</h1>
    <${Loaded} asked=${asked} what="both branches">${(all) => html`<${Both} story=${story} names=${[branch, other]} ...${all} />`}<//>`;
}

function Both({ story, names, found, one, two }) {
  const [part, setPart] = useState("text");
  const shows = { text: "What was told", facts: "What is true", people: "How people are" };
  return html`<p class="lead">${found.shared_turn ? `They share everything up to scene ${found.shared_turn}.` : "They share nothing but the beginning."}</p>
    <div class="tabs" role="group" aria-label="What to compare">${Object.entries(shows).map(([key, text]) => html`<button type="button" aria-pressed=${part === key} onClick=${() => setPart(key)}>${text}</button>`)}</div>
    ${part === "people" && html`<${People} found=${found} names=${names} />`}
    ${part === "text" && html`<${Texts} story=${story} names=${names} sides=${[one, two]} />`}
    ${part === "facts" && html`<div class="sides">${[found.one, found.other].map((side, n) => html`<section aria-label=${names[n]}>
        <h2><a href=${at(story, names[n])}>${names[n]}</a></h2><${Facts} facts=${side.facts} other=${names[1 - n]} /></section>`)}</div>`}`;
}

/** Scene beside scene; on a small screen one below the other. What both tell word for word is quiet. */
function Texts({ story, names, sides }) {
  const turns = [...new Set(sides.flat().map((turn) => turn.turn))].sort((a, b) => a - b);
  const told = sides.map((side) => new Map(side.map((turn) => [turn.turn, turn])));
  if (!turns.length) return html`<p class="quiet">Neither has told anything of its own yet.</p>`;
  return html`<p class="quiet">Paragraphs that are the same on both are grey.</p>
    ${turns.map((number) => {
      const texts = told.map((side) => new Set((side.get(number)?.scene?.passages || []).map((passage) => passage.text)));
      return html`<section class="pair" aria-label=${`Scene ${number}`}><h2>Scene ${number}</h2><div class="sides">${told.map((side, n) => html`<div class="side">
        <h3><a href=${at(story, names[n])}>${names[n]}</a></h3>
        ${side.has(number) ? html`<${Scene} turn=${side.get(number)} others=${texts[1 - n]} />` : html`<p class="quiet">Not told here.</p>`}</div>`)}</div></section>`;
    })}
    ${sides.some((side) => side.length === SCENES) && html`<p class="quiet">… and on; open a branch to read it.</p>`}`;
}

function Scene({ turn, others }) {
  return html`<div class="prose"><div class="turn">
    ${turn.action && html`<${Move} text=${turn.action} />`}
    ${turn.scene?.passages.map((passage) => (others.has(passage.text)
      ? html`<div class="same"><span class="unseen">The same on both: </span><${Passage} passage=${passage} /></div>`
      : html`<${Passage} passage=${passage} />`))}</div></div>`;
}

function Facts({ facts, other }) {
  if (!facts.length) return html`<p class="quiet">Nothing holds here that does not hold on ${other}.</p>`;
  return html`<ul class="fact-list">${facts.map((fact) => html`<li><p class="fact-says">${sentenceCase(fact)}</p></li>`)}</ul>`;
}

function shown(value) {
  if (value === null || value === undefined || value === "") return "—";
  if (Array.isArray(value)) return value.map(shown).join("; ") || "—";
  if (typeof value === "object") return value.text ? value.text : Object.entries(value).map(([key, one]) => `${plain(key)}: ${shown(one)}`).join(", ") || "—";
  return typeof value === "number" ? String(Math.round(value * 100) / 100) : String(value);
}

function People({ found, names }) {
  const people = Object.entries(found.characters);
  if (!people.length) return html`<p class="quiet">Everybody is the same on both.</p>`;
  return people.map(([who, fields]) => html`<section><h2>${found.names[who] || sentenceCase(plain(who))}</h2>
    <div class="table" tabindex="0" role="region" aria-label=${`How ${who} differs`}><table><thead><tr><th scope="col"><span class="unseen">What</span></th><th scope="col">${names[0]}</th><th scope="col">${names[1]}</th></tr></thead>
    <tbody>${Object.entries(fields).map(([field, [a, b]]) => html`<tr><th scope="row">${sentenceCase(plain(field))}</th><td>${shown(a)}</td><td>${shown(b)}</td></tr>`)}</tbody></table></div></section>`);
}
