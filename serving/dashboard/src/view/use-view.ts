import { useLayoutEffect, useState } from "preact/hooks";

export type View = "now" | "help";
const VIEWS: Record<string, View> = { "#now": "now", "#help": "help" };

/** Which of the two views the address names. Other fragments lead to places of the view that is shown. */
export function useView(): View {
  const [view, setView] = useState<View>(VIEWS[location.hash] ?? "now");
  useLayoutEffect(() => {
    const onHash = () => {
      const named = VIEWS[location.hash];
      if (!named) return;
      setView(named);
      window.scrollTo(0, 0);
      document.getElementById("main")?.focus({ preventScroll: true });
    };
    window.addEventListener("hashchange", onHash);
    return () => window.removeEventListener("hashchange", onHash);
  }, []);
  return view;
}
