/** Interventions, answers and ends of sessions in plain words. */

const SITES: Record<string, string> = { YOUTUBE: "YouTube", LINKEDIN: "LinkedIn", TIKTOK: "TikTok", X: "X" };

function properName(code: string): string {
  return SITES[code] ?? code.toLowerCase().replaceAll("_", " ").replace(/^\w/, (first) => first.toUpperCase());
}

/** "BLOCK_REDDIT" → "Block Reddit for a while", "SUGGEST_BREAK" → "Take a short break". */
export function actionWord(action: string): string {
  if (action === "SUGGEST_BREAK") return "Take a short break";
  if (action === "NO_OP" || action === "NONE" || action === "") return "Nothing, on purpose";
  if (action === "BLOCK_SITES") return "Block distracting sites for a while";
  if (action.startsWith("BLOCK_")) return `Block ${properName(action.slice(6))} for a while`;
  if (action.startsWith("KILL_")) return `Close ${properName(action.slice(5))}`;
  return properName(action);
}

/** The action of an offer, with its sites if it has several: "Block reddit.com and youtube.com for a while". */
export function offerWord(action: string, targets: readonly string[]): string {
  if (targets.length < 2) return actionWord(action);
  return `Block ${targets.slice(0, -1).join(", ")} and ${targets.at(-1)} for a while`;
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

const NOTICES: Record<string, string> = {
  ACCEPTED: "Accepted. It is on its way.",
  REJECTED: "Rejected. Nothing was changed.",
  SNOOZED: "Snoozed. It is offered once more in 5 minutes.",
  TIMEOUT: "No answer, so it went ahead.",
};

/** What an answer led to, in a sentence. */
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
