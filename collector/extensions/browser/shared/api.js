// What both browsers have under two names, and the words for the one we run in.
export const api = globalThis.browser ?? globalThis.chrome;
export const EVERYWHERE = { origins: ["<all_urls>"] };

/** Whether the person lets us act on sites. A redirect rule without this is accepted and silently does nothing. */
export const isAllowed = () => api.permissions.contains(EVERYWHERE);

/** {name, version} such as {"chromium", "156"}: as reports name this browser. */
export async function whoami() {
  if (api.runtime.getBrowserInfo) {
    const { name, version } = await api.runtime.getBrowserInfo();
    return { name: name.toLowerCase(), version: version.split(".")[0] };
  }
  const brands = navigator.userAgentData?.brands ?? [];
  const own = brands.find(({ brand }) => /^(Google Chrome|Microsoft Edge|Brave|Opera|Vivaldi)$/.test(brand));
  const { brand, version } = own ?? brands.find(({ brand }) => brand === "Chromium") ?? { brand: "browser", version: "" };
  return { name: brand.toLowerCase(), version };
}
