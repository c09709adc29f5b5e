// Where everything of a story's map stands: pure arithmetic over branches, so that ten thousand turns take milliseconds.
//
// Scenes go from left to right, one column for every turn at which something happens (a fork, an end);
// branches lie in lanes, which are used again once a branch has ended. What lies between two such turns
// of one branch is a run: one pill, until it is unfolded.

export const STEP = 34, LANE = 40;
const RUN_STEP = 44, LONGEST_STEP = 120, NOT_WORTH_FOLDING = 2;

/**
 * `branches` as the API gives them; `unfolded` holds keys of runs (`runKey`) whose scenes are shown one by one.
 *
 * Gives `{nodes, runs, joins, width, height, x(turn), of: Map(branch_id → placed branch), order}`, all in units of the map.
 */
export function laidOut(branches, unfolded = new Set()) {
  const of = new Map();
  for (const one of branches) {
    const first = one.first_turn ?? (one.fork_turn || 0) + 1;
    of.set(one.branch_id, { ...one, first, last: Math.max(one.last_turn ?? 0, first - 1), children: [], points: [], lane: 0, depth: 0 });
  }
  const roots = [];
  for (const branch of of.values()) {
    branch.owner = ownerOf(branch, of);
    if (branch.owner) branch.owner.children.push(branch);
    else roots.push(branch);
  }
  const order = inOrder(roots);
  const columns = new Set();
  for (const branch of order) {
    const points = new Set();
    if (branch.last >= branch.first) points.add(branch.first).add(branch.last);
    for (const child of branch.children) points.add(Math.max(child.fork_turn, branch.owner ? branch.first : 0));
    branch.points = [...points].sort((a, b) => a - b);
    for (const turn of [...branch.points, branch.first]) columns.add(turn);
    branch.points.forEach((from, n) => {
      const to = branch.points[n + 1];
      if (to && isOpen(branch, from, to, unfolded)) for (let turn = from + 1; turn < to; turn++) columns.add(turn);
    });
  }
  const x = positions([...columns].sort((a, b) => a - b));
  const lanes = intoLanes(order, x);
  return { ...drawn(order, x, unfolded), of, order, x, width: x.end, height: lanes * LANE };
}

const isOpen = (branch, from, to, unfolded) => to - from - 1 <= NOT_WORTH_FOLDING || unfolded.has(runKey(branch, from));

export const runKey = (branch, from) => `${branch.branch_id}:${from}`;

/** The branch whose own scene a branch was forked at: its parent, or one further up. */
function ownerOf(branch, of) {
  let owner = of.get(branch.parent);
  while (owner && branch.fork_turn < owner.first && of.has(owner.parent)) owner = of.get(owner.parent);
  return owner;
}

/** Parents before children, and of children the last fork first, so that it lies nearest. */
function inOrder(roots) {
  const order = [], waiting = [...roots].reverse();
  while (waiting.length) {
    const branch = waiting.pop();
    order.push(branch);
    branch.children.sort((a, b) => a.fork_turn - b.fork_turn);
    for (const child of branch.children) {
      child.depth = branch.depth + 1;
      waiting.push(child);
    }
  }
  return order;
}

function positions(turns) {
  const at = new Map();
  let x = STEP;
  turns.forEach((turn, n) => {
    const gap = n ? turn - turns[n - 1] : 0;
    x += n ? (gap === 1 ? STEP : Math.min(LONGEST_STEP, RUN_STEP + 10 * Math.log2(gap))) : 0;
    at.set(turn, x);
  });
  const of = (turn) => {
    if (at.has(turn)) return at.get(turn);
    let low = 0, high = turns.length - 1;
    while (high - low > 1) { const middle = (low + high) >> 1; if (turns[middle] < turn) low = middle; else high = middle; }
    const [a, b] = [turns[low], turns[high]];
    return at.get(a) + ((at.get(b) - at.get(a)) * (turn - a)) / (b - a || 1);
  };
  of.end = x + STEP * 3;
  return of;
}

/** Gives each branch the nearest lane below its parent's that is free all along it; gives their number. */
function intoLanes(order, x) {
  const taken = [];
  for (const branch of order) {
    const from = branch.owner ? x(branch.fork_turn) : 0, to = x(Math.max(branch.last, branch.first)) + STEP * 0.8;
    let lane = branch.owner ? branch.owner.lane + 1 : taken.length;
    while (!isFree(taken[lane], from, to)) lane++;
    insert((taken[lane] ??= []), from, to);
    branch.lane = lane;
  }
  return taken.length;
}

function slot(spans, from) {
  let low = 0, high = spans.length;
  while (low < high) { const middle = (low + high) >> 1; if (spans[middle][0] < from) low = middle + 1; else high = middle; }
  return low;
}

function isFree(spans, from, to) {
  if (!spans) return true;
  const at = slot(spans, from);
  return (at === 0 || spans[at - 1][1] <= from) && (at === spans.length || spans[at][0] >= to);
}

const insert = (spans, from, to) => spans.splice(slot(spans, from), 0, [from, to]);

function drawn(order, x, unfolded) {
  const nodes = [], runs = [], joins = [];
  const middle = (branch) => (branch.lane + 0.5) * LANE;
  for (const branch of order) {
    const y = middle(branch);
    if (branch.owner) joins.push({ branch, x0: x(branch.fork_turn), y0: middle(branch.owner), x1: x(branch.first), y1: y });
    if (branch.last < branch.first) nodes.push({ branch, turn: branch.fork_turn || 0, x: x(branch.first), y, isTip: true, isEmpty: true });
    branch.points.forEach((turn, n) => {
      nodes.push({ branch, turn, x: x(turn), y, isTip: turn === branch.last, isEnd: turn === branch.last && Boolean(branch.ending) });
      const to = branch.points[n + 1];
      if (to === undefined) return;
      const shows = isOpen(branch, turn, to, unfolded);
      runs.push({ branch, from: turn, to, x0: x(turn), x1: x(to), y, hidden: shows ? 0 : to - turn - 1, isOpen: shows && to - turn - 1 > NOT_WORTH_FOLDING });
      if (shows) for (let one = turn + 1; one < to; one++) nodes.push({ branch, turn: one, x: x(one), y, isTip: false });
    });
  }
  return { nodes, runs, joins };
}

/** Branch ids on the way from the beginning to a branch, itself included. */
export function wayTo(layout, branchId) {
  const way = new Map();
  let branch = layout.of.get(branchId), upto = Infinity;
  while (branch) {
    way.set(branch.branch_id, upto);
    upto = branch.fork_turn;
    branch = branch.owner;
  }
  return way;
}
