// What wakes the extension. It keeps nothing in memory that it needs: a browser may stop it at any moment.
import { api, isAllowed } from "../shared/api.js";
import { closing } from "../shared/blocks.js";
import { inTurn } from "../shared/turns.js";
import { look, need } from "./keeper.js";
import { accept, offer } from "./pairing.js";
import { isWaiting } from "./reports.js";
import { blockedPage } from "./rules.js";
import { connect, forgetPairing, greet, isConnected, speak } from "./service.js";
import { moveAway, settle } from "./tabs.js";

const TICK_MINUTES = { soon: 0.5, else: 1 };

/** Look at what holds and do `work` with it; then say what there is to say. */
const wake = (work = () => {}, options = {}) =>
  inTurn(async () => {
    const blocks = await look(options);
    const answer = await work(blocks);
    await speak();
    return answer;
  });

const settleTab = (tabId) => (blocks) => blocks.length && api.tabs.get(tabId).then((tab) => settle(blocks, tab), () => {});

async function tick(options) {
  await wake(async (blocks) => {
    const periodInMinutes = blocks.length || (await isWaiting()) ? TICK_MINUTES.soon : TICK_MINUTES.else;
    if ((await api.alarms.get("tick"))?.periodInMinutes !== periodInMinutes) await api.alarms.create("tick", { periodInMinutes });
  }, options);
  await connect();
}

api.alarms.onAlarm.addListener(() => tick());
api.runtime.onInstalled.addListener(() => tick());
api.runtime.onStartup.addListener(() => tick({ started: true }));
api.permissions.onAdded.addListener(() => wake(() => isConnected() && greet()));
api.permissions.onRemoved.addListener(() => wake(() => isConnected() && greet()));
api.tabs.onActivated.addListener(({ tabId }) => wake(settleTab(tabId)));
api.tabs.onUpdated.addListener((tabId, { url, status }) => (url || status === "complete") && wake(settleTab(tabId)));
api.windows.onFocusChanged.addListener(() => wake());
api.webNavigation.onCommitted.addListener(({ frameId, tabId }) => frameId === 0 && wake(settleTab(tabId)));
api.webNavigation.onErrorOccurred.addListener(({ frameId, tabId, url }) => {
  if (frameId !== 0) return;
  wake((blocks) => blocks.length && (url.startsWith(blockedPage()) || closing(blocks, url)) && moveAway(tabId, url));
});

const ANSWERS = {
  // from covers and our own pages
  look: () => wake((blocks) => blocks),
  covered: ({ address }) => wake((blocks) => closing(blocks, address)),
  need: ({ address }, sender) => inTurn(() => need(isOurs(sender) ? address : sender.url)).then(() => inTurn(speak)),
  // from a page of the service
  offer: (message, sender) => offer(message, sender),
  // from our own pages alone
  accept: (message, sender) => isOurs(sender) && accept(message),
  forget: (_, sender) => isOurs(sender) && inTurn(forgetPairing),
  status: (_, sender) => isOurs(sender) && status(),
  tellsSite: ({ tellsSite }, sender) => isOurs(sender) && inTurn(() => api.storage.local.set({ tellsSite }).then(speak)),
};

const isOurs = (sender) => sender.url?.startsWith(api.runtime.getURL(""));

async function status() {
  await connect();
  const { pairing, tellsSite = false } = await api.storage.local.get(["pairing", "tellsSite"]);
  return { port: pairing?.port ?? null, connected: isConnected(), allowed: await isAllowed(), tellsSite, blocks: await ANSWERS.look() };
}

api.runtime.onMessage.addListener((message, sender, reply) => {
  const answer = ANSWERS[message?.type];
  if (!answer || sender.id !== api.runtime.id) return false;
  Promise.resolve(answer(message, sender)).then((value) => reply(value ?? null), () => reply(null));
  return true;
});

tick(); // a start for whatever reason: the rest is as stored
