import { useEffect, useRef, useState } from "preact/hooks";
import { countForget, forget, readForgetting } from "../live/rest";
import type { Forgettable, Forgetting, StoreCount } from "../model";
import { errorWord } from "../words/format";

/** How often it is asked how far it is, ms. */
const LOOK = 1000;

/** "600 events, 1 interventions"; what stores have none of is left out. */
export function countWord(counts: readonly StoreCount[]): string {
  const some = counts.filter(({ count }) => count > 0).map(({ store, count }) => `${count.toLocaleString("en")} ${store.replaceAll("_", " ")}`);
  return some.join(", ") || "nothing";
}

/** How far it is, as the service and the desktops say. */
export function forgettingWord({ done, share, waits, counts, spools, told }: Forgetting): string {
  if (!done) return waits || `Forgetting: ${Math.round(share * 100)} %.`;
  const desktops = told > 0 ? ` ${told} connected ${told === 1 ? "desktop has" : "desktops have"} not answered yet.` : "";
  const spooled = spools > 0 ? `, and ${spools.toLocaleString("en")} records from spools` : "";
  return `Forgotten: ${countWord(counts)}${spooled}. Counted again: 0 left here.${desktops}`;
}

/** "Mon 30 Nov, 10:12". */
const whenOf = (at: number) => new Date(at).toLocaleString("en-GB", { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

interface Wish {
  app: string | null;
  found: Forgettable;
}

/** The last minutes, or an app: counted, then forgotten on a second press, then counted again. */
export function Forget() {
  const [app, type] = useState("");
  const [wish, hold] = useState<Wish | null>(null);
  const [state, follow] = useState<Forgetting | null>(null);
  const [refusal, refuse] = useState("");
  const attempt = async (work: () => Promise<void>) => {
    refuse("");
    await work().catch((error: unknown) => refuse(errorWord(error)));
  };
  const running = state !== null && (!state.done || state.told > 0);
  useEffect(() => {
    if (!running) return;
    const look = async () => follow((await readForgetting(state.id)) ?? { ...state });
    const again = (error: unknown) => {
      refuse(errorWord(error));
      follow({ ...state });
    };
    const timer = setTimeout(() => void look().then(() => refuse(""), again), LOOK);
    return () => clearTimeout(timer);
  }, [state]);
  const asked = useRef(0);
  const count = (minutes: number | null, of: string | null) =>
    attempt(async () => {
      const mine = ++asked.current;
      follow(null);
      hold(null);
      const found = await countForget(minutes, of);
      if (mine === asked.current) hold({ app: of, found }); // else something else was asked meanwhile
    });
  const onForget = (wanted: Wish) =>
    attempt(async () => {
      follow(await forget(wanted.found, wanted.app));
      hold(null);
      type("");
    });
  const spans: [string, number][] = [
    ["15 min", 15],
    ["1 h", 60],
    ["1 day", 24 * 60],
  ];
  return (
    <div class="forget" data-testid="forget">
      <h3>Forget</h3>
      <div class="buttons">
        {spans.map(([words, minutes]) => (
          <button key={words} type="button" class="small" onClick={() => void count(minutes, null)}>
            The last {words}
          </button>
        ))}
      </div>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void count(null, app);
        }}
      >
        <label>
          An app, by the name that the page shows <input value={app} onInput={(event) => type(event.currentTarget.value)} autocomplete="off" maxLength={100} required />
        </label>{" "}
        <button type="submit" class="small">
          Look
        </button>
      </form>
      {wish && (
        <p role="group" aria-label="Forget it?">
          {wish.app === null ? `From ${whenOf(wish.found.from / 1000)} to ${whenOf(wish.found.to / 1000)}` : `Of ${wish.app}`} there is {countWord(wish.found.counts)}.{wish.found.openOffers > 0 && ` ${wish.found.openOffers} of then are not over, and stay.`}{" "}
          <button type="button" class="small" onClick={() => void onForget(wish)}>
            Forget it
          </button>{" "}
          <button type="button" class="small" onClick={() => hold(null)}>
            Keep it
          </button>
        </p>
      )}
      <p class="said quiet" role="status">
        {refusal || (state && forgettingWord(state))}
      </p>
    </div>
  );
}
