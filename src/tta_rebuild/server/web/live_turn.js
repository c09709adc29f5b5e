// A turn while it is told: posted, followed to its end, taken up again after a reload, a dropped connection or in a second tab.
//
// Which turn runs on a branch is kept in this browser's storage, so every tab that shows the branch follows the same one.
import { LAST_EVENTS, api, newKey, tail } from "./api.js";
import { announce, aloud, reading } from "./components.js";
import { batch, signal } from "./dom.js";

const NOTHING = { passages: [], warnings: [], restarted: "", note: null, problem: null, reason: "" };

/** A turn as the server tells of it, as this page keeps one. */
function turnAsKept({ turn_id: turn, key, kind, text, choice, words }) {
  const action = { kind, ...(text ? { text } : {}), ...(choice ? { choice } : {}) };
  return { turn, key, action, words: words || text || "", isAside: kind === "ask" || kind === "think" };
}

export class LiveTurn {
  /** `onEnd(event)` is called once something of it is stored, before its text leaves this view. */
  constructor(story, branch, { onEnd }) {
    Object.assign(this, { story, branch, onEnd });
    this.place = `tta.turn/${story}/${branch}`;
    /** idle · waiting · telling · paused · stopped (after a pause) · refused · failed · interrupted */
    this.state = signal("idle");
    this.told = signal(NOTHING);
    this.isConnected = signal(true);
    /** Where help can be found, once that was told; it stays as long as the page. */
    this.help = signal("");
    this.running = null;
    /** Whether the reader has stayed at the move since it was made. */
    this.isFollowed = false;
    this.fromOtherTab = (event) => { if (event.key === this.place && event.newValue) this.takeUp(); };
  }

  /** Begin to look after the branch; `running` is the turn that the server says is told now, if any. */
  open(running) {
    addEventListener("storage", this.fromOtherTab);
    this.takeUp(running);
  }

  close() {
    removeEventListener("storage", this.fromOtherTab);
    this.stop?.abort();
  }

  get isBusy() { return this.state.value === "waiting" || this.state.value === "telling"; }

  /** Play a move; `words` is how it is shown. A move that came to nothing is played anew with `again`. */
  async start(action, words = "", { again = false, isAside = false } = {}) {
    if (this.isBusy) return;
    const key = again && this.running?.key ? this.running.key : newKey();
    this.begin({ key, action, words, isAside, turn: "" });
    try {
      const body = again ? { ...action, again: true } : action;
      const posted = await (isAside ? api.aside : api.play)(this.story, this.branch, body, key);
      this.keep({ ...this.running, turn: posted.turn_id });
      await this.follow();
    } catch (problem) {
      if (problem.turn) await this.otherTurn(problem.turn);
      else if (problem.status === 409) await this.movedOn(problem);
      else this.fail(problem);
    }
  }

  /** Somebody else plays here just now: show theirs, and keep the words that were typed. */
  async otherTurn(turn) {
    announce("Another turn is being played here; it is shown.");
    this.state.value = "idle";
    await this.takeUp(turnAsKept(await api.turn(turn)));
  }

  async movedOn(problem) {
    await this.onEnd("stored", {}, this.running);
    this.fail({ title: "The story went on in another place", detail: "Here is how it stands now. Your words are kept.", status: problem.status });
    this.running = { ...this.running, action: {} };
  }

  /** Follow a turn that was begun before: in this tab, another one, or elsewhere. */
  async takeUp(elsewhere) {
    const kept = elsewhere?.turn_id ? turnAsKept(elsewhere) : elsewhere || this.kept();
    const isKnown = kept?.turn === this.left || (this.state.value !== "idle" && kept?.turn === this.running?.turn);
    if (!kept?.turn || this.isBusy || isKnown) return;
    try {
      const there = await api.turn(kept.turn), { state } = there;
      if (state === "stored" || state === "aside" || state === "abandoned") {
        this.forget();
        return state === "stored" && (await this.onEnd("stored", {}, kept)); // over before this tab could follow it
      }
      this.begin(kept.action.kind ? kept : turnAsKept(there));
      if (state === "interrupted") this.state.value = "interrupted";
      else await this.follow();
    } catch (problem) {
      if (problem.status === 404) this.reset();
      else this.fail(problem);
    }
  }

  async cancel() {
    if (this.running?.turn) await api.cancel(this.running.turn).catch(() => {});
    else this.reset();
  }

  /** Stop after a pause: the note stays, and nothing of the words. */
  rest() {
    this.forget();
    this.left = this.running?.turn;
    this.running = { turn: this.left, action: {}, words: "" };
    this.state.value = "stopped";
  }

  reset() {
    if (!this.isOver) this.stop?.abort();
    this.forget();
    this.left = this.running?.turn; // not taken up again by itself
    batch(() => { this.state.value = "idle"; this.told.value = NOTHING; this.isConnected.value = true; });
  }

  begin(running) {
    if (!this.isOver) this.stop?.abort();
    this.stop = new AbortController();
    this.isOver = false;
    this.running = running;
    batch(() => { this.state.value = "waiting"; this.told.value = NOTHING; this.isConnected.value = true; });
  }

  async follow() {
    const options = { signal: this.stop.signal, onConnection: (is) => { this.isConnected.value = is; } };
    for await (const { event, data } of tail(this.running.turn, options)) await this.take(event, data);
  }

  async take(event, data) {
    this.isOver = LAST_EVENTS.has(event);
    const told = this.told.value, add = (part) => { this.told.value = { ...this.told.value, ...part }; };
    if (event === "passage") {
      add({ passages: [...told.passages, data] });
      this.state.value = "telling";
      if (reading.value.streaming) announce(aloud(data));
    } else if (event === "warning") {
      if (data.is_care) this.help.value = data.text;
      else add({ warnings: [...told.warnings, data.text] });
      announce(data.text);
    } else if (event === "restarted") {
      add({ passages: [], restarted: data.reason || "The scene begins anew." });
      announce("The scene begins anew.");
    } else if (event === "stored" || event === "aside") {
      if (!reading.value.streaming) told.passages.forEach((one) => announce(aloud(one)));
      this.forget();
      await this.onEnd(event, data, this.running);
      this.reset();
    } else if (event === "paused" || event === "refused") {
      if (event === "paused") {
        this.keep({ ...this.running, action: {}, words: "" }, this.running);
        await this.onEnd(event, data, this.running);
      }
      batch(() => { add(event === "paused" ? { note: data } : { reason: data.reason }); this.state.value = event; });
      if (event === "refused") announce(data.reason);
    } else if (event === "failed") {
      if (data.problem?.status === 409) await this.movedOn(data.problem);
      else this.fail(data.problem || data);
    } else if (event === "abandoned") {
      this.fail({ title: "The turn was given up", detail: data.reason || "The story is as it was before." });
    }
  }

  fail(problem) {
    if (problem.name === "AbortError") return;
    this.forget();
    batch(() => { this.told.value = { ...this.told.value, problem }; this.state.value = "failed"; });
  }

  kept() {
    try { return JSON.parse(localStorage.getItem(this.place)); } catch { return null; }
  }

  /** Keep which turn runs; `own` is what this page alone knows of it. */
  keep(running, own = running) {
    this.running = own;
    try { localStorage.setItem(this.place, JSON.stringify(running)); } catch { /* then only this tab knows */ }
  }

  forget() {
    try { localStorage.removeItem(this.place); } catch { /* nothing was kept */ }
  }
}
