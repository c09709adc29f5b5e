// The people of a server: who has a token, what they may do and spend; a token is given, shown once, and revoked here.
import { api } from "./api.js";
import { BudgetForm } from "./budgets.js";
import { Loaded, ProblemNote, SureButton, announce, counted, money, useAction, useAsked, when } from "./components.js";
import { html, useEffect, useRef, useState } from "./dom.js";
import { reader } from "./navigation.js";

const ROLES = { player: "plays their own stories", author: "also corrects what was told", operator: "also sees costs and gives tokens" };
const day = (iso) => new Date(iso).toLocaleDateString("en", { dateStyle: "medium" });
const isGood = (token) => !token.revoked_at && (!token.expires_at || new Date(token.expires_at) > new Date());

export function People() {
  const { accounts } = reader.value;
  const asked = useAsked(() => (accounts ? api.tokens() : Promise.resolve(null)), [accounts]);
  if (!accounts) return html`<h2>People</h2><p class="quiet">This server is for one person, and asks nobody who they are. For several, end it, give yourself a token with <code>tta tokens add NAME --role operator</code>, and start it again; the others get theirs here.</p>`;
  return html`<h2>People</h2><${Loaded} asked=${asked} what="the people">${({ tokens }) => html`<${Tokens} tokens=${tokens} again=${asked[2]} />`}<//>`;
}

function Tokens({ tokens, again }) {
  const names = [...new Set(tokens.filter(isGood).map((one) => one.player_id))], gone = tokens.filter((one) => !isGood(one));
  return html`<ul class="fact-list">${names.map((name) => html`<${Person} key=${name} name=${name} tokens=${tokens.filter((one) => one.player_id === name && isGood(one))} again=${again} />`)}</ul>
    ${gone.length > 0 && html`<details><summary>${counted(gone.length, "token")} that ${gone.length === 1 ? "opens" : "open"} nothing any more</summary>
      <ul>${gone.map((one) => html`<li>${one.player_id}, ${one.role}, ${one.token_id}: ${one.revoked_at ? `revoked ${day(one.revoked_at)}` : `expired ${day(one.expires_at)}`}</li>`)}</ul></details>`}
    <${NewToken} again=${again} />`;
}

function Person({ name, tokens, again }) {
  const [changes, setChanges] = useState(false), { usd_a_day: limit, spent_today_usd: spent } = tokens[0];
  async function setBudget(usd) {
    await api.setPlayerBudget(name, usd);
    announce(usd === null ? `${name} has no limit of their own any more.` : `${name} may spend ${money(usd)} a day.`);
    setChanges(false);
    again();
  }
  return html`<li><div class="fact-line"><h3 class="person-name">${name}</h3>
      <p class="quiet">${money(spent)} today${limit === null ? ", no limit of their own" : ` of at most ${money(limit)}`} · <button type="button" class="plain" aria-label=${`Change what ${name} may spend`} onClick=${() => setChanges(true)}>Change</button></p></div>
    ${changes && html`<${BudgetForm} label="They may spend a day, US dollars" now=${limit} set=${setBudget} leave=${() => setChanges(false)} />`}
    ${tokens.map((one) => html`<${Token} key=${one.token_id} token=${one} again=${again} />`)}</li>`;
}

function Token({ token, again }) {
  const isOwn = token.player_id === reader.value.player;
  const [revoke, isBusy, problem] = useAction(async () => {
    await api.revokeToken(token.token_id);
    announce(`A token of ${token.player_id} is revoked.`);
    again();
  });
  return html`<div class="row"><span>${token.role}<span class="quiet">, ${token.used_at ? `last used ${when(token.used_at)}` : "never used"}, given ${day(token.created_at)}${token.expires_at ? `, until ${day(token.expires_at)}` : ""}</span></span>
      <${SureButton} className="plain" label=${html`Revoke<span class="unseen"> the ${token.role}’s token of ${token.player_id}, ${token.token_id}</span>`} disabled=${isBusy}
        question=${`Revoke it for good? ${isOwn ? "You are that person: if this is the token that you came in with, you are out at once." : "Whoever uses it is out at once."}`} yes="Revoke it" act=${revoke} /></div>
    <${ProblemNote} problem=${problem} />`;
}

function NewToken({ again }) {
  const [name, setName] = useState(""), [role, setRole] = useState("player"), [days, setDays] = useState(""), [made, setMade] = useState(null);
  const [add, isBusy, problem] = useAction(async () => {
    setMade(null);
    setMade(await api.addToken({ player: name.trim(), role, ...(days ? { days: Number(days) } : {}) }));
    setName("");
    announce("The token is made. It is shown this once.");
    again();
  });
  return html`<h3>Give somebody a token</h3>
    <form onSubmit=${(e) => { e.preventDefault(); add(); }}>
      <div class="row"><label class="grow">Name: letters, digits and . _ @ - <input value=${name} required maxlength="60" pattern="[\\p{L}\\p{N}_.@\\-]+" title="1 to 60 letters, digits and . _ @ -" autocomplete="off" onInput=${(e) => setName(e.target.value)} /></label>
        <label>Role <select value=${role} onChange=${(e) => setRole(e.target.value)}>${Object.entries(ROLES).map(([key, text]) => html`<option value=${key}>${key}: ${text}</option>`)}</select></label>
        <label>Good for <select value=${days} onChange=${(e) => setDays(e.target.value)}>${[["", "ever"], ["7", "a week"], ["30", "a month"], ["365", "a year"]].map(([key, text]) => html`<option value=${key}>${text}</option>`)}</select></label>
        <button class="main-action" disabled=${isBusy || !name.trim()}>Make it</button></div>
      <${ProblemNote} problem=${problem} /></form>
    ${made && html`<${Secret} key=${made.token_id} made=${made} leave=${() => setMade(null)} />`}`;
}

/** A secret that is never shown again, to be copied. */
function Secret({ made, leave }) {
  const field = useRef(), [copied, setCopied] = useState("");
  useEffect(() => { field.current.focus(); field.current.select(); }, []);
  async function copy() {
    field.current.select();
    try {
      await navigator.clipboard.writeText(made.secret);
      setCopied("It is copied.");
    } catch { setCopied("This browser does not let the page copy: it is marked, copy it yourself (Ctrl+C)."); }
  }
  return html`<div class="note"><p>The token of ${made.player_id}, shown this once; only its digest is kept.</p>
    <div class="row"><label class="grow">Token <input ref=${field} readonly value=${made.secret} /></label>
      <button type="button" class="main-action" onClick=${copy}>Copy it</button><button type="button" onClick=${leave}>It is kept, hide it</button></div>
    <p class="quiet" role="status">${copied}</p></div>`;
}
