// When a block is over, how long it may be, and which addresses it closes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeBrowser, NOW, wanted } from "./fake_browser.mjs";

fakeBrowser();
const SHARED = "../../../collector/extensions/browser/shared/";
const { blockOf, clockText, closing, ending, hostOf, LONGEST_MS, reasonText, refusal } = await import(`${SHARED}blocks.js`);
const block = { id: 1, site: "reddit.com", from: NOW, until: NOW + 600e3, why: "", wait: 5, jail: false };

test("a block holds until its end, and not a moment longer", () => {
  assert.equal(ending(block, NOW + 599e3, NOW + 600e3 - 1), null);
  assert.equal(ending(block, NOW + 599e3, NOW + 600e3), "ended");
});

test("a service that is silent for 90 s has gone", () => {
  assert.equal(ending(block, NOW, NOW + 90e3), null);
  assert.equal(ending(block, NOW, NOW + 90e3 + 1), "service_gone");
});

test("a clock that is set back ends it, a correction does not", () => {
  assert.equal(ending(block, NOW, NOW - 3e3), null);
  assert.equal(ending(block, NOW, NOW - 6e3), "clock");
  assert.equal(ending(block, NOW + 300e3, NOW + 200e3), "clock"); // after its start, before it was heard of last
});

test("no block lasts longer than four hours after it was heard of first, whatever the service says", () => {
  const asked = wanted(1, "reddit.com", 100 * 3600);
  assert.equal(blockOf(asked, NOW).until, NOW + LONGEST_MS);
  assert.equal(blockOf(asked, NOW - 3600e3).until, NOW + LONGEST_MS - 3600e3);
  assert.equal(LONGEST_MS, 4 * 3600 * 1000);
});

test("a site closes its own pages, and those under it, and no other", () => {
  for (const address of ["https://reddit.com/r/all", "http://old.reddit.com", "https://www.reddit.com:8443/?a#b", "http://reddit.com./"])
    assert.equal(closing([block], address)?.site, "reddit.com", address);
  for (const address of ["https://notreddit.com", "https://reddit.com.evil.example", "about:blank", "ftp://reddit.com", "", "http://"])
    assert.equal(closing([block], address), null, address);
});

test("of several blocks on one site the latest end and the longest wait count, and all of them are undone together", () => {
  const jail = { ...block, id: 2, until: NOW + 300e3, wait: 60, jail: true };
  const found = closing([block, jail], "https://reddit.com");
  assert.deepEqual([found.until, found.wait, found.jail, found.ids], [block.until, 60, true, [1, 2]]);
});

test("what is no site is refused", () => {
  for (const site of ["*", "*.com", "com", "co.uk", "github.io", "localhost", "a.localhost", "127.0.0.1", "printer.lan", "", "reddit.com/r", "Reddit.com", "http://reddit.com"])
    assert.notEqual(refusal(site), "", site);
  for (const site of ["reddit.com", "bbc.co.uk", "someone.github.io", "xn--85x722f.xn--55qx5d.cn"]) assert.equal(refusal(site), "", site);
});

test("words", () => {
  assert.deepEqual([0, 1, 61e3, 599_001, 3600e3].map(clockText), ["0:00", "0:01", "1:01", "10:00", "1:00:00"]);
  assert.match(reasonText({ why: "You switch a lot", jail: false }), /You switch a lot\.$/);
  assert.equal(reasonText({ why: "A session.", jail: true }), "A session.");
  assert.equal(hostOf("https://user:word@A.example.com/x"), "a.example.com");
});
