// The one place that names the libraries: every other module imports what it needs from here.
export { render } from "./vendor/preact.mjs";
export { useEffect, useLayoutEffect, useMemo, useRef, useState } from "./vendor/hooks.mjs";
export { batch, signal } from "./vendor/signals.mjs";
import { h } from "./vendor/preact.mjs";
import htm from "./vendor/htm.mjs";

export const html = htm.bind(h);
