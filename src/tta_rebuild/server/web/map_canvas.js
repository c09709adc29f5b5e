// The map on a canvas: draws what is in view, pans, zooms, and says what was picked.
import { LANE, STEP } from "./map_layout.js";

const LEAST_ZOOM = 0.02, MOST_ZOOM = 3;

export class MapCanvas {
  /** `onPick({branch, turn} or {run})` is called for a click, a tap and the keys. */
  constructor(canvas, onPick) {
    this.canvas = canvas;
    this.onPick = onPick;
    this.view = { x: 0, y: 0, zoom: 1 };
    this.pointers = new Map();
    this.watched = new AbortController();
    const on = (name, does, options) => canvas.addEventListener(name, does, { signal: this.watched.signal, ...options });
    on("wheel", (e) => { e.preventDefault(); this.zoomBy(Math.exp(-e.deltaY * (e.deltaMode ? 0.05 : 0.0016)), e.offsetX, e.offsetY); }, { passive: false });
    on("pointerdown", (e) => this.press(e));
    on("pointermove", (e) => this.move(e));
    on("pointerup", (e) => this.lift(e));
    on("pointercancel", (e) => this.pointers.delete(e.pointerId));
    on("keydown", (e) => this.key(e));
    this.sizes = new ResizeObserver(() => { this.measure(); this.ask(); });
    this.sizes.observe(canvas);
    this.scheme = matchMedia("(prefers-color-scheme: dark)");
    this.scheme.addEventListener("change", () => this.recolour(), { signal: this.watched.signal });
    this.themes = new MutationObserver(() => this.recolour());
    this.themes.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    this.measure();
    this.recolour();
  }

  close() {
    this.watched.abort();
    this.sizes.disconnect();
    this.themes.disconnect();
    cancelAnimationFrame(this.asked);
  }

  measure() {
    const { clientWidth, clientHeight } = this.canvas;
    this.size = { width: clientWidth || 1, height: clientHeight || 1 };
    const dots = devicePixelRatio || 1;
    this.canvas.width = Math.round(this.size.width * dots);
    this.canvas.height = Math.round(this.size.height * dots);
    this.dots = dots;
  }

  recolour() {
    const style = getComputedStyle(document.documentElement), colour = (name) => style.getPropertyValue(`--${name}`).trim();
    this.colours = { paper: colour("paper"), leaf: colour("leaf"), ink: colour("ink"), soft: colour("soft"), line: colour("strong-line"), way: colour("rubric") };
    this.serif = colour("serif");
    this.ask();
  }

  /** Show a layout; `way` are the branches that lead to where one plays, up to which turn. */
  show(layout, way, { keepView = false } = {}) {
    this.layout = layout;
    this.way = way;
    if (!keepView) this.fit();
    this.draw();
  }

  select(node) { this.picked = node; this.ask(); }

  fit() {
    const { width, height } = this.layout;
    const zoom = Math.min(1.1, Math.max(LEAST_ZOOM, Math.min(this.size.width / width, this.size.height / (height + LANE))));
    this.view = { zoom, x: 0, y: Math.max(0, (this.size.height / zoom - height) / 2) };
    this.ask();
  }

  centre(x, y, zoom = Math.max(this.view.zoom, 0.9)) {
    this.view = { zoom, x: this.size.width / zoom / 2 - x, y: this.size.height / zoom / 2 - y };
    this.ask();
  }

  zoomBy(factor, atX = this.size.width / 2, atY = this.size.height / 2) {
    const before = this.view.zoom, zoom = Math.min(MOST_ZOOM, Math.max(LEAST_ZOOM, before * factor));
    this.view.x += atX / zoom - atX / before;
    this.view.y += atY / zoom - atY / before;
    this.view.zoom = zoom;
    this.ask();
  }

  panBy(x, y) {
    this.view.x += x / this.view.zoom;
    this.view.y += y / this.view.zoom;
    this.ask();
  }

  ask() {
    if (this.asked || !this.layout) return;
    this.asked = requestAnimationFrame(() => { this.asked = 0; this.draw(); });
  }

  // — drawing —

  draw() {
    const { view: { x, y, zoom }, size, dots, colours, layout, way, picked } = this;
    const pen = this.canvas.getContext("2d");
    pen.setTransform(dots, 0, 0, dots, 0, 0);
    pen.fillStyle = colours.paper;
    pen.fillRect(0, 0, size.width, size.height);
    pen.setTransform(dots * zoom, 0, 0, dots * zoom, x * dots * zoom, y * dots * zoom);
    const left = -x - STEP, right = size.width / zoom - x + STEP, top = -y - LANE, bottom = size.height / zoom - y + LANE;
    const sees = (x0, x1, y0, y1) => x1 >= left && x0 <= right && y1 >= top && y0 <= bottom;
    const isFar = zoom < 0.4, lines = { soft: new Path2D(), way: new Path2D() };
    for (const join of layout.joins) {
      if (!sees(join.x0, join.x1, join.y0, join.y1)) continue;
      const path = way.has(join.branch.branch_id) ? lines.way : lines.soft;
      path.moveTo(join.x0, join.y0);
      if (isFar) { path.lineTo(join.x0, join.y1); path.lineTo(join.x1, join.y1); continue; }
      path.lineTo(join.x0, join.y1 - LANE * 0.35);
      path.quadraticCurveTo(join.x0, join.y1, join.x0 + LANE * 0.35, join.y1);
      path.lineTo(join.x1, join.y1);
    }
    const pills = [];
    for (const run of layout.runs) {
      if (!sees(run.x0, run.x1, run.y, run.y)) continue;
      const path = way.get(run.branch.branch_id) >= run.to ? lines.way : lines.soft;
      path.moveTo(run.x0, run.y);
      path.lineTo(run.x1, run.y);
      if (run.hidden && !isFar) pills.push(run);
    }
    pen.lineWidth = Math.max(1.2, 0.8 / zoom);
    pen.strokeStyle = colours.line;
    pen.globalAlpha = isFar ? 0.5 : 1;
    pen.stroke(lines.soft);
    pen.globalAlpha = 1;
    pen.lineWidth = Math.max(2.4, 1.6 / zoom);
    pen.strokeStyle = colours.way;
    pen.stroke(lines.way);
    const r = isFar ? Math.max(5, 1.6 / zoom) : 6, dotsPaths = { soft: new Path2D(), way: new Path2D(), end: new Path2D() }, labels = [];
    for (const node of layout.nodes) {
      if (!sees(node.x, node.x, node.y, node.y)) continue;
      const isWay = way.get(node.branch.branch_id) >= node.turn && !(node.isEmpty && way.get(node.branch.branch_id) === undefined);
      const path = isWay ? dotsPaths.way : dotsPaths.soft;
      if (isFar) path.rect(node.x - r, node.y - r, 2 * r, 2 * r);
      else { path.moveTo(node.x + r, node.y); path.arc(node.x, node.y, r, 0, 7); }
      if (isFar) continue;
      if (node.isEnd) { dotsPaths.end.moveTo(node.x + r + 4, node.y); dotsPaths.end.arc(node.x, node.y, r + 4, 0, 7); }
      labels.push(node);
    }
    pen.fillStyle = colours.paper;
    pen.lineWidth = Math.max(1.4, 0.9 / zoom);
    pen.strokeStyle = colours.line;
    if (isFar) pen.fillStyle = colours.line;
    pen.fill(dotsPaths.soft);
    if (!isFar) pen.stroke(dotsPaths.soft);
    pen.stroke(dotsPaths.end);
    pen.fillStyle = colours.way;
    pen.fill(dotsPaths.way);
    if (!isFar) this.write(pen, pills, labels);
    if (picked) {
      pen.beginPath();
      pen.arc(picked.x, picked.y, Math.max(11, 7 / zoom), 0, 7);
      pen.lineWidth = Math.max(2, 2 / zoom);
      pen.strokeStyle = colours.ink;
      pen.stroke();
    }
    this.frames = (this.frames || 0) + 1;
  }

  write(pen, pills, labels) {
    const { colours, serif } = this;
    pen.textBaseline = "middle";
    pen.textAlign = "center";
    pen.font = `12px ${serif}`;
    for (const run of pills) {
      const x = (run.x0 + run.x1) / 2, text = String(run.hidden), wide = 12 + text.length * 7;
      pen.beginPath();
      pen.roundRect(x - wide / 2, run.y - 9, wide, 18, 9);
      pen.fillStyle = colours.leaf;
      pen.fill();
      pen.lineWidth = 1;
      pen.strokeStyle = colours.line;
      pen.stroke();
      pen.fillStyle = colours.ink;
      pen.fillText(text, x, run.y + 0.5);
    }
    const say = (text, x, y) => { pen.strokeText(text, x, y); pen.fillText(text, x, y); }; // a rim of paper keeps it readable over lines
    pen.fillStyle = colours.soft;
    pen.strokeStyle = colours.paper;
    pen.lineWidth = 3;
    pen.lineJoin = "round";
    for (const node of labels) {
      pen.textAlign = "left";
      pen.font = `11px ${serif}`;
      if (!node.isEmpty) say(String(node.turn), node.x + 7, node.y + 13); // the scene it was forked at has its own
      if (!node.isTip) continue;
      pen.textAlign = "left";
      pen.font = `italic 13px ${serif}`;
      say(node.branch.name.length > 22 ? `${node.branch.name.slice(0, 21)}…` : node.branch.name, node.x + 12, node.y - 9);
    }
  }

  // — pointer and keys —

  place(event) { return { x: event.offsetX / this.view.zoom - this.view.x, y: event.offsetY / this.view.zoom - this.view.y }; }

  press(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    this.moved = this.pointers.size > 1;
  }

  move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const now = { x: event.offsetX, y: event.offsetY };
    if (this.pointers.size === 2) {
      const [other] = [...this.pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
      const far = (a) => Math.hypot(a.x - other.x, a.y - other.y) || 1;
      this.zoomBy(far(now) / far(before), (now.x + other.x) / 2, (now.y + other.y) / 2);
    } else if (this.moved || Math.hypot(now.x - before.x, now.y - before.y) > 4) {
      this.moved = true;
      this.panBy(now.x - before.x, now.y - before.y);
    } else return;
    this.pointers.set(event.pointerId, now);
  }

  lift(event) {
    this.pointers.delete(event.pointerId);
    if (this.moved || this.pointers.size) return;
    const { x, y } = this.place(event), near = 16 / Math.min(1, this.view.zoom);
    let best = null, least = near * near;
    for (const node of this.layout.nodes) {
      const far = (node.x - x) ** 2 + (node.y - y) ** 2;
      if (far < least) { least = far; best = node; }
    }
    if (best) return this.onPick({ node: best });
    const run = this.layout.runs.find((one) => (one.hidden || one.isOpen) && Math.abs(one.y - y) < near && x > one.x0 && x < one.x1);
    if (run) this.onPick({ run });
  }

  key(event) {
    const step = 60, keys = { "+": () => this.zoomBy(1.25), "=": () => this.zoomBy(1.25), "-": () => this.zoomBy(0.8), 0: () => this.fit() };
    if (event.shiftKey) Object.assign(keys, { ArrowLeft: () => this.panBy(step, 0), ArrowRight: () => this.panBy(-step, 0), ArrowUp: () => this.panBy(0, step), ArrowDown: () => this.panBy(0, -step) });
    else Object.assign(keys, { ArrowLeft: () => this.along(-1), ArrowRight: () => this.along(1), ArrowUp: () => this.across(-1), ArrowDown: () => this.across(1), Enter: () => this.onPick({ node: this.picked, isEntered: true }), " ": () => this.unfoldHere() });
    const does = keys[event.key];
    if (!does || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    does();
  }

  pick(node) {
    if (!node) return;
    const { x, y, zoom } = this.view, at = { x: (node.x + x) * zoom, y: (node.y + y) * zoom };
    if (at.x < 30 || at.y < 30 || at.x > this.size.width - 30 || at.y > this.size.height - 30) this.centre(node.x, node.y, zoom);
    this.onPick({ node });
  }

  along(by) {
    const { picked, layout } = this;
    if (!picked) return this.pick(layout.nodes[0]);
    const own = layout.nodes.filter((node) => node.branch === picked.branch).sort((a, b) => a.x - b.x);
    const next = own[own.findIndex((node) => node.turn === picked.turn) + by];
    if (next) return this.pick(next);
    const owner = picked.branch.owner;
    return by < 0 && owner ? this.pick(layout.nodes.find((node) => node.branch === owner && node.turn === picked.branch.fork_turn)) : undefined;
  }

  across(by) {
    const { picked, layout } = this;
    if (!picked) return this.pick(layout.nodes[0]);
    let best = null;
    for (const node of layout.nodes) {
      if (Math.sign(node.y - picked.y) !== by) continue;
      const far = Math.abs(node.y - picked.y) * 4 + Math.abs(node.x - picked.x);
      if (!best || far < best.far) best = { node, far };
    }
    return this.pick(best?.node);
  }

  unfoldHere() {
    const run = this.picked && this.layout.runs.find((one) => one.branch === this.picked.branch && one.from === this.picked.turn);
    if (run && (run.hidden || run.isOpen)) this.onPick({ run });
  }
}
