// What is drawn over a tab that was open before the block, in the page's isolated world. Nothing in the page is changed or
// lost; the cover goes by itself at the end, and when the extension is gone.

/** Self-contained: it is sent into the page as text. In frames it only stops what plays. */
export function drawCover({ site, reason, until, wait }) {
  const quiet = (event) => event.target.pause?.();
  for (const media of document.querySelectorAll("video, audio")) media.pause();
  if (window !== window.top || globalThis.neuralFocusUncover) return;
  const LEASE_MS = 45e3, ASK_MS = 10e3;
  const api = globalThis.browser ?? globalThis.chrome;

  const host = document.createElement("div");
  const make = (name, style, text = "") => Object.assign(document.createElement(name), { textContent: text, style });
  host.dataset.neuralFocus = "cover";
  host.popover = "manual"; // the top layer: above any z-index, and above what is in full screen
  host.style.cssText = "all: initial; position: fixed; inset: 0; width: 100vw; height: 100vh; margin: 0; border: 0; padding: 0; z-index: 2147483647;";
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const box = make("div", `color-scheme: ${dark ? "dark" : "light"}; box-sizing: border-box; width: 100%; height: 100%; padding: 2rem; overflow: auto; display: grid; place-content: center; justify-items: center; gap: 1.25rem; text-align: center; font: 18px/1.5 system-ui, sans-serif; background: ${dark ? "#10151c" : "#f5f7fa"}; color: ${dark ? "#e6ebf1" : "#1c2733"};`);
  box.setAttribute("role", "dialog");
  box.setAttribute("aria-modal", "true");
  box.setAttribute("aria-label", `${site} is closed for now`);
  const left = make("p", "margin: 0; font-variant-numeric: tabular-nums; font-size: 2rem;");
  left.setAttribute("role", "timer");
  const need = make("button", `font: inherit; padding: .5em 1.4em; border-radius: .6em; border: 1px solid currentColor; background: transparent; color: inherit; cursor: pointer;`, "I need it");
  box.append(
    make("h1", "margin: 0; font-size: 1.75rem; font-weight: 600;", `${site} is closed for now`),
    make("p", "margin: 0; max-width: 34em;", reason),
    left,
    need,
    make("p", "margin: 0; font-size: .9rem; opacity: .75;", "This tab stays as it is: what you wrote is still there afterwards."),
  );
  const shadow = host.attachShadow({ mode: "closed" });
  shadow.append(box);

  let opens = null, asked = 0, lease = null;
  const ask = (message) => {
    try {
      return api.runtime.sendMessage(message).catch(() => "gone");
    } catch {
      return Promise.resolve("gone"); // the extension was removed or updated
    }
  };
  // Without this script (the extension was switched off) nothing here runs any more: then the page itself hides the cover.
  const renew = () => {
    lease?.cancel();
    const delay = Math.max(0, Math.min(LEASE_MS, until - Date.now()));
    lease = host.animate([{ visibility: "visible" }, { visibility: "hidden" }], { delay, duration: 1, fill: "forwards" });
  };
  const check = async () => {
    asked = Date.now();
    const answer = await ask({ type: "covered", address: location.href });
    if (answer === "gone" || answer === null) return uncover();
    ({ until } = answer);
    renew();
  };
  const tick = async () => {
    const now = Date.now();
    if (now >= until) return uncover();
    if (document.visibilityState === "visible" && Math.abs(now - asked) >= ASK_MS) await check();
    if (!globalThis.neuralFocusUncover) return;
    if (!host.isConnected) document.documentElement.append(host);
    if (!host.matches(":popover-open")) host.showPopover();
    const s = Math.ceil((until - now) / 1000);
    left.textContent = `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")} left`;
    if (opens === null) return;
    const waits = Math.ceil((opens - now) / 1000);
    need.textContent = waits > 0 ? `Opens in ${waits} s` : "Opening …";
    if (waits <= 0 && (await ask({ type: "need", address: location.href })) === "gone") uncover();
  };
  const ours = (event) => event.composedPath()[0] === need || event.target === host;
  const keys = (event) => {
    if (ours(event)) return;
    event.stopImmediatePropagation();
    if (!event.ctrlKey && !event.metaKey && !event.altKey) event.preventDefault(); // the browser's own keys go on working
  };
  const stay = (event) => event.target !== host && event.target !== document && need.focus();
  const KEYS = ["keydown", "keypress", "keyup"];
  function uncover() {
    clearInterval(timer);
    delete globalThis.neuralFocusUncover;
    for (const name of KEYS) removeEventListener(name, keys, true);
    document.removeEventListener("play", quiet, true);
    document.removeEventListener("focusin", stay, true);
    document.removeEventListener("visibilitychange", tick);
    host.remove();
    before?.focus?.({ preventScroll: true });
  }
  globalThis.neuralFocusUncover = uncover;
  const before = document.activeElement;
  need.addEventListener("click", () => {
    if (opens !== null) return;
    opens = Date.now() + wait * 1000;
    tick();
  });
  for (const name of KEYS) addEventListener(name, keys, true);
  document.addEventListener("play", quiet, true);
  document.addEventListener("focusin", stay, true);
  document.addEventListener("visibilitychange", tick);
  document.documentElement.append(host);
  const timer = setInterval(tick, 1000);
  asked = Date.now();
  renew();
  tick();
  need.focus({ preventScroll: true });
}

/** Takes a cover away; as text, too. */
export function takeCover() {
  globalThis.neuralFocusUncover?.();
}
