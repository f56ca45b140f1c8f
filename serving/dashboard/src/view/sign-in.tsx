import { useEffect, useState } from "preact/hooks";
import { readTeamProvider } from "../live/rest";
import type { TeamProvider } from "../model";
import type { Theme } from "../theme";
import { Header } from "./header";

/** Shown when the service does not know this browser. */
export function SignIn({ theme, onTheme }: { theme: Theme; onTheme: () => void }) {
  const [provider, offer] = useState<TeamProvider | null>(null);
  useEffect(() => void readTeamProvider().then(offer, console.warn), []);
  return (
    <>
      <Header view={null} connection="signed-out" live={false} demo={false} person="" links={[]} theme={theme} onTheme={onTheme} />
      <main id="main" class="alone">
        <section class="card sign-in" aria-labelledby="sign-in-title">
          <h2 id="sign-in-title">This browser is not signed in</h2>
          {provider && (
            <p>
              <a href={provider.address}>Sign in with {provider.name}</a>
            </p>
          )}
          <p>Your focus is nobody else's business, so the page opens only with a link that works once.</p>
          <p>
            <code>make run</code> prints one at every start, and this makes another:
          </p>
          <pre>
            <code>neural-focus signin</code>
          </pre>
        </section>
      </main>
    </>
  );
}
