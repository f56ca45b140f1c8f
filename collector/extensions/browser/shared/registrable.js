// The domain somebody registered, by the public suffix list: news.ycombinator.com → ycombinator.com.
import { SUFFIXES } from "./suffixes.js";

/** Names that never leave this computer or its network. */
const LOCAL = new Set(["localhost", "local", "internal", "home", "lan", "onion", "arpa"]);

let lines = null;

/** The rules under a top-level domain without it: of `co.uk` stays `co`, of `*.ck` stays `*`, of `!www.ck` `!www`. */
function rulesUnder(top) {
  lines ??= new Map(SUFFIXES.trim().split("\n").map((line) => line.split(":")));
  return new Set((lines.get(top) ?? "").split(","));
}

/** The registrable domain of a host, null for an address, a name of this network and a suffix itself. */
export function registrable(host) {
  const labels = host.toLowerCase().replace(/\.$/, "").split(".");
  const top = labels.at(-1);
  if (labels.includes("") || LOCAL.has(top) || /^\d+$/.test(top) || host.includes(":")) return null;
  const rules = rulesUnder(top);
  let suffix = 1; // a top-level domain that is not listed is a suffix, too
  for (let length = 2; length <= labels.length; length++) {
    const name = labels.slice(-length, -1).join(".");
    const any = ["*", ...labels.slice(1 - length, -1)].join(".");
    if (rules.has(`!${name}`)) {
      suffix = length - 1;
      break;
    }
    if (rules.has(name) || rules.has(length === 2 ? "*" : any)) suffix = length;
  }
  return labels.length > suffix ? labels.slice(-suffix - 1).join(".") : null;
}
