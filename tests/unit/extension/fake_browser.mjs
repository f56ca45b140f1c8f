// As much of a browser as the background's modules ask for, kept in plain objects; and a clock that tests set.
export const NOW = Date.UTC(2026, 0, 2, 12);

// Modules take hold of `browser` once, when they are loaded: it leads to whichever browser is there now.
let current;
globalThis.browser = new Proxy({}, { get: (_, name) => current[name] });

export function fakeBrowser() {
  const stored = {}, times = {}, log = [];
  const fake = {
    stored, times, log, rules: [], allowed: true, now: NOW, failRules: "",
    runtime: {
      id: "it",
      getURL: (path) => `moz-extension://it/${path}`,
      getBrowserInfo: async () => ({ name: "Firefox", version: "153.8" }),
      getPlatformInfo: async () => ({}),
    },
    permissions: { contains: async () => fake.allowed },
    storage: {
      local: {
        get: async (keys) => structuredClone(Object.fromEntries([keys].flat().filter((key) => key in stored).map((key) => [key, stored[key]]))),
        set: async (values) => { log.push("stored"); Object.assign(stored, structuredClone(values)); },
        remove: async (key) => { delete stored[key]; },
      },
    },
    alarms: {
      get: async (name) => times[name],
      create: async (name, { when }) => { times[name] = { scheduledTime: when }; },
      clear: async (name) => { delete times[name]; },
    },
    declarativeNetRequest: {
      getSessionRules: async () => fake.rules,
      updateSessionRules: async ({ addRules }) => {
        if (fake.failRules) throw new Error(fake.failRules);
        log.push("rules");
        fake.rules = addRules;
      },
    },
    tabs: { query: async () => [] },
    scripting: { executeScript: async () => [] },
    closed: () => fake.rules[0]?.condition.requestDomains ?? [],
    reports: () => (stored.reports ?? []).map(({ message }) => message),
  };
  current = fake;
  Date.now = () => fake.now;
  return fake;
}

/** One entry of SITE_BLOCKS that ends in so many seconds. */
export const wanted = (id, site, seconds, more = {}) => ({
  intervention_id: id, site, until_us: (Date.now() + seconds * 1000) * 1000, why: "", wait_seconds: 5, jail: false, ...more,
});
