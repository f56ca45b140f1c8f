/** What help may do and what it can do here, in plain words. */
import type { Ability, Desktop, HelpSettings, PairedBrowser } from "../model";
import { listed } from "./actions";

/** One kind of help: whether it works here, else why not and what would make it work. */
export interface Possible {
  name: string;
  able: boolean;
  why: string;
  hint: string;
}

const NAMES: Record<Ability["action"], string> = {
  SUGGEST_BREAK: "Show a break screen",
  MINIMIZE: "Minimise apps",
  KILL: "End programs, in a jail",
  PLACEBO: "Show a card",
};

/** Whether sites can be blocked: by a paired browser that is allowed to and connected. */
export function canBlock(browsers: readonly PairedBrowser[]): Possible {
  const name = "Block sites";
  const open = browsers.filter(({ connected }) => connected);
  if (open.some(({ allowed }) => allowed)) return { name, able: true, why: "", hint: "" };
  if (browsers.length === 0) return { name, able: false, why: "no browser is paired", hint: "Pair the browser that you use" };
  if (open.length === 0) return { name, able: false, why: "no paired browser is open", hint: `Open ${listed(browsers.map((one) => one.name))}` };
  return { name, able: false, why: "the extension may not act on sites", hint: "Allow it on the extension's own page, which its button opens" };
}

/** What works on this computer; without a desktop that is connected nobody knows. */
export function possible(desktop: Desktop | null, browsers: readonly PairedBrowser[]): Possible[] {
  const kinds = Object.keys(NAMES) as Ability["action"][];
  const missing = desktop ? "the desktop's agent does not say that it can" : "the desktop's agent is not connected";
  const hint = desktop ? "Update the agent" : "Start it with: neural-focus agent";
  return [
    canBlock(browsers),
    ...kinds.map((kind) => {
      const found = desktop?.abilities.find(({ action }) => action === kind);
      const name = NAMES[kind];
      return found ? { name, able: found.able, why: found.why, hint: found.hint } : { name, able: false, why: missing, hint };
    }),
  ];
}

/** What a jail applies, a line for each list that is not empty. What cannot be done here is said, not promised. */
export function jailLines(help: HelpSettings, can: readonly Possible[]): string[] {
  const [sites, , minimize, end] = can;
  const unless = (found: Possible | undefined) => (found?.able ? "" : ` Not possible now: ${found?.why ?? ""}.`);
  return [
    help.blockSites.length > 0 && `Your browser blocks ${listed(help.blockSites)}.${unless(sites)}`,
    help.minimizeApps.length > 0 && `Your desktop minimises ${listed(help.minimizeApps)}.${unless(minimize)}`,
    help.endApps.length > 0 && `Your desktop ends ${listed(help.endApps)}, after a warning with time to save.${unless(end)}`,
  ].filter((line) => line !== false);
}
