import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { useLive } from "./live/use-live";
import { STALE } from "./state";
import { applyTheme, nextTheme, readTheme } from "./theme";
import { offerWord } from "./words/actions";
import { Announcer } from "./view/announcer";
import { Header } from "./view/header";
import { History } from "./view/history";
import { Now } from "./view/now";
import { OfferCard, type Answer } from "./view/offer";
import { Say } from "./view/say";
import { SessionCard } from "./view/session";
import { SignIn } from "./view/sign-in";
import { DesktopNotice } from "./view/desktop";
import { CollectorCard, Model } from "./view/standing";
import { Warnings } from "./view/warnings";

function useClock(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

function useTheme() {
  const [theme, setTheme] = useState(readTheme);
  useLayoutEffect(() => applyTheme(theme), [theme]);
  return [theme, () => setTheme(nextTheme)] as const;
}

function titleOf(demo: boolean, score: number | null, offered: string | null): string {
  const lead = offered ?? (score === null ? null : String(Math.round(score)));
  return [demo ? "DEMO" : null, lead, "Neural Focus"].filter(Boolean).join(" · ");
}

/** The page. */
export function App() {
  const { state, send, dispatch } = useLive();
  const now = useClock();
  const [theme, onTheme] = useTheme();
  const { demo, name } = state.person;
  const offer = state.offer && state.offer.until > now - 2000 ? state.offer : null;
  const live = state.judgement !== null && now - state.judgement.at < STALE;
  const title = titleOf(demo, state.judgement?.score ?? null, offer ? offerWord(offer.action, offer.targets) : null);
  useEffect(() => {
    document.title = title;
  }, [title]);
  const answer = (response: Answer) =>
    offer && send({ type: "INTERVENTION_FEEDBACK", data: { intervention_id: offer.id, response } });
  if (state.connection === "signed-out") return <SignIn theme={theme} onTheme={onTheme} />;
  return (
    <>
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <Header connection={state.connection} live={live} demo={demo} person={name} links={state.links} theme={theme} onTheme={onTheme} />
      <main id="main" tabIndex={-1}>
        {demo && (
          <p class="demo-strip" role="note">
            <strong>DEMO.</strong> Everything here comes from a simulated person, kept apart from real ones.
          </p>
        )}
        {state.desktop && <DesktopNotice desktop={state.desktop} />}
        {state.problem && (
          <div class="problem" role="alert">
            <p>{state.problem}</p>
            <button type="button" onClick={() => dispatch({ kind: "dismiss" })}>
              Close
            </button>
          </div>
        )}
        <Now judgement={state.judgement} activity={state.activity} readings={state.readings} now={now} loaded={state.loaded} />
        <div class="side">
          <OfferCard offer={offer} notice={state.notice} now={now} demo={demo} onAnswer={answer} />
          <SessionCard
            session={state.session}
            summary={state.summary}
            now={now}
            live={state.connection === "open"}
            onStart={(type) => send({ type: "START_SESSION", data: { type } })}
            onEnd={(session) => send({ type: "END_SESSION", data: { session_id: session.id } })}
          />
        </div>
        <History recent={state} now={now} loaded={state.loaded} demo={demo} />
        <Warnings warnings={state.warnings} rates={state.hitRates} demo={demo} />
        <div class="side">
          <Say />
          <Model model={state.model} />
          <CollectorCard collector={state.collector} desktop={state.desktop} judgement={state.judgement} now={now} />
        </div>
      </main>
      <footer>
        <p>This page talks to its own service and to nobody else. Which keys you press is never kept.</p>
      </footer>
      <Announcer judgement={state.judgement} />
    </>
  );
}
