// What no network rule sees: tabs that were open before, pages out of the back/forward cache or from a site's own service
// worker. They are covered, never closed.
import { api } from "../shared/api.js";
import { closing, reasonText } from "../shared/blocks.js";
import { drawCover, takeCover } from "./cover.js";
import { blockedPage } from "./rules.js";

/** A tab that does not answer (a page busy for ever, a process that is stopped) keeps nothing else waiting: a cover goes by
 * itself. */
const ANSWER_MS = 3e3;

/** Cover a tab whose site is closed, and uncover one whose site is not. */
export async function settle(blocks, tab) {
  await Promise.race([attend(blocks, tab), new Promise((done) => setTimeout(done, ANSWER_MS))]);
}

async function attend(blocks, tab) {
  const address = tab.url ?? "";
  const closed = closing(blocks, address);
  if (tab.incognito || tab.discarded || !address.startsWith("http")) return; // what was discarded is loaded anew when it is used
  const target = { tabId: tab.id };
  if (closed === null) {
    await api.scripting.executeScript({ target, func: takeCover, injectImmediately: true }).catch(() => {});
    return;
  }
  const args = [{ site: closed.site, reason: reasonText(closed), until: closed.until, wait: closed.wait }];
  try {
    await api.scripting.executeScript({ target: { ...target, allFrames: true }, func: drawCover, args, injectImmediately: true });
  } catch {
    await moveAway(tab.id, address); // no script runs in it: a PDF, an error page
  }
}

/** The same for all tabs. */
export async function settleAll(blocks) {
  await Promise.all((await api.tabs.query({})).map((tab) => settle(blocks, tab)));
}

/** A link to a page of ours ends in an error unless any page may see that we are here. The rule has stopped the request
 * either way; our own navigation needs no such permission. */
export async function moveAway(tabId, address) {
  const page = address.startsWith(blockedPage()) ? address : blockedPage(address);
  await api.tabs.update(tabId, { url: page }).catch(() => {}); // the tab may be gone
}
