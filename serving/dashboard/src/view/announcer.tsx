import { useEffect, useRef, useState } from "preact/hooks";
import type { Judgement } from "../model";
import { levelWord, levelOf, scoreWord } from "../words/risk";

/** At most one announcement in this time, ms. */
const QUIET = 10_000;

function words(judgement: Judgement): string {
  const broken = judgement.breakRisk === null ? "not settled" : levelWord(levelOf(judgement.breakRisk)).toLowerCase();
  return `${scoreWord(judgement.score)}. Distraction risk ${levelWord(judgement.level).toLowerCase()}, break risk ${broken}.`;
}

/** Tells screen readers of a change of level, not of every second. */
export function Announcer({ judgement }: { judgement: Judgement | null }) {
  const [said, setSaid] = useState("");
  const last = useRef(0);
  const next = judgement ? words(judgement) : "";
  useEffect(() => {
    if (!next || next === said || Date.now() - last.current < QUIET) return;
    last.current = Date.now();
    setSaid(next);
  }, [next, said, judgement?.at]);
  return (
    <p class="sr-only" aria-live="polite" data-testid="announcer">
      {said}
    </p>
  );
}
