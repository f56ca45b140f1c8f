import type { ServerMessage } from "../generated/messages";
import type { Event } from "../state";
import { problemWord } from "../words/format";
import * as decode from "./decode";

/** What a message of the service means for the page. */
export function eventOf(message: ServerMessage): Event {
  switch (message.type) {
    case "PREDICTION":
      return { kind: "judgement", judgement: decode.judgement(message.data) };
    case "ACTIVITY_UPDATE":
      return { kind: "activity", at: Date.parse(message.data.timestamp), activity: decode.activity(message.data) };
    case "DESKTOP_STATUS":
      return { kind: "desktop", desktop: message.data.state === "gone" ? null : decode.desktop(message.data) };
    case "INTERVENTION":
      return { kind: "offer", offer: decode.offer(message.data) };
    case "INTERVENTION_CLOSED": {
      const { id, user_response: answer, auto_accepted: byItself } = message.data;
      return { kind: "answered", id, answer, byItself };
    }
    case "INTERVENTION_APPLIED":
      return { kind: "reported", id: message.data.intervention_id, report: decode.applied(message.data) };
    case "INTERVENTION_UNDONE":
      return { kind: "reported", id: message.data.intervention_id, report: decode.undone(message.data) };
    case "JAIL_LEAVING":
      return { kind: "jail-leaving", id: message.data.session_id, lifts: message.data.lifts_us / 1000 };
    case "SESSION_STARTED":
      return { kind: "session-started", session: decode.session(message.data) };
    case "SESSION_ENDED":
      return { kind: "session-ended", id: message.data.session_id, summary: decode.summary(message.data) };
    case "APPLY_ACTION":
    case "UNDO_ACTION":
    case "SITE_BLOCKS":
    case "REPORT_STORED":
    case "SITE_IN_FRONT":
    case "ASK_ROUNDS":
    case "ASK_CAPTURE":
    case "ASK_RULES":
    case "FORGET_RECORDS":
      return { kind: "other" };
    case "ERROR":
      return { kind: "problem", problem: problemWord(message.data) };
  }
}

/** What is done for the person may have changed with this message: it has to be read again. */
export function changesActions(event: Event): boolean {
  return ["answered", "reported", "session-started", "session-ended", "jail-leaving"].includes(event.kind);
}
