// What the last story was begun with, kept in this tab: to say how it was understood, and to begin anew with it mended.

const read = (key) => { try { return JSON.parse(sessionStorage.getItem(key)); } catch { return null; } };

export const premiseOf = {
  keep(story, form, notes) {
    try { sessionStorage.setItem("tta.premise", JSON.stringify({ story, form, notes })); } catch { /* then it is written anew */ }
  },
  /** How a story's premise was understood, where it was begun in this tab. */
  notes(story) { const kept = read("tta.premise"); return kept?.story === story ? kept.notes : []; },
  /** Let the page of a new story begin with what was written last. */
  mend() { sessionStorage.setItem("tta.mend", "1"); },
  toMend() {
    if (!sessionStorage.getItem("tta.mend")) return {};
    sessionStorage.removeItem("tta.mend");
    return read("tta.premise")?.form || {};
  },
};
