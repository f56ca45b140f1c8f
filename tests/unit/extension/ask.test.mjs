// Our own pages ask a background that a browser stops and starts as it likes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeBrowser } from "./fake_browser.mjs";

const { ask, askUntilAnswered } = await import("../../../collector/extensions/browser/shared/ask.js");

function answers(...given) {
  const browser = fakeBrowser();
  browser.asked = 0;
  browser.runtime.sendMessage = (message) => given[browser.asked++](message);
  return browser;
}
const never = () => new Promise(() => {}), fails = () => Promise.reject(new Error("it was stopped"));

test("what is answered comes as it is, also an empty text", async () => {
  answers(async ({ type, port }) => `${type} ${port}`, async () => "");
  assert.equal(await ask("accept", { port: 3 }), "accept 3");
  assert.equal(await ask("accept"), "");
});

test("no answer, a failure and an answer of nobody are none, in time", async () => {
  answers(never, fails, async () => undefined);
  for (let n = 0; n < 3; n++) assert.equal(await ask("look", {}, 50), null);
});

test("what has to be known is asked for until it is answered", async () => {
  const browser = answers(never, fails, async () => null, async () => ({ port: 3 }));
  assert.deepEqual(await askUntilAnswered("status", 50), { port: 3 });
  assert.equal(browser.asked, 4);
});
