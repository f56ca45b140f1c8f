import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import type { ClientMessage } from "./generated/messages";
import { useHelpSettings } from "./live/use-help-settings";
import { askRounds, refusalOf, signOut, startSession } from "./live/rest";
import { useLive } from "./live/use-live";
import { shownActions, STALE, type State } from "./state";
import type { PairedBrowser } from "./model";
import { applyTheme, nextTheme, readTheme } from "./theme";
import { offerWord } from "./words/actions";
import { possible } from "./words/help";
import { Announcer } from "./view/announcer";
import { BrowsersCard, PossibleCard } from "./view/browsers";
import { MachinesCard } from "./view/machines";
import { DayCard } from "./view/day";
import { DoneCard } from "./view/done";
import { ExperimentsCard } from "./view/experiments";
import { Header } from "./view/header";
import { HelpSettingsCard, type Save } from "./view/help-settings";
import { History } from "./view/history";
import { Now } from "./view/now";
import { Card, Empty } from "./view/parts";
import { OfferCard, type Answer } from "./view/offer";
import { Say } from "./view/say";
import { SessionCard } from "./view/session";
import { PrivacyCard } from "./view/privacy";
import { SignIn } from "./view/sign-in";
import { DesktopNotice } from "./view/desktop";
import { CollectorCard, Model } from "./view/standing";
import { useView } from "./view/use-view";
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

interface ViewProps {
  state: State;
  now: number;
  offer: ComponentChildren;
}

/** The moment, the last half hour and what stands behind them. */
function NowView({ state, now, offer, send }: ViewProps & { send: (message: ClientMessage) => void }) {
  const { demo } = state.person;
  return (
    <>
      <div class="side">
        <Now judgement={state.judgement} activity={state.activity} readings={state.readings} now={now} loaded={state.loaded} />
        <DoneCard actions={shownActions(state.actions, now)} now={now} />
      </div>
      <div class="side">
        {offer}
        <SessionCard
          session={state.session}
          summary={state.summary}
          help={state.help}
          can={possible(state.desktop, state.browsers)}
          now={now}
          live={state.connection === "open"}
          rounds={state.desktop?.rounds ?? null}
          able={state.desktop !== null}
          onRounds={(command, type) => refusalOf(askRounds(command, type))}
          onStart={(start) => refusalOf(startSession(start))}
          onEnd={(session) => send({ type: "END_SESSION", data: { session_id: session.id } })}
        />
      </div>
      <History recent={state} now={now} loaded={state.loaded} demo={demo} />
      <Warnings warnings={state.warnings} rates={state.hitRates} demo={demo} now={now} />
      <div class="side">
        <Say />
        <Model model={state.model} />
        <CollectorCard collector={state.collector} desktop={state.desktop} judgement={state.judgement} now={now} />
      </div>
    </>
  );
}

/** What help may do, where it works, and what it did. */
function HelpView({ state, now, offer, save, onBrowsers }: ViewProps & { save: Save; onBrowsers: (browsers: readonly PairedBrowser[]) => void }) {
  return (
    <>
      {state.help ? <HelpSettingsCard help={state.help} save={save} /> : <Loading />}
      <div class="side">
        {offer}
        <DoneCard actions={shownActions(state.actions, now)} now={now} />
        <PrivacyCard desktop={state.desktop} now={now} />
        <MachinesCard now={now} />
        <BrowsersCard browsers={state.browsers} now={now} onBrowsers={onBrowsers} />
        <PossibleCard can={possible(state.desktop, state.browsers)} />
      </div>
      <DayCard actions={state.actions} now={now} />
      <ExperimentsCard />
    </>
  );
}

function Loading() {
  return (
    <Card id="settings" title="What help may do">
      <Empty title="Loading">Asking the service for your settings.</Empty>
    </Card>
  );
}

/** Ends this browser's cookie, and shows how to sign in again. */
function SignOut({ onRefused }: { onRefused: (problem: string) => void }) {
  const onClick = async () => {
    const refusal = await refusalOf(signOut());
    if (refusal) onRefused(refusal);
    else window.location.reload();
  };
  return (
    <button type="button" class="small" onClick={() => void onClick()}>
      Sign out
    </button>
  );
}

/** The page. */
export function App() {
  const { state, send, dispatch } = useLive();
  const now = useClock();
  const view = useView();
  const save = useHelpSettings(dispatch);
  const [theme, onTheme] = useTheme();
  const { demo, name } = state.person;
  const offer = state.offer && state.offer.until > now - 2000 ? state.offer : null;
  const live = state.judgement !== null && now - state.judgement.at < STALE;
  const title = titleOf(demo, state.judgement?.score ?? null, offer ? offerWord(offer) : null);
  useEffect(() => {
    document.title = title;
  }, [title]);
  const answer = (response: Answer) =>
    offer && send({ type: "INTERVENTION_FEEDBACK", data: { intervention_id: offer.id, response } });
  const offerCard = <OfferCard offer={offer} notice={state.notice} now={now} demo={demo} onAnswer={answer} />;
  if (state.connection === "signed-out") return <SignIn theme={theme} onTheme={onTheme} />;
  return (
    <>
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <Header view={view} connection={state.connection} live={live} demo={demo} person={name} links={state.links} theme={theme} onTheme={onTheme} />
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
        {view === "help" ? (
          <HelpView state={state} now={now} offer={offer && offerCard} save={save} onBrowsers={(browsers) => dispatch({ kind: "browsers", browsers })} />
        ) : (
          <NowView state={state} now={now} offer={offerCard} send={send} />
        )}
      </main>
      <footer>
        <p>This page talks to its own service and to nobody else. Which keys you press is never kept.</p>
        <SignOut onRefused={(problem) => dispatch({ kind: "problem", problem })} />
      </footer>
      <Announcer judgement={state.judgement} />
    </>
  );
}
