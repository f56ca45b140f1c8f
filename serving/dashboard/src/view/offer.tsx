import type { Offer } from "../model";
import { offerNote, offerWord, unansweredNote } from "../words/actions";
import { clock } from "../words/format";
import { Card, DemoChip } from "./parts";

export type Answer = "accept" | "reject" | "snooze";

interface OfferProps {
  offer: Offer | null;
  notice: string;
  now: number;
  demo: boolean;
  onAnswer: (answer: Answer) => void;
}

function Countdown({ offer, now }: { offer: Offer; now: number }) {
  const left = Math.max(0, (offer.until - now) / 1000);
  return (
    <div class="countdown">
      <div class="countdown-track">
        <div class="countdown-fill" style={{ width: `${Math.min(100, (left / offer.seconds) * 100)}%` }} />
      </div>
      <p>
        The offer closes in <strong>{clock(Math.ceil(left))}</strong>. {unansweredNote(offer.actsByItself)}
      </p>
    </div>
  );
}

/** The help on offer, what accepting it means, its countdown and three answers. */
export function OfferCard({ offer, notice, now, demo, onAnswer }: OfferProps) {
  if (!offer) {
    return (
      <Card id="offer" title="Help">
        <p class="quiet" role="status">
          {notice || "Nothing is on offer. Offers of help appear here when your focus is about to break."}
        </p>
      </Card>
    );
  }
  return (
    <Card id="offer" title="Help on offer" aside={demo && <DemoChip />}>
      <div role="alert">
        <p class="offer-action">{offerWord(offer)}</p>
        <p>{offer.reason}</p>
      </div>
      <p class="quiet">{offerNote(offer)}</p>
      <Countdown offer={offer} now={now} />
      <div class="buttons">
        <button type="button" class="primary" onClick={() => onAnswer("accept")}>
          Accept
        </button>
        {!offer.again && (
          <button type="button" onClick={() => onAnswer("snooze")}>
            In 5 minutes
          </button>
        )}
        <button type="button" onClick={() => onAnswer("reject")}>
          No, thanks
        </button>
      </div>
    </Card>
  );
}
