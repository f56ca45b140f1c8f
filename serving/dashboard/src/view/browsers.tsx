import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { makePairingCode, readBrowsers, removeBrowser } from "../live/rest";
import type { PairedBrowser, PairingCode } from "../model";
import { ago, clock, errorWord } from "../words/format";
import type { Possible } from "../words/help";
import { Card } from "./parts";

/** How often the card looks who is paired and connected, ms. */
const LOOK = 3000;
const META = "neural-focus-pair";

/** What the extension is given: where the service answers, and the code. */
function offerOf(code: string): string {
  return `${location.port || "80"}:${code}`;
}

/** Puts the offer where the extension looks for it, as long as the code is shown. */
function useOffer(code: string | null) {
  useLayoutEffect(() => {
    if (code === null) return;
    const meta = document.createElement("meta");
    meta.name = META;
    meta.content = offerOf(code);
    document.head.append(meta);
    return () => meta.remove();
  }, [code]);
}

function Paired({ browser, now, onRemove }: { browser: PairedBrowser; now: number; onRemove: () => void }) {
  const seen = browser.connected ? "connected" : browser.seen === null ? "not seen yet" : `last seen ${ago(browser.seen, now)}`;
  return (
    <li class="paired" data-testid="browser">
      <p>
        {browser.name} <span class="quiet">{seen}</span>
        {browser.connected && !browser.allowed && <span class="refusal"> It may not block: allow its extension all sites.</span>}
      </p>
      <button type="button" class="small" onClick={onRemove} aria-label={`Remove ${browser.name}`}>
        Remove
      </button>
    </li>
  );
}

function Steps({ code, now }: { code: PairingCode; now: number }) {
  return (
    <>
      <ol class="steps">
        <li>
          The extension of Neural Focus has to be in this browser: <code>neural-focus extension</code> says how it gets there.
        </li>
        <li>It opens its own page and asks whether to pair. Accept there.</li>
      </ol>
      {location.hostname !== "127.0.0.1" && (
        <p class="refusal">The extension looks for the offer at 127.0.0.1 only: open this page by that address.</p>
      )}
      <details>
        <summary>Nothing opens?</summary>
        <p>
          Press the extension's button in the browser's bar and enter <code class="offer-code">{offerOf(code.code)}</code>
        </p>
      </details>
      <p class="quiet" data-testid="pairing">
        The offer holds for one browser, for <span class="count">{clock((code.expires - now) / 1000)}</span>.
      </p>
    </>
  );
}

interface BrowsersProps {
  browsers: readonly PairedBrowser[];
  now: number;
  onBrowsers: (browsers: readonly PairedBrowser[]) => void;
}

/** A code, and the browsers that were paired when it was made: another one was paired by it. */
interface Offered {
  code: PairingCode;
  before: ReadonlySet<number>;
}

/** The browsers whose extension may block for the person; pairs another one and takes one away. */
export function BrowsersCard({ browsers, now, onBrowsers }: BrowsersProps) {
  const [offered, offer] = useState<Offered | null>(null);
  const [said, say] = useState("");
  const fresh = offered && browsers.find(({ id }) => !offered.before.has(id));
  const open = offered !== null && !fresh && offered.code.expires > now;
  useOffer(open ? offered.code.code : null);
  const attempt = async (work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      say(errorWord(error));
    }
  };
  useEffect(() => {
    const timer = setInterval(() => void attempt(async () => onBrowsers(await readBrowsers())), LOOK);
    return () => clearInterval(timer);
  }, []);
  const onPair = () =>
    attempt(async () => {
      say("");
      offer({ code: await makePairingCode(), before: new Set(browsers.map(({ id }) => id)) });
    });
  const onRemove = (browser: PairedBrowser) =>
    attempt(async () => {
      await removeBrowser(browser.id);
      offer(null);
      say(`${browser.name} is removed.`);
      onBrowsers(await readBrowsers());
    });
  const outcome = fresh ? `${fresh.name} is paired.` : offered && !open ? "The offer ran out. Make another one." : "";
  return (
    <Card id="browsers" title="Browsers">
      {browsers.length > 0 ? (
        <ul>
          {browsers.map((browser) => (
            <Paired key={browser.id} browser={browser} now={now} onRemove={() => void onRemove(browser)} />
          ))}
        </ul>
      ) : (
        <p class="quiet">No browser is paired, so no site is blocked.</p>
      )}
      {open ? (
        <Steps code={offered.code} now={now} />
      ) : (
        <button type="button" class="pair" onClick={() => void onPair()}>
          Pair a browser
        </button>
      )}
      <p class="said quiet" role="status">
        {said || outcome}
      </p>
    </Card>
  );
}

/** What has the same cause is one entry. */
function byCause(can: readonly Possible[]): Possible[] {
  const found: Possible[] = [];
  for (const one of can) {
    const same = found.findIndex((other) => !one.able && !other.able && one.why === other.why && one.hint === other.hint);
    if (same < 0) found.push(one);
    else found[same] = { ...one, name: `${found[same]!.name}; ${one.name.toLowerCase()}` };
  }
  return found;
}

/** What can be done on this computer, and how to get what cannot. */
export function PossibleCard({ can }: { can: readonly Possible[] }) {
  return (
    <Card id="possible" title="What works here">
      <ul class="possible">
        {byCause(can).map(({ name, able, why, hint }) => (
          <li key={name} data-testid="possible">
            <p class={`state ${able ? "good" : "calm"}`}>
              <i class="dot" />
              <span>
                {name} <span class="quiet">{able ? "works" : "not possible now"}</span>
              </span>
            </p>
            {!able && (
              <p class="quiet">
                {why}
                {hint && <> → {hint}</>}
              </p>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}
