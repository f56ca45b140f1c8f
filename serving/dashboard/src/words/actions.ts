/** Offers of help, what was ordered and what was reported of it, and ends of sessions, in plain words. */
import type { Action, Offer } from "../model";
import { browserName, capital, minuteOf, stretch } from "./format";

type Doer = "browser" | "desktop";

/** Who has to do an action, and what it does to its target. "BLOCK_REDDIT" is the browser's. */
interface Kind {
  doer: Doer;
  order: (target: string) => string;
  /** As a bare fact, for what was reported. */
  done: (target: string, is: "is" | "was") => string;
  not: (target: string) => string;
}

const KINDS: Record<string, Kind> = {
  SUGGEST_BREAK: {
    doer: "desktop",
    order: () => "show the break screen",
    done: (_, is) => `The break screen ${is} shown`,
    not: () => "The break screen was not shown",
  },
  BLOCK: {
    doer: "browser",
    order: (target) => `block ${target}`,
    done: (target, is) => `${target} ${is} blocked`,
    not: (target) => `${target} was not blocked`,
  },
  MINIMIZE: {
    doer: "desktop",
    order: (target) => `minimise ${target}`,
    done: (target, is) => `${target} ${is} minimised`,
    not: (target) => `${target} was not minimised`,
  },
  KILL: {
    doer: "desktop",
    order: (target) => `end ${target}`,
    done: (target) => `${target} was ended`,
    not: (target) => `${target} was not ended`,
  },
  /** A card that offers nothing: nothing is undone when it goes. */
  PLACEBO: {
    doer: "desktop",
    order: () => "show how long you have been in this app",
    done: (_, is) => `A card with your time in this app ${is} shown`,
    not: () => "The card with your time in this app was not shown",
  },
};

const OTHER: Kind = {
  doer: "desktop",
  order: (target) => `help with ${target}`,
  done: (target, is) => `Help with ${target} ${is} on`,
  not: (target) => `Help with ${target} was not done`,
};

function kindName(action: string): string {
  return action === "SUGGEST_BREAK" ? action : action.split("_")[0]!;
}

function kindOf(action: string): Kind {
  return KINDS[kindName(action)] ?? OTHER;
}

/** Names as a list: "a.com, b.com and c.com". */
export function listed(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

function nameOf(action: string, target: string | undefined): string {
  return target || action.replace(/^[A-Z]+_/, "").toLowerCase().replaceAll("_", " ");
}

/** What help of this kind would do: "Block reddit.com", "Keep reddit.com and spotify away", "Take a break". */
export function actionWord(action: string, targets: readonly string[] = []): string {
  if (action === "NO_OP" || action === "NONE" || action === "") return "Nothing offered, at random";
  if (action === "SUGGEST_BREAK") return "Take a break";
  if (targets.length > 1) return `Keep ${listed(targets)} away`;
  const order = kindOf(action).order(nameOf(action, targets[0]));
  return capital(order);
}

/** The action of an offer with its length: "Block reddit.com for 15 minutes". */
export function offerWord({ action, targets, minutes }: Pick<Offer, "action" | "targets" | "minutes">): string {
  return minutes > 0 ? `${actionWord(action, targets)} for ${stretch(minutes * 60)}` : actionWord(action, targets);
}

/** Who is asked if the person accepts, and that it can be undone. */
export function offerNote({ action, targets }: Pick<Offer, "action" | "targets">): string {
  if (action === "SUGGEST_BREAK") return "If you accept, your desktop is asked to show the break screen. One key leaves it.";
  const asked = targets.length > 1 ? "your browser is asked to block the sites, and your desktop to minimise the apps" : `your ${kindOf(action).doer} is asked to ${kindOf(action).order(nameOf(action, targets[0]))}`;
  return `If you accept, ${asked}. You can undo it at any time.`;
}

/** What happens to an offer that nobody answers. */
export function unansweredNote(actsByItself: boolean): string {
  return actsByItself ? "Without an answer it starts by itself, as you chose." : "Without an answer nothing is done.";
}

const ANSWERS: Record<string, string> = {
  ACCEPTED: "accepted",
  REJECTED: "rejected",
  SNOOZED: "snoozed",
  TIMEOUT: "no answer",
};

export function answerWord(answer: string | null | undefined, action = ""): string {
  if (action === "PLACEBO") return "nothing to answer";
  return answer ? (ANSWERS[answer] ?? answer.toLowerCase()) : "waiting";
}

/** What an answer led to. That something happened is said only where it was reported: see `actionLine`. */
export function answerNotice(answer: string, byItself: boolean, action: string): string {
  const asked = action === "SUGGEST_BREAK" ? "Your desktop is asked" : "Your browser and your desktop are asked";
  if (answer === "ACCEPTED") return `You accepted. ${asked}; what they report is shown below.`;
  if (answer === "REJECTED") return "You said no, and your answer is stored.";
  if (answer === "SNOOZED") return "Snoozed. The offer comes once more in 5 minutes.";
  if (answer !== "TIMEOUT") return "Answered.";
  if (!byItself) return "You did not answer in time, so nothing was done.";
  return `You did not answer, and you chose that help then starts by itself. ${asked}; what they report is shown below.`;
}

export type Phase = "ordered" | "applied" | "refused" | "over" | "unreported";

/** How far an action has come, by what was reported of it. */
export function phaseOf({ state, undone, ends, action }: Action, now: number): Phase {
  if (undone !== null || (state === "applied" && kindName(action) === "KILL")) return "over";
  if (state === "refused") return "refused";
  return now >= ends ? "unreported" : state;
}

const WHY_UNDONE: Record<string, string> = {
  ended: "its time was up",
  undone: "you undid it",
  needed: "you said that you need it",
  emergency: "you left the jail",
  quit: "the browser or the agent was closed",
  restarted: "it was left over at a start",
  service_gone: "the service was not heard of",
  clock: "the clock was set back",
  failed: "it broke",
};

/** Where on the desktop says nothing new. */
const DESKTOP = ["", "screen", "x11", "sway", "process"];

/** " in Google Chrome" for "google chrome 156", nothing for a place on the desktop. */
function placeWord(where: string): string {
  return DESKTOP.includes(where) ? "" : ` in ${browserName(where.replace(/ [\d.]+$/, ""))}`;
}

function overWord(item: Action, name: string): string {
  const why = WHY_UNDONE[item.undoneReason] ?? item.undoneReason;
  const at = item.undone === null ? "" : minuteOf(item.undone);
  switch (kindName(item.action)) {
    case "SUGGEST_BREAK":
      return item.rested === null
        ? `The break screen closed at ${at}: ${why}. It counts as no break`
        : `You rested until ${minuteOf(item.rested)}: it counts as a break`;
    case "BLOCK":
      return `${name} has been open again since ${at}: ${why}`;
    case "MINIMIZE":
      return `${name} has been free again since ${at}: ${why}`;
    case "PLACEBO":
      return `The card with your time in this app closed at ${at}`;
    case "KILL":
      return item.applied === null ? `${name} was ended` : `${name} was ended at ${minuteOf(item.applied)}`;
    default:
      return `Help with ${name} ended at ${at}: ${why}`;
  }
}

/** One action as a sentence: asked for, done, refused, or over. Only a report makes it done. */
export function actionLine(item: Action, now: number): string {
  const kind = kindOf(item.action);
  const name = nameOf(item.action, item.target);
  const end = minuteOf(item.ends);
  switch (phaseOf(item, now)) {
    case "ordered":
      return `Your ${kind.doer} is asked to ${kind.order(name)}`;
    case "applied":
      return `${kind.done(name, "is")}${placeWord(item.where)} until ${end}`;
    case "refused":
      return `${kind.not(name)}: ${item.refused.replace(/\.$/, "")}`;
    case "over":
      return overWord(item, name);
    case "unreported":
      return item.state !== "applied"
        ? `${kind.not(name)}, as far as is known: your ${kind.doer} did not report before ${end}`
        : `${kind.done(name, "was")}${placeWord(item.where)}. Its end at ${end} is not reported yet`;
  }
}

/** It can be ended before its time: not what a jail does, nor a program that was ended. */
export function canUndo(item: Action, now: number): boolean {
  return !item.jail && kindName(item.action) !== "KILL" && ["ordered", "applied"].includes(phaseOf(item, now));
}

/** What became of an order, in a few words for a table: "14:05 to 14:08, you undid it", "not done: no permission". */
export function outcomeWord(item: Action, now: number): string {
  if (item.state === "refused") return `not done: ${item.refused.replace(/\.$/, "")}`;
  if (item.applied === null) return now < item.ends ? "not reported yet" : "nobody reported it";
  const from = minuteOf(item.applied);
  if (kindName(item.action) === "KILL") return `done at ${from}`;
  if (item.undone === null) return now < item.ends ? `since ${from}` : `from ${from}, nobody reported its end`;
  const why = WHY_UNDONE[item.undoneReason] ?? item.undoneReason;
  const rested = kindName(item.action) !== "SUGGEST_BREAK" ? "" : item.rested === null ? ", no rest seen" : ", rested";
  return `${from} to ${minuteOf(item.undone)}, ${why}${rested}`;
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
