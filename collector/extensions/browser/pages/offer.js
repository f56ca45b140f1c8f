"use strict";
// On pages of this computer: the page that the person is signed in to may carry an offer to pair this browser.
(() => {
  const offered = new Set();
  const look = () => {
    const [, port, code] = document.querySelector('meta[name="neural-focus-pair"]')?.content.match(/^(\d{1,5}):([\w-]{16,64})$/) ?? [];
    if (!code || port !== location.port || offered.has(code)) return;
    offered.add(code);
    (globalThis.browser ?? globalThis.chrome).runtime.sendMessage({ type: "offer", port, code })?.catch?.(() => {});
  };
  look();
  new MutationObserver(look).observe(document.head ?? document.documentElement, { childList: true, subtree: true, attributes: true });
})();
