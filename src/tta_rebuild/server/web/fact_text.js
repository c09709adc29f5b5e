// A fact in words. Relations are the canon's; what this page has no words for is said by its name.
import { plain, sentenceCase } from "./components.js";

const IN_WORDS = {
  located_in: "is at", holds: "holds", wears: "wears", owns: "owns", knows: "knows", met: "has met", kin: "is kin to",
  role: "is", trait: "is", looks: "looks", feeling: "feels", believes: "believes", secret: "keeps secret", wants: "wants",
  name: "is called", alias: "is also called", age: "is aged", part_of: "is part of", state: "is", promised: "has promised", weather: "has the weather",
};
const YES_OR_NO = { alive: ["is alive", "is dead"], open: ["is open", "is closed"], destroyed: ["is destroyed", "is whole"], locked: ["is locked", "is not locked"] };

export function factText(fact, names = {}) {
  const called = (id) => names[id] || plain(id);
  const who = sentenceCase(called(fact.subject)), yesOrNo = YES_OR_NO[fact.relation];
  const said = yesOrNo && (fact.value === "true" || fact.value === "false") ? yesOrNo[fact.value === "true" ? 0 : 1]
    : fact.value === "true" ? `is ${plain(fact.relation)}` : fact.value === "false" ? `is not ${plain(fact.relation)}`
    : `${IN_WORDS[fact.relation] || plain(fact.relation)} ${called(fact.value)}`;
  const by = fact.speaker && fact.speaker !== "narrator" ? `, says ${called(fact.speaker)}` : "";
  return `${who} ${said}${by}.`;
}
