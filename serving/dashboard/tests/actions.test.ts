import { describe, expect, it } from "vitest";
import type { Action, Desktop, HelpSettings, PairedBrowser } from "../src/model";
import {
  actionLine,
  actionWord,
  answerNotice,
  answerWord,
  canUndo,
  endWord,
  offerNote,
  offerWord,
  outcomeWord,
  unansweredNote,
} from "../src/words/actions";
import { minuteOf, problemWord } from "../src/words/format";
import { canBlock, jailLines, possible } from "../src/words/help";

const MINUTE = 60_000;
const block: Action = {
  id: 1,
  action: "BLOCK_REDDIT",
  target: "reddit.com",
  jail: false,
  ends: 15 * MINUTE,
  state: "ordered",
  applied: null,
  where: "",
  refused: "",
  undone: null,
  undoneReason: "",
  rested: null,
};
const done: Action = { ...block, state: "applied", applied: MINUTE, where: "chromium 156" };
const pause: Action = { ...done, action: "SUGGEST_BREAK", target: "", where: "screen" };
const app: Action = { ...done, action: "MINIMIZE_SPOTIFY", target: "spotify", where: "x11" };
const kill: Action = { ...done, action: "KILL_STEAM", target: "steam", where: "process", jail: true };
const end = minuteOf(15 * MINUTE);
const at = minuteOf(3 * MINUTE);

describe("offers", () => {
  it.each([
    ["SUGGEST_BREAK", [], "Take a break for 5 minutes"],
    ["BLOCK_REDDIT", ["reddit.com"], "Block reddit.com for 5 minutes"],
    ["MINIMIZE_SPOTIFY", ["spotify"], "Minimise spotify for 5 minutes"],
    ["BLOCK_A", ["a.com", "b.com", "spotify"], "Keep a.com, b.com and spotify away for 5 minutes"],
  ])("say what %s of %j does, and for how long", (action, targets, words) =>
    expect(offerWord({ action, targets, minutes: 5 })).toBe(words),
  );

  it("say who will be asked, and what happens without an answer", () => {
    expect(offerNote({ action: "SUGGEST_BREAK", targets: [] })).toContain("your desktop is asked to show the break screen");
    expect(offerNote({ action: "BLOCK_REDDIT", targets: ["reddit.com"] })).toContain("your browser is asked to block reddit.com");
    expect(offerNote({ action: "BLOCK_A", targets: ["a.com", "b"] })).toContain("your browser is asked to block the sites, and your desktop");
    expect(unansweredNote(false)).toBe("Without an answer nothing is done.");
    expect(unansweredNote(true)).toContain("starts by itself, as you chose");
  });

  it("word past ones without a length, by the action where no target is known", () => {
    expect(actionWord("NO_OP")).toBe("Nothing offered, at random");
    expect(actionWord("PLACEBO", ["12"])).toBe("Show how long you have been in this app");
    expect(actionWord("BLOCK_REDDIT")).toBe("Block reddit");
    expect(actionWord("KILL_STEAM", ["steam"])).toBe("End steam");
  });

  it("claim nothing that was not reported: an answer is asked on, no more", () => {
    for (const action of ["SUGGEST_BREAK", "BLOCK_REDDIT"]) {
      expect(answerNotice("ACCEPTED", false, action)).toMatch(/^You accepted\. .*(is|are) asked; what they report is shown below\.$/);
      expect(answerNotice("TIMEOUT", true, action)).toMatch(/^You did not answer, and you chose .*(is|are) asked; what they report/);
    }
    expect(answerNotice("TIMEOUT", false, "BLOCK_REDDIT")).toBe("You did not answer in time, so nothing was done.");
    expect(answerNotice("REJECTED", false, "BLOCK_REDDIT")).toBe("You said no, and your answer is stored.");
    expect(answerNotice("SNOOZED", false, "BLOCK_REDDIT")).toContain("5 minutes");
  });

  it("word answers and ends, also those they do not know", () => {
    expect(answerWord(null)).toBe("waiting");
    expect(answerWord(null, "PLACEBO")).toBe("nothing to answer");
    expect(answerWord("TIMEOUT")).toBe("no answer");
    expect(answerWord("LATER")).toBe("later");
    expect(endWord("timer_expired")).toBe("The timer is up");
  });
});

describe("an action", () => {
  it("is asked for until it is reported, then done somewhere until its end", () => {
    expect(actionLine(block, MINUTE)).toBe("Your browser is asked to block reddit.com");
    expect(actionLine(done, MINUTE)).toBe(`reddit.com is blocked in Chromium until ${end}`);
    expect(actionLine({ ...done, where: "google chrome 156" }, MINUTE)).toContain("blocked in Google Chrome until");
    expect(actionLine(pause, MINUTE)).toBe(`The break screen is shown until ${end}`);
    expect(actionLine({ ...pause, state: "ordered" }, MINUTE)).toBe("Your desktop is asked to show the break screen");
    expect(actionLine(app, MINUTE)).toBe(`spotify is minimised until ${end}`);
    expect(actionLine(kill, MINUTE)).toBe(`steam was ended at ${minuteOf(MINUTE)}`);
  });

  it("was refused with the reason", () => {
    const refused: Action = { ...block, state: "refused", refused: "The extension may not redirect." };
    expect(actionLine(refused, MINUTE)).toBe("reddit.com was not blocked: The extension may not redirect");
    expect(outcomeWord(refused, MINUTE)).toBe("not done: The extension may not redirect");
  });

  it("is over when that was reported, and why", () => {
    const undone = { undone: 3 * MINUTE, undoneReason: "undone" };
    expect(actionLine({ ...done, ...undone }, 4 * MINUTE)).toBe(`reddit.com has been open again since ${at}: you undid it`);
    expect(actionLine({ ...app, ...undone, undoneReason: "ended" }, 4 * MINUTE)).toBe(`spotify has been free again since ${at}: its time was up`);
    expect(actionLine({ ...pause, ...undone }, 4 * MINUTE)).toBe(`The break screen closed at ${at}: you undid it. It counts as no break`);
    expect(actionLine({ ...pause, ...undone, rested: 3 * MINUTE }, 4 * MINUTE)).toBe(`You rested until ${at}: it counts as a break`);
  });

  it("whose end nobody reported is said to be unknown", () => {
    expect(actionLine(done, 16 * MINUTE)).toBe(`reddit.com was blocked in Chromium. Its end at ${end} is not reported yet`);
    expect(actionLine(block, 16 * MINUTE)).toContain("did not report before");
    expect(outcomeWord(done, 16 * MINUTE)).toBe(`from ${minuteOf(MINUTE)}, nobody reported its end`);
    expect(outcomeWord(block, 16 * MINUTE)).toBe("nobody reported it");
  });

  it("can be undone while it runs, but not in a jail, nor a program that was ended", () => {
    expect([block, done, pause, app].map((one) => canUndo(one, MINUTE))).toEqual([true, true, true, true]);
    expect(canUndo({ ...done, jail: true }, MINUTE)).toBe(false);
    expect(canUndo({ ...kill, jail: false }, MINUTE)).toBe(false);
    expect(canUndo(done, 16 * MINUTE)).toBe(false);
    expect(canUndo({ ...done, undone: MINUTE }, MINUTE)).toBe(false);
  });

  it("leaves a line in the table", () => {
    const undone = { undone: 3 * MINUTE, undoneReason: "needed" };
    expect(outcomeWord({ ...done, ...undone }, 4 * MINUTE)).toBe(`${minuteOf(MINUTE)} to ${at}, you said that you need it`);
    expect(outcomeWord({ ...pause, ...undone }, 4 * MINUTE)).toContain("no rest seen");
    expect(outcomeWord({ ...pause, ...undone, rested: 1 }, 4 * MINUTE)).toContain(", rested");
    const card = { ...done, action: "PLACEBO", target: "12", where: "screen" };
    expect(actionLine(card, 4 * MINUTE)).toBe(`A card with your time in this app is shown until ${end}`);
    expect(actionLine({ ...card, ...undone }, 4 * MINUTE)).toBe(`The card with your time in this app closed at ${at}`);
    expect(outcomeWord(kill, 4 * MINUTE)).toBe(`done at ${minuteOf(MINUTE)}`);
  });
});

describe("what works here", () => {
  const chromium: PairedBrowser = { id: 1, name: "Chromium 156", paired: 0, seen: null, connected: true, allowed: true };
  const desktop: Desktop = {
    source: "the X server of :0",
    pausedUntil: null,
    held: "",
    privacy: null,
    missing: [],
    lost: [],
    abilities: [
      { action: "SUGGEST_BREAK", able: true, why: "", hint: "" },
      { action: "MINIMIZE", able: false, why: "this compositor has no way", hint: "use X11" },
    ],
    rounds: null,
  };
  const help: HelpSettings = { blockSites: ["a.com", "b.com"], minimizeApps: ["spotify"], endApps: [], blockMinutes: 15, breakMinutes: 5, actsByItself: false };

  it("blocks where a browser that may is connected", () => {
    expect(canBlock([chromium]).able).toBe(true);
    expect(canBlock([])).toMatchObject({ able: false, why: "no browser is paired" });
    expect(canBlock([{ ...chromium, allowed: false }])).toMatchObject({ able: false, why: "the extension may not act on sites" });
    expect(canBlock([{ ...chromium, connected: false, allowed: false }])).toMatchObject({ able: false, hint: "Open Chromium 156" });
  });

  it("does on the desktop what the desktop says", () => {
    expect(possible(desktop, [chromium]).map(({ able }) => able)).toEqual([true, true, false, false, false]);
    expect(possible(desktop, [])[2]).toMatchObject({ why: "this compositor has no way", hint: "use X11" });
    expect(possible(null, [])[1]).toMatchObject({ able: false, why: "the desktop's agent is not connected" });
  });

  it("is all that a jail promises", () => {
    expect(jailLines(help, possible(desktop, [chromium]))).toEqual([
      "Your browser blocks a.com and b.com.",
      "Your desktop minimises spotify. Not possible now: this compositor has no way.",
    ]);
    expect(jailLines({ ...help, blockSites: [], minimizeApps: [] }, possible(desktop, []))).toEqual([]);
  });
});

describe("refusals", () => {
  it("are said once, whether the detail repeats the title or not", () => {
    const title = "'paypal.com' cannot be blocked";
    expect(problemWord({ title, detail: `${title}: it looks like a bank. Give another` })).toBe(`${title}: it looks like a bank. Give another`);
    expect(problemWord({ title, detail: "a bank", hint: "Give another" })).toBe(`${title}. a bank. Give another`);
    expect(problemWord({ title })).toBe(title);
  });
});
