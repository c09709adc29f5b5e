// The client of the HTTP API: requests with problem details, and a turn's events, resumed where they broke off.
// Everything that comes back is data from outside: pages show it as text and never as markup.

import { needsToken } from "./navigation.js";

const BASE = new URL("api/v1/", document.baseURI);
const FIRST_WAIT_MS = 250, LONGEST_WAIT_MS = 5000;
export const LAST_EVENTS = new Set(["stored", "refused", "paused", "failed", "abandoned", "aside"]);

/** What went wrong, as the server's problem document says it (RFC 9457); `status` 0: it was not reached. */
export class Problem extends Error {
  constructor(document, status) {
    super(document.detail || document.title || "Something went wrong");
    this.title = document.title || "Something went wrong";
    this.detail = document.detail || "";
    this.what = forPeople(document.do);
    this.status = status;
    this.turn = document.turn_id || "";
    this.retryAfter = document.retry_after_s || 0;
  }
}

/** What to do, unless it is said for programs (a route to call). */
function forPeople(text = "") {
  return /\/api\/v1|\{\w+\}|^(GET|POST|PATCH|DELETE) /.test(text) ? "" : text;
}

/** Who is reading, on a server for several people: a token becomes a session's cookie, which no script can read. */
export const access = {
  enter: (token, stay) => post(["session"], { token, stay }),
  leave: () => json("DELETE", ["session"]),
  who: () => get(["session"]),
  get isByLink() { return Boolean(sessionStorage.getItem("tta.share")); },
  leaveLink() { sessionStorage.removeItem("tta.share"); },
  /** Read along by the secret of a link, in this tab; gives the story. */
  async share(secret) {
    sessionStorage.setItem("tta.share", secret);
    return get(["shared"]);
  },
};

function path(parts) {
  return parts.map((part) => encodeURIComponent(part)).join("/");
}

function urlOf(parts, query) {
  const url = new URL(path(parts), BASE);
  for (const [name, value] of Object.entries(query || {})) {
    if (value !== undefined && value !== "") url.searchParams.set(name, value);
  }
  return url;
}

async function send(method, url, { body, headers = {}, signal, raw } = {}) {
  const own = { Accept: "application/json, application/problem+json", ...headers };
  if (body !== undefined && !raw) own["Content-Type"] = "application/json";
  const link = sessionStorage.getItem("tta.share");
  if (link) own["X-TTA-Share"] = link;
  let response;
  try {
    response = await fetch(url, {
      method, signal, headers: own, credentials: "same-origin",
      body: body === undefined ? undefined : raw ? body : JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem({ title: "The server cannot be reached", detail: "Is it still running? Nothing you typed is lost." }, 0);
  }
  if (response.status === 401) needsToken.value = true;
  if (!response.ok) throw await problemOf(response);
  return response;
}

async function problemOf(response) {
  const text = await response.text();
  let document;
  try { document = JSON.parse(text); } catch { document = { title: response.statusText, detail: text.slice(0, 300) }; }
  const retryAfter = Number(response.headers.get("Retry-After")) || document.retry_after_s;
  return new Problem({ ...document, retry_after_s: retryAfter }, response.status);
}

async function json(method, parts, options = {}) {
  const response = await send(method, urlOf(parts, options.query), options);
  return response.status === 204 ? null : response.json();
}

const get = (parts, query, signal) => json("GET", parts, { query, signal });
const post = (parts, body, options) => json("POST", parts, { body, ...options });

const of = (story, branch, ...rest) => ["stories", story, "branches", branch, ...rest];

export const api = {
  stories: (query) => get(["stories"], query),
  story: (story) => get(["stories", story]),
  openStory: (premise) => post(["stories"], premise),
  premise: (premise, signal) => post(["premises"], premise, { signal }),
  renameStory: (story, title) => json("PATCH", ["stories", story], { body: { title } }),
  deleteStory: (story) => json("DELETE", ["stories", story]),
  importStory: (text) => post(["stories", "import"], text, { raw: true, headers: { "Content-Type": "application/json" } }),
  map: (story, query) => get(["stories", story, "map"], query),
  titles: (story, query) => get(["stories", story, "map", "titles"], query),
  search: (story, words, signal) => get(["stories", story, "map", "search"], { words }, signal),
  shares: (story) => get(["stories", story, "shares"]),
  share: (story) => post(["stories", story, "shares"]),
  unshare: (story, share) => json("DELETE", ["stories", story, "shares", share]),
  compare: (story, one, other) => get(["stories", story, "compare"], { one, other }),
  fork: (story, branch, turn, name) => post(["stories", story, "branches"], { branch, turn, ...(name ? { name } : {}) }),
  present: (story, branch, signal) => get(of(story, branch), {}, signal),
  turns: (story, branch, query) => get(of(story, branch, "turns"), query),
  undo: (story, branch, turns = 1) => post(of(story, branch, "undo"), { turns }),
  characters: (story, branch) => get(of(story, branch, "characters")),
  character: (story, branch, who) => get(of(story, branch, "characters", who)),
  relationships: (story, branch) => get(of(story, branch, "relationships")),
  facts: (story, branch, query) => get(of(story, branch, "facts"), query),
  retcon: (story, branch, body) => post(of(story, branch, "retcons"), body),
  correctLine: (story, branch, number, becomes) => json("PATCH", of(story, branch, "lines", String(number)), { body: { becomes } }),
  validate: (story, branch, choices, signal) => post(of(story, branch, "validate"), { choices }, { signal }),
  tighten: (story, branch, boundaries) => json("PATCH", of(story, branch, "boundaries"), { body: { boundaries } }),
  gentler: (story, branch) => json("PATCH", of(story, branch, "boundaries"), { body: { gentler: true } }),
  ratings: (story, branch) => get(of(story, branch, "ratings")),
  rate: (story, branch, body) => post(of(story, branch, "ratings"), body),
  helpLines: () => get(["help-lines"]),
  worlds: () => get(["worlds"]),
  models: () => get(["models"]),
  evaluate: (text) => post(["evaluate"], { text }),
  feedback: (query) => get(["feedback"], query),
  experiments: () => get(["experiments"]),
  experiment: (name) => get(["experiments", name]),
  analytics: (query) => get(["analytics"], query),
  costs: (query, signal) => get(["costs"], query, signal),
  health: (signal) => get(["health"], {}, signal),
  storyBudgets: () => get(["budgets"]),
  setStoryBudget: (story, usd) => json("PUT", ["stories", story, "budget"], { body: { usd } }),
  tokens: () => get(["tokens"]),
  addToken: (wanted) => post(["tokens"], wanted),
  revokeToken: (token) => json("DELETE", ["tokens", token]),
  setPlayerBudget: (name, usd) => json("PUT", ["players", name, "budget"], { body: { usd_a_day: usd } }),
  turn: (turn) => get(["turns", turn]),
  cancel: (turn) => json("DELETE", ["turns", turn]),
  /** Post a turn; the same key never makes two, so a request that got lost is sent again. */
  async play(story, branch, action, key) {
    return persistently(() => post(of(story, branch, "turns"), action, { headers: { "Idempotency-Key": key } }));
  },
  aside: (story, branch, aside, key) =>
    persistently(() => post(of(story, branch, "asides"), aside, { headers: { "Idempotency-Key": key } })),
  /** The whole story as a file for the reader to keep. */
  async download(story, query) {
    const response = await send("GET", urlOf(["stories", story, "export"], query));
    return response.blob();
  },
};

async function persistently(ask) {
  for (let attempt = 0; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (error.status !== 0 || attempt >= 4) throw error;
      await pause(FIRST_WAIT_MS * 2 ** attempt);
    }
  }
}

function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => { clearTimeout(timer); reject(signal.reason); }, { once: true });
  });
}

/** A key that names one turn for good, also where the page has no secure context. */
export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * The events of a turn, `{id, event, data}`, from the one after `after` to the last.
 *
 * A connection that breaks is taken up again with `Last-Event-ID`; `onConnection(false)` says that it
 * is gone, `onConnection(true)` that it is back. Throws a Problem where the turn is not known any more.
 */
export async function* tail(turn, { after = 0, signal, onConnection = () => {} } = {}) {
  let last = after, wait = FIRST_WAIT_MS, isOver = false;
  for (;;) {
    try {
      const headers = { Accept: "text/event-stream" };
      if (last) headers["Last-Event-ID"] = String(last);
      const response = await send("GET", urlOf(["turns", turn, "events"]), { headers, signal });
      onConnection(true);
      if (response.status === 204) {
        const { state, last } = await api.turn(turn);
        if (state !== "running") { yield { id: 0, event: state, data: last }; return; }
      } else for await (const item of eventsIn(response.body, signal)) {
        wait = FIRST_WAIT_MS;
        if (item.id && item.id <= last) continue;
        last = item.id || last;
        isOver = LAST_EVENTS.has(item.event);
        yield item;
      }
      if (isOver) return;
    } catch (error) {
      if (isOver) return;
      if (error.name === "AbortError" || (error.status >= 400 && error.status < 500)) throw error;
    }
    onConnection(false);
    await pause(wait, signal);
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  }
}

/** Server-sent events of a stream of bytes (the fields that the server sends: id, event, data). */
async function* eventsIn(body, signal) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done || signal?.aborted) return;
      const blocks = (rest + value).split(/\r?\n\r?\n/);
      rest = blocks.pop();
      for (const block of blocks) {
        const item = { id: 0, event: "message", data: "" };
        for (const line of block.split(/\r?\n/)) {
          const [, name, text] = /^([a-z]*): ?(.*)$/.exec(line) || [];
          if (name === "id") item.id = Number(text);
          else if (name === "event") item.event = text;
          else if (name === "data") item.data += (item.data ? "\n" : "") + text;
        }
        if (item.data) yield { ...item, data: JSON.parse(item.data) };
      }
    }
  } finally {
    reader.releaseLock();
  }
}
