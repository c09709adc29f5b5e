// Addresses of pages, and what the shell and the pages tell each other: the story's title, that a token is needed.
import { signal } from "./dom.js";

const STORY_PAGES = new Set(["play", "map", "cast", "canon", "compare"]);
const OTHER_PAGES = new Set(["library", "new", "costs", "lab"]);

/** Which page an address (`#/…`) names, and what of. */
export function parsed(hash) {
  const parts = hash.replace(/^#\/?/, "").split("/").filter(Boolean).map(decodeURIComponent);
  if (parts[0] === "story" && parts[1]) {
    const [, story, branch = "main", page = "play", ...rest] = parts;
    return { page: STORY_PAGES.has(page) ? page : "play", story, branch, rest };
  }
  return { page: OTHER_PAGES.has(parts[0]) ? parts[0] : "library", rest: parts.slice(1) };
}

/** The address of a story's page. */
export function at(story, branch = "main", page = "", ...rest) {
  return `#/${["story", story, branch, ...(page ? [page] : []), ...rest].map(encodeURIComponent).join("/")}`;
}

export function go(address) { location.hash = address; }

/** The story's title for header and window, once a page knows it. */
export const heading = signal({ story: "", title: "" });

/** Whether the server answered that it must know who is reading. */
export const needsToken = signal(false);

/** Who is reading, as the server knows them; until it has said so (`isKnown`), and without accounts, everything may be tried. */
export const reader = signal({ accounts: false, player: "", role: null, isKnown: false });
const ROLES = ["player", "author", "operator"];

/** Whether who is reading has a role, or one above it. */
export const may = (role) => !reader.value.accounts || ROLES.indexOf(reader.value.role) >= ROLES.indexOf(role);

/** What to say of a branch that one has just come to, and how: `{story, branch, text, from}`; said once. */
export const arrival = signal(null);
