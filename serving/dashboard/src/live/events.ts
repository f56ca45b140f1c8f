import type { ServerMessage } from "../generated/messages";
import type { Event } from "../state";
import { answerNotice } from "../words/actions";
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
      const { id, user_response: answer } = message.data;
      return { kind: "answered", id, answer, notice: answerNotice(answer) };
    }
    case "SESSION_STARTED":
      return { kind: "session-started", session: decode.session(message.data) };
    case "SESSION_ENDED":
      return { kind: "session-ended", id: message.data.session_id, summary: decode.summary(message.data) };
    case "INTERVENTION_APPLIED":
    case "INTERVENTION_UNDONE":
    case "APPLY_ACTION":
    case "UNDO_ACTION":
    case "SITE_BLOCKS":
    case "SITE_IN_FRONT":
    case "JAIL_LEAVING":
      return { kind: "other" };
    case "ERROR":
      return { kind: "problem", problem: [message.data.title, message.data.detail, message.data.todo].filter(Boolean).join(". ") };
  }
}
