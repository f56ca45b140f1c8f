/** Interventions, answers and ends of sessions in plain words. */

const SITES: Record<string, string> = { YOUTUBE: "YouTube", LINKEDIN: "LinkedIn", TIKTOK: "TikTok", X: "X" };

function properName(code: string): string {
  return SITES[code] ?? code.toLowerCase().replaceAll("_", " ").replace(/^\w/, (first) => first.toUpperCase());
}

/** "BLOCK_REDDIT" → "Stay off Reddit for a while": what the person is asked to do, since nothing acts for them yet. */
export function actionWord(action: string): string {
  if (action === "SUGGEST_BREAK") return "Take a short break";
  if (action === "NO_OP" || action === "NONE" || action === "") return "Nothing offered, at random";
  if (action === "BLOCK_SITES") return "Stay off distracting sites for a while";
  if (action.startsWith("BLOCK_")) return `Stay off ${properName(action.slice(6))} for a while`;
  if (action.startsWith("KILL_")) return `Close ${properName(action.slice(5))}`;
  return properName(action);
}

/** The action of an offer, with its sites if it has several: "Stay off reddit.com and youtube.com for a while". */
export function offerWord(action: string, targets: readonly string[]): string {
  if (targets.length < 2) return actionWord(action);
  return `Stay off ${targets.slice(0, -1).join(", ")} and ${targets.at(-1)} for a while`;
}

const ANSWERS: Record<string, string> = {
  ACCEPTED: "accepted",
  REJECTED: "rejected",
  SNOOZED: "snoozed",
  TIMEOUT: "no answer",
};

export function answerWord(answer: string | null | undefined): string {
  return answer ? (ANSWERS[answer] ?? answer.toLowerCase()) : "waiting";
}

/** What an offer promises: nothing but that the answer is kept. */
export const OFFER_NOTE = "This version blocks nothing and starts no break: if you accept, you do it yourself.";

const NOTICES: Record<string, string> = {
  ACCEPTED: "You accepted, and your answer is stored. The rest is yours: this version blocks nothing and starts no break.",
  REJECTED: "You said no, and your answer is stored.",
  SNOOZED: "Snoozed. The offer comes once more in 5 minutes.",
  TIMEOUT: "You did not answer in time, so nothing was done.",
};

/** What an answer led to, in words. */
export function answerNotice(answer: string): string {
  return NOTICES[answer] ?? "Answered.";
}

const ENDS: Record<string, string> = {
  timer_expired: "The timer is up",
  user_ended: "You ended the session",
  system_error: "The session was cut off by an error",
};

export function endWord(reason: string): string {
  return ENDS[reason] ?? "The session ended";
}

const SESSIONS: Record<string, string> = { pomodoro: "Pomodoro", deep_work: "Deep work", natural: "Natural session" };

export function sessionWord(type: string): string {
  return SESSIONS[type] ?? type;
}
