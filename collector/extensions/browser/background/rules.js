// The network's part of a block: addresses of its sites lead to our page instead. No request leaves the browser.
import { api } from "../shared/api.js";

const RULE = 1;
export const blockedPage = (address = "") => api.runtime.getURL("pages/blocked.html") + (address && `#${address}`);

/** Close exactly these sites. Session rules: they end with the browser, so no crash can leave one behind. */
export async function closeSites(sites) {
  const wanted = [...new Set(sites)].sort();
  const [rule] = await api.declarativeNetRequest.getSessionRules();
  if (JSON.stringify(rule?.condition.requestDomains ?? []) === JSON.stringify(wanted)) return;
  const added = {
    id: RULE,
    priority: 1,
    action: { type: "redirect", redirect: { regexSubstitution: blockedPage("\\0") } },
    condition: { regexFilter: "^https?://.*", requestDomains: wanted, resourceTypes: ["main_frame"] },
  };
  await api.declarativeNetRequest.updateSessionRules({ removeRuleIds: [RULE], addRules: wanted.length ? [added] : [] });
}
