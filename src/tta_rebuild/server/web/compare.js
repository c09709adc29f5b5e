// Two branches side by side: what was told since they parted, facts that hold on one alone, how people differ.
import { api } from "./api.js";
import { Loaded, Passage, plain, sentenceCase, useAsked } from "./components.js";
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
    ${part === "people" ? html`<${People} found=${found} names=${names} />`
      : html`<div class="sides">${[[one, found.one], [two, found.other]].map(([turns, side], n) => html`<section aria-label=${names[n]}>
        <h2><a href=${at(story, names[n])}>${names[n]}</a></h2>
        ${part === "text" ? html`<${Text} turns=${turns} />` : html`<${Facts} facts=${side.facts} other=${names[1 - n]} />`}
      </section>`)}</div>`}`;
}

function Text({ turns }) {
  if (!turns.length) return html`<p class="quiet">Nothing of its own yet.</p>`;
  return html`<div class="prose">${turns.map((turn) => html`<div class="turn">
    <h3 class="quiet">Scene ${turn.turn}</h3>${turn.action && html`<p class="action">${turn.action}</p>`}
    ${turn.scene?.passages.map((passage) => html`<${Passage} passage=${passage} />`)}</div>`)}
    ${turns.length === SCENES && html`<p class="quiet">… and on; open the branch to read it.</p>`}</div>`;
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
