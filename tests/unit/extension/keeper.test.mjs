// The stored blocks and what the browser and the service are made to know of them.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { fakeBrowser, NOW, wanted } from "./fake_browser.mjs";

const BACKGROUND = "../../../collector/extensions/browser/background/";
let browser, keeper, reports, starts = 0;

/** A new process of the extension: its modules start from what is stored. `api` is read when they are loaded. */
async function start(fake = fakeBrowser()) {
  browser = fake;
  const fresh = `?${++starts}`;
  keeper = await import(`${BACKGROUND}keeper.js${fresh}`);
  reports = await import(`${BACKGROUND}reports.js${fresh}`);
}

const told = (type) => browser.reports().filter((message) => message.type === `INTERVENTION_${type}`).map(({ data }) => data);
const undone = () => told("UNDONE").map(({ intervention_id, reason }) => [intervention_id, reason]);

beforeEach(() => start());

test("a wanted site is stored, then closed, then reported, once", async () => {
  for (let n = 0; n < 3; n++) await keeper.follow([wanted(7, "reddit.com", 600)]);
  assert.deepEqual(browser.closed(), ["reddit.com"]);
  assert.ok(browser.log.indexOf("stored") < browser.log.indexOf("rules"));
  assert.deepEqual(told("APPLIED"), [{ intervention_id: 7, t_us: NOW * 1000, where: "firefox 153", until_us: (NOW + 600e3) * 1000 }]);
  assert.deepEqual([browser.times.end.scheduledTime, browser.times.silence.scheduledTime], [NOW + 600e3, NOW + 90.1e3]);
});

test("what the service lists no more is opened", async () => {
  await keeper.follow([wanted(7, "reddit.com", 600), wanted(8, "bbc.co.uk", 600)]);
  await keeper.follow([wanted(8, "bbc.co.uk", 600)]);
  assert.deepEqual(browser.closed(), ["bbc.co.uk"]);
  assert.deepEqual(undone(), [[7, "undone"]]);
  browser.now += 600e3;
  await keeper.follow([]);
  assert.deepEqual(browser.closed(), []);
  assert.deepEqual(undone(), [[7, "undone"], [8, "ended"]]);
  assert.deepEqual(browser.times, {});
});

test("any look ends what is over, with its reason", async () => {
  for (const [moved, reason] of [[600e3, "ended"], [91e3, "service_gone"], [-10e3, "clock"]]) {
    await start();
    await keeper.follow([wanted(7, "reddit.com", 600)]);
    browser.now += moved;
    assert.deepEqual(await keeper.look(), []);
    assert.deepEqual(browser.closed(), []);
    assert.deepEqual(undone(), [[7, reason]]);
  }
});

test("a browser that was off for long begins with nothing closed", async () => {
  await keeper.follow([wanted(7, "reddit.com", 3600)]);
  browser.now += 300e3;
  browser.rules = []; // they went with the browser
  await start(browser);
  assert.deepEqual(await keeper.look({ started: true }), []);
  assert.deepEqual(undone(), [[7, "quit"]]);
});

test("a browser that was killed closes its sites again when it starts", async () => {
  await keeper.follow([wanted(7, "reddit.com", 3600)]);
  browser.now += 20e3;
  browser.rules = [];
  await start(browser);
  assert.equal((await keeper.look({ started: true })).length, 1);
  assert.deepEqual(browser.closed(), ["reddit.com"]);
});

test("a process that was killed between storing and opening opens at its next start", async () => {
  await keeper.follow([wanted(7, "reddit.com", 3600)]);
  browser.stored.blocks = {};
  await start(browser);
  await keeper.look();
  assert.deepEqual(browser.closed(), []);
});

test("what ended here is never closed again while the service still lists it, and it is told again", async () => {
  await keeper.follow([wanted(7, "reddit.com", 600), wanted(8, "bbc.co.uk", 600)]);
  await keeper.need("https://old.reddit.com/r/all");
  assert.deepEqual(browser.closed(), ["bbc.co.uk"]);
  await keeper.follow([wanted(7, "reddit.com", 600), wanted(8, "bbc.co.uk", 600)]);
  assert.deepEqual(browser.closed(), ["bbc.co.uk"]);
  assert.deepEqual(undone(), [[7, "needed"], [7, "needed"]]);
});

test("without permission nothing is promised: refused, once, and tried again when it is given", async () => {
  browser.allowed = false;
  for (let n = 0; n < 3; n++) await keeper.follow([wanted(7, "reddit.com", 600)]);
  assert.deepEqual(browser.closed(), []);
  assert.equal(told("APPLIED").length, 1);
  assert.match(told("APPLIED")[0].refused_reason, /^firefox 153: it may not act on sites/);
  browser.allowed = true;
  await keeper.follow([wanted(7, "reddit.com", 600)]);
  assert.deepEqual(browser.closed(), ["reddit.com"]);
  browser.allowed = false;
  await keeper.look();
  assert.deepEqual(undone(), [[7, "failed"]]);
});

test("a rule that the browser does not take is a refusal", async () => {
  browser.failRules = "quota";
  await keeper.follow([wanted(7, "reddit.com", 600)]);
  assert.match(told("APPLIED")[0].refused_reason, /quota/);
  assert.deepEqual(await keeper.look(), []);
});

test("what is no site is refused and everything else is done", async () => {
  await keeper.follow([wanted(7, "*", 600), wanted(8, "localhost", 600), wanted(9, "reddit.com", 600)]);
  assert.deepEqual(browser.closed(), ["reddit.com"]);
  assert.deepEqual(told("APPLIED").map(({ intervention_id, refused_reason }) => [intervention_id, !!refused_reason]), [[7, true], [8, true], [9, false]]);
});

test("a report waits until the service says that it is stored", async () => {
  const sent = [];
  const send = (message) => sent.push(message);
  await keeper.follow([wanted(7, "reddit.com", 600)]);
  await reports.flush(() => false);
  assert.equal(browser.reports().length, 1, "nobody was there to hear it");
  await reports.flush(send);
  await reports.flush(send);
  assert.equal(sent.length, 1);
  await reports.stored({ intervention_id: 7, report: "INTERVENTION_UNDONE" });
  await reports.stored({ intervention_id: 8, report: "INTERVENTION_APPLIED" });
  await reports.flush(send, { again: true }); // a new connection: nobody said that it was stored
  assert.equal(sent.length, 2);
  assert.ok(await reports.isWaiting());
  await reports.stored({ intervention_id: 7, report: "INTERVENTION_APPLIED" });
  assert.deepEqual([browser.reports(), await reports.isWaiting()], [[], false]);
});

test("a tab that never answers keeps nobody waiting", { timeout: 30_000 }, async () => {
  browser.tabs.query = async () => [{ id: 1, url: "https://www.reddit.com/" }, { id: 2, url: "https://example.org/" }];
  browser.scripting.executeScript = () => new Promise(() => {});
  await keeper.follow([wanted(7, "reddit.com", 600)]);
  assert.equal(told("APPLIED").length, 1);
  await keeper.follow([]);
  assert.deepEqual([browser.closed(), undone()], [[], [[7, "undone"]]]);
});
