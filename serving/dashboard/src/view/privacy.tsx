import { useEffect, useState } from "preact/hooks";
import { askCapture, askRules, refusalOf } from "../live/rest";
import type { Desktop } from "../model";
import { minuteOf } from "../words/format";
import { Forget } from "./forget";
import { Card } from "./parts";

/** What the desktop says that it does, in a sentence. */
export function captureWord(desktop: Desktop | null): string {
  if (desktop === null) return "No desktop of yours is connected: nothing is known of its capture.";
  const until = desktop.pausedUntil === null ? "" : ` until ${minuteOf(desktop.pausedUntil)}`;
  switch (desktop.held) {
    case "":
      return "Your desktop captures.";
    case "pause":
      return `Paused${until}: your desktop captures nothing.`;
    case "hours":
      return `Outside your hours${until}: your desktop captures nothing.`;
    case "file":
      return "Your desktop captures nothing: its rules have just changed, or cannot be used.";
  }
}

/** Seconds until the next midnight on this machine's clock. */
export function untilTomorrow(now: number): number {
  const midnight = new Date(now);
  midnight.setHours(24, 0, 0, 0);
  return Math.max(1, Math.round((midnight.getTime() - now) / 1000));
}

function Pause({ desktop, now }: { desktop: Desktop | null; now: number }) {
  const [asked, ask] = useState(false);
  const [refusal, refuse] = useState("");
  useEffect(() => ask(false), [desktop?.held, desktop?.pausedUntil]);
  const want = async (seconds: number | null) => {
    ask(true);
    const found = await refusalOf(askCapture(seconds));
    refuse(found);
    if (found) ask(false);
  };
  const lengths: [string, number][] = [
    ["Pause 15 min", 900],
    ["Pause 1 h", 3600],
    ["Pause until tomorrow", untilTomorrow(now)],
  ];
  return (
    <div data-testid="capture">
      <p role="status">{captureWord(desktop)}</p>
      <div class="buttons">
        {desktop?.held === "pause" ? (
          <button type="button" class="small" disabled={asked} onClick={() => void want(null)}>
            Capture again
          </button>
        ) : (
          lengths.map(([words, seconds]) => (
            <button key={words} type="button" class="small" disabled={asked || desktop === null} onClick={() => void want(seconds)}>
              {words}
            </button>
          ))
        )}
      </div>
      {asked && <p class="quiet">Your desktop is asked.</p>}
      {refusal && (
        <p class="refusal" role="alert">
          {refusal}
        </p>
      )}
    </div>
  );
}

/** The desktop's file of rules: edited as it is, so that comments stay, and shown as the desktop has it. */
function Rules({ desktop }: { desktop: Desktop }) {
  const there = desktop.privacy?.text ?? null;
  const [text, type] = useState<string | null>(null);
  const [sent, send] = useState<string | null>(null);
  const [refusal, refuse] = useState("");
  const taken = sent !== null && sent === there;
  const [goes, say] = useState(false);
  useEffect(() => {
    if (!taken) return;
    type((now) => (now === sent ? null : now));
    send(null);
    say(true);
  }, [taken]);
  if (there === null)
    return <p class="quiet">Its rules cannot be shown here: see neural-focus privacy on that machine.</p>;
  const onSave = async (event: Event) => {
    event.preventDefault();
    if (text === null) return;
    send(text);
    say(false);
    const found = await refusalOf(askRules(text, there));
    refuse(found);
    if (found) send(null);
  };
  const said = sent !== null ? desktop.privacy?.refused || "Your desktop is asked." : goes && text === null ? "Your desktop goes by these rules." : "";
  return (
    <form onSubmit={(event) => void onSave(event)}>
      <label>
        Rules and hours (<code>privacy.toml</code>)
        <textarea rows={8} spellcheck={false} value={text ?? there} onInput={(event) => type(event.currentTarget.value)} placeholder={'[never]\napps = ["signal"]'} />
      </label>
      <div class="buttons">
        <button type="submit" class="small" disabled={text === null || text === there}>
          Save
        </button>
      </div>
      <p class="said quiet" role="status">
        {refusal || said}
      </p>
    </form>
  );
}

/** What the person keeps from it: pause, rules and hours as the desktop has them, and what is to be forgotten. */
export function PrivacyCard({ desktop, now }: { desktop: Desktop | null; now: number }) {
  return (
    <Card id="privacy" title="Privacy">
      <Pause desktop={desktop} now={now} />
      {desktop && <Rules desktop={desktop} />}
      <Forget />
    </Card>
  );
}
