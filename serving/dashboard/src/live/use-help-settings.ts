import { useCallback, useRef } from "preact/hooks";
import type { HelpSettings } from "../model";
import { errorWord } from "../words/format";
import { readHelp, storeHelp } from "./rest";
import type { Dispatch } from "./use-live";

/** Stores changes of the settings one after the other, each on top of what is stored. Answers with the refusal, or "". */
export function useHelpSettings(dispatch: Dispatch): (change: Partial<HelpSettings>) => Promise<string> {
  const last = useRef<Promise<unknown>>(Promise.resolve());
  return useCallback((change) => {
    const attempt = async () => {
      try {
        dispatch({ kind: "help", help: await storeHelp({ ...(await readHelp()), ...change }) });
        return "";
      } catch (error) {
        return errorWord(error);
      }
    };
    const done = last.current.then(attempt);
    last.current = done;
    return done;
  }, []);
}
