// All stories: take one up again, rename, save, delete; begin a new one; read one in from a file.
import { api } from "./api.js";
import { Loaded, ProblemNote, SureButton, announce, counted, fileName, moment, save, typeset, useAction, useAsked, when } from "./components.js";
import { html, useEffect, useRef, useState } from "./dom.js";
import { at, go } from "./navigation.js";

const AT_ONCE = 50;

export function Page() {
  const [title, setTitle] = useState(""), [wanted, setWanted] = useState("");
  useEffect(() => { const timer = setTimeout(() => setWanted(title.trim()), 250); return () => clearTimeout(timer); }, [title]);
  const asked = useAsked(() => api.stories({ limit: AT_ONCE, title: wanted }), [wanted]);
  const isNew = asked[0] && !wanted && !asked[0].stories.length;
  return html`<h1>Stories</h1>
    ${isNew ? html`<p class="lead">Nothing is told here yet. A sentence is enough to begin with: who there is, and what happens.</p>` : null}
    <p class="row"><a class="main-action" href="#/new">A new story</a><${ReadIn} again=${asked[2]} /></p>
    ${!isNew && html`<label class="narrow">Find by title <input type="search" value=${title} onInput=${(e) => setTitle(e.target.value)} /></label>`}
    <${Loaded} asked=${asked} what="the stories">${(answer) => html`<${Shelf} key=${wanted} first=${answer} title=${wanted} again=${asked[2]} />`}<//>`;
}

function Shelf({ first, title, again }) {
  const [rows, setRows] = useState(first.stories), [next, setNext] = useState(first.next);
  useEffect(() => { setRows(first.stories); setNext(first.next); }, [first]);
  const [more, isBusy, problem] = useAction(async () => {
    const answer = await api.stories({ after: next, limit: AT_ONCE, title });
    setRows([...rows, ...answer.stories]);
    setNext(answer.next);
  });
  if (!rows.length) return title ? html`<p class="quiet">No story has “${title}” in its title.</p>` : null;
  return html`<ul class="stories">${rows.map((row) => html`<${Entry} key=${row.story_id} row=${row} again=${again} isTwin=${rows.some((one) => one !== row && one.title === row.title)} />`)}</ul>
    ${next && html`<p class="centre"><button type="button" disabled=${isBusy} onClick=${more}>More stories</button></p>`}
    <${ProblemNote} problem=${problem} />`;
}

function Entry({ row, again, isTwin }) {
  const [names, setNames] = useState(false), [title, setTitle] = useState(row.title);
  const field = useRef();
  useEffect(() => { if (names) field.current?.focus(); }, [names]);
  const [rename, , wrongName] = useAction(async () => { await api.renameStory(row.story_id, title); setNames(false); again(); });
  const [remove, , wrongRemoval] = useAction(async () => { await api.deleteStory(row.story_id); announce(`${row.title} is deleted.`); again(); });
  const [keep, , wrongFile] = useAction(async () => save(await api.download(row.story_id), `${fileName(row.title)}.tta.json`));
  return html`<li>
    ${names
      ? html`<form class="row" onSubmit=${(e) => { e.preventDefault(); rename(); }}><label class="grow">Title <input ref=${field} value=${title} maxlength="120" required onInput=${(e) => setTitle(e.target.value)} /></label><button>Keep</button><button type="button" onClick=${() => setNames(false)}>Leave it</button></form>`
      : html`<h2><a href=${at(row.story_id)}>${typeset(row.title)}</a></h2>`}
    <p class="quiet">${counted(row.turns, "scene")}${row.branches > 1 ? ` on ${counted(row.branches, "branch", "branches")}` : ""}${row.updated_at ? ` · ${when(row.updated_at)}` : ""}${isTwin ? ` · begun ${moment(row.created_at)}` : ""}</p>
    <div class="row"><a href=${at(row.story_id, "main", "map")}>Map<span class="unseen"> of ${row.title}</span></a>
      <button type="button" class="plain" aria-label=${`Rename ${row.title}`} onClick=${() => setNames(true)}>Rename</button>
      <button type="button" class="plain" aria-label=${`Save ${row.title} as a file`} onClick=${keep}>Save</button>
      <${SureButton} className="plain" label="Delete" question=${`Delete “${row.title}” with all its branches, for good?`} yes="Delete it" act=${remove} /></div>
    <${ProblemNote} problem=${wrongName || wrongRemoval || wrongFile} />
  </li>`;
}

/** Reads a story in and opens it; where there is something to say about it first, that is said here. */
function ReadIn({ again }) {
  const field = useRef(), [made, setMade] = useState(null);
  const [read, isBusy, problem] = useAction(async (file) => {
    setMade(null);
    const one = await api.importStory(await file.text());
    if (!one.notes.length) return go(at(one.story_id));
    setMade(one);
    announce(one.notes.join(" "));
    return again();
  });
  return html`<span><button type="button" disabled=${isBusy} onClick=${() => field.current.click()}>Read one in from a file</button>
    <input ref=${field} type="file" hidden accept=".json,application/json" onChange=${(e) => { if (e.target.files[0]) read(e.target.files[0]); e.target.value = ""; }} />
    ${made && html`<span class="note read-in">${made.notes.map((text) => html`<span>${typeset(text)} </span>`)}<a href=${at(made.story_id)}>Take it up: ${typeset(made.title)}</a></span>`}
    <${ProblemNote} problem=${problem} /></span>`;
}
