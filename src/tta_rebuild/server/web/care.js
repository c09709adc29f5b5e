// Care for the player: the note that a turn pauses with, and whom one can reach, here and at any time.
import { api } from "./api.js";
import { Loaded, ProblemNote, announce, useAction, useAsked } from "./components.js";
import { html, useEffect, useRef } from "./dom.js";

const NUMBER = /(\+?\d[\d\s().-]*\d)/; // as help lines are written: 988, 1-800-799-7233, 0800 111 0 111
const HOST = /^(https:\/\/)?([\w-]+(?:\.[\w-]+)+)(\/\S*)?$/;

/** A line of text in which numbers can be called, or be written to where the line says so. */
export function Numbers({ text }) {
  const scheme = /^text\b(?!.*\bcall\b)/i.test(text) ? "sms" : "tel";
  return text.split(NUMBER).map((part, n) => (n % 2 ? html`<a href=${`${scheme}:${part.replace(/[^\d+]/g, "")}`}>${part}</a>` : part));
}

function Web({ address }) {
  const [, , host, path = ""] = HOST.exec(address || "") || [];
  return host ? html`<a href=${`https://${host}${path}`} rel="noreferrer noopener" target="_blank">${host}</a>` : address;
}

/** Whom one can reach: `{name, contact, web}` each, and the number for an emergency. */
export function HelpLines({ lines, emergency }) {
  return html`<ul class="help-lines">
    ${emergency && html`<li>In an emergency: <${Numbers} text=${emergency} /></li>`}
    ${lines.map((line) => html`<li><strong>${line.name}</strong>: ${line.contact === line.web ? html`<${Web} address=${line.web} />`
      : html`<${Numbers} text=${line.contact} />${line.web && html` · <${Web} address=${line.web} />`}`}</li>`)}
  </ul>`;
}

/** The help lines of this server's country, to be opened whenever somebody likes. */
export function Reachable() {
  const asked = useAsked(() => api.helpLines(), []);
  return html`<${Loaded} asked=${asked} what="the help lines">${(found) => html`<${HelpLines} ...${found} />
    <p class="quiet">From ${found.source}, as of ${found.dated}. Numbers change; the web sites say which hold.</p>`}<//>`;
}

/** The note to a player in need, whom one can reach, and the three ways on. After "Stop for now" the lines stay. */
export function Care({ live, play, story, branch, refresh }) {
  const { note } = live.told.value, running = live.running || {}, hasStopped = live.state.value === "stopped";
  const goOn = () => play({ ...(note.go_on || running.action), after_note: true }, running.words, { isAside: running.isAside });
  const [gentler, isBusy, problem] = useAction(async () => { await api.gentler(story, branch); await refresh(); goOn(); });
  const heading = useRef();
  useEffect(() => { heading.current?.focus(); }, [hasStopped]);
  if (hasStopped) return html`<div class="note care">
    <h2 class="small" ref=${heading} tabindex="-1">Stopped for now</h2>
    <p>Everything that was told is kept; what you wrote last is not. Come back whenever you like.</p>
    <${HelpLines} lines=${note.help_lines} emergency=${note.emergency} />
    <p>You find these lines again under “Whom you can reach”, beside the text.</p>
    <p class="row"><button type="button" onClick=${() => live.reset()}>Take the story up again</button> <a href="#/">All stories</a></p>
  </div>`;
  return html`<div class="note care">
    <h2 class="small" ref=${heading} tabindex="-1">A moment, before the story goes on</h2>
    <p><${Numbers} text=${note.note} /></p>
    <${HelpLines} lines=${note.help_lines} />
    <p class="row">
      <button type="button" onClick=${goOn}>Go on, with what I wrote</button>
      <button type="button" onClick=${gentler} disabled=${isBusy}>Go on, but more gently from here</button>
      <button type="button" onClick=${() => { live.rest(); announce("Stopped for now. Everything that was told is kept."); }}>Stop for now</button>
    </p>
    <${ProblemNote} problem=${problem} />
  </div>`;
}
