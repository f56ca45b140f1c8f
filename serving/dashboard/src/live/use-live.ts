import { useCallback, useEffect, useReducer, useRef } from "preact/hooks";
import type { ClientMessage } from "../generated/messages";
import { EMPTY, reduce, type Event, type State } from "../state";
import { changesActions, eventOf } from "./events";
import { readActions, readBrowsers, readHelp, readLinks, readRecent, readStanding, SignedOut } from "./rest";
import { LiveSocket, pageSocketAddress } from "./socket";

/** What came true is known only afterwards: the half hour is read again this often, ms. */
const REFRESH = 30_000;

export type Dispatch = (event: Event) => void;

/** Reads what is done now, after a message that changes it. What cannot be read now is read with the next refresh. */
async function refreshActions(dispatch: Dispatch): Promise<void> {
  try {
    dispatch({ kind: "actions", actions: await readActions(), at: Date.now() });
  } catch (error) {
    console.warn(error);
  }
}

async function load(dispatch: Dispatch): Promise<boolean> {
  try {
    const [standing, recent, links, help, browsers] = await Promise.all([
      readStanding(),
      readRecent(),
      readLinks(),
      readHelp(),
      readBrowsers(),
    ]);
    dispatch({ kind: "standing", standing, at: Date.now() });
    dispatch({ kind: "help", help });
    dispatch({ kind: "browsers", browsers });
    dispatch({ kind: "recent", recent });
    dispatch({ kind: "links", links });
    dispatch({ kind: "problem", problem: "" });
    return true;
  } catch (error) {
    if (error instanceof SignedOut) {
      dispatch({ kind: "connection", connection: "signed-out" });
      return false;
    }
    dispatch({ kind: "problem", problem: `The service does not answer as it should. ${String(error)}` });
    return true;
  }
}

/** Loads the page's state and keeps it live. */
export function useLive(): { state: State; send: (message: ClientMessage) => void; dispatch: Dispatch } {
  const [state, dispatch] = useReducer<State, Event>(reduce, EMPTY);
  const socket = useRef<LiveSocket | null>(null);
  useEffect(() => {
    let stopped = false;
    let timer: ReturnType<typeof setInterval> | undefined;
    const start = async () => {
      if (!(await load(dispatch)) || stopped) return;
      socket.current = new LiveSocket(pageSocketAddress(window.location), {
        onMessage: (message) => {
          const event = eventOf(message);
          dispatch(event);
          if (changesActions(event)) void refreshActions(dispatch);
        },
        onConnection: (connection) => dispatch({ kind: "connection", connection }),
      });
      timer = setInterval(() => {
        if (document.visibilityState === "visible") void load(dispatch);
      }, REFRESH);
    };
    void start();
    return () => {
      stopped = true;
      clearInterval(timer);
      socket.current?.close();
    };
  }, []);
  const send = useCallback((message: ClientMessage) => {
    if (!socket.current?.send(message)) {
      dispatch({ kind: "problem", problem: "Not sent: the connection is lost. It comes back by itself; try again then." });
    }
  }, []);
  return { state, send, dispatch };
}
