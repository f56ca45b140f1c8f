import { useEffect, useState } from "preact/hooks";
import { sayOutcome } from "../live/rest";
import type { Outcome } from "../model";
import { errorWord } from "../words/format";
import { Card } from "./parts";

const WORDS: readonly (readonly [Outcome, string])[] = [
  ["FOCUSED", "Focused"],
  ["DISTRACTED", "Distracted"],
  ["PSEUDO_PRODUCTIVE", "Only looked like work"],
];
const STRETCHES: readonly (readonly [string, number | null])[] = [
  ["5 minutes", null],
  ["15 minutes", 15],
  ["30 minutes", 30],
  ["hour", 60],
];

/** What the last minutes were, in the person's own word: it beats every timer and every rule. Alt+1, 2, 3 do the same. */
export function Say() {
  const [chosen, choose] = useState(0);
  const [told, tell] = useState("");
  const say = async (outcome: Outcome, minutes: number | null) => {
    try {
      tell(await sayOutcome(outcome, minutes));
    } catch (error) {
      tell(`Not stored: ${errorWord(error)}`);
    }
  };
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const word = event.altKey ? WORDS[["Digit1", "Digit2", "Digit3"].indexOf(event.code)] : undefined;
      if (word) void say(word[0], null);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
  return (
    <Card id="say" title="How was it?">
      <p>
        <label>
          The last{" "}
          <select value={chosen} onChange={(event) => choose(Number(event.currentTarget.value))}>
            {STRETCHES.map(([name], index) => (
              <option key={name} value={index}>
                {name}
              </option>
            ))}
          </select>
        </label>{" "}
        were
      </p>
      <p class="say-words">
        {WORDS.map(([outcome, word], index) => (
          <button type="button" key={outcome} onClick={() => void say(outcome, STRETCHES[chosen]![1])}>
            {word} <kbd class="quiet">Alt+{index + 1}</kbd>
          </button>
        ))}
      </p>
      <p class="quiet" role="status" data-testid="said">
        {told || "The model learns from your answer. It counts more than timers and rules."}
      </p>
    </Card>
  );
}
