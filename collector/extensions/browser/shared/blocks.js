// What a block is, when it is over, and which block an address falls under. Nothing here waits or stores.
//
// block: {id, site, from, until, why, wait, jail}; times are ms since 1970, wait is s.
import { registrable } from "./registrable.js";

/** Whatever the service says, no block lasts longer. */
export const LONGEST_MS = 4 * 3600e3;
/** A service not heard of for so long has gone, and its blocks with it. It speaks every 25 s. */
export const SILENCE_MS = 90e3;
/** Clocks are corrected by so much all the time. */
const CORRECTION_MS = 5e3;

/** Why the block is over at `now`, or null while it holds. `heard`: when the service spoke last. */
export function ending(block, heard, now) {
  if (now < Math.max(block.from, heard) - CORRECTION_MS) return "clock";
  if (now >= block.until) return "ended";
  return now - heard > SILENCE_MS ? "service_gone" : null;
}

/** A SITE_BLOCKS entry as a block; `from`: when we first heard of it. */
export function blockOf(wanted, from) {
  const { intervention_id: id, site, why, wait_seconds: wait, jail } = wanted;
  return { id, site, from, until: Math.min(wanted.until_us / 1000, from + LONGEST_MS), why, wait, jail };
}

/** Why a name cannot be blocked, whoever asks; empty where it can. The service checks lists much more closely. */
export function refusal(site) {
  if (!/^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(site)) return `${site} is no name of a site`;
  return registrable(site) === null ? `${site} is an ending that many sites share, or this computer` : "";
}

/** The host of a page of the web, null for anything else. */
export function hostOf(address) {
  if (!URL.canParse(address)) return null;
  const { protocol, hostname } = new URL(address);
  return protocol === "http:" || protocol === "https:" ? hostname.replace(/\.$/, "") : null;
}

const covers = (site, host) => host === site || host.endsWith(`.${site}`);

/** What keeps an address closed: its site, the latest end and the longest wait of all blocks on it; or null. */
export function closing(blocks, address) {
  const host = hostOf(address);
  const all = host === null ? [] : blocks.filter((block) => covers(block.site, host));
  if (!all.length) return null;
  const last = all.reduce((one, other) => (other.until > one.until ? other : one));
  return { ...last, wait: Math.max(...all.map(({ wait }) => wait)), jail: all.some(({ jail }) => jail), ids: all.map(({ id }) => id) };
}

/** `m:ss`, rounded up, so that it shows 0:00 only when time is up. */
export function clockText(ms) {
  const s = Math.max(0, Math.ceil(ms / 1000));
  const tail = `${String(Math.floor(s / 60) % 60).padStart(s < 3600 ? 1 : 2, "0")}:${String(s % 60).padStart(2, "0")}`;
  return s < 3600 ? tail : `${Math.floor(s / 3600)}:${tail}`;
}

/** Why the site is closed, in sentences for the person. */
export function reasonText({ why, jail }) {
  const end = /[.!?]$/.test(why) ? "" : ".";
  if (jail) return why ? why + end : "Your session keeps this site closed until it ends.";
  return `You agreed to leave this site closed for a while.${why ? ` It was offered because of this: ${why}${end}` : ""}`;
}
