import type { Desktop } from "../model";
import { minuteOf } from "../words/format";

/** What the person has to know of their desktop: a pause, and what capture cannot see there. Nothing when all is well. */
export function DesktopNotice({ desktop }: { desktop: Desktop }) {
  const { pausedUntil, missing } = desktop;
  if (pausedUntil === null && missing.length === 0) return null;
  return (
    <div class="notice" role="status" data-testid="desktop-notice">
      {pausedUntil !== null && (
        <p>
          <strong>Paused</strong> until {minuteOf(pausedUntil)}: nothing is captured, and this time counts for nothing.
        </p>
      )}
      {missing.length > 0 && (
        <details open={pausedUntil === null}>
          <summary>
            <strong>Not everything can be seen here:</strong> {missing.map(({ what }) => what).join(", ")}
          </summary>
          <dl>
            {missing.map(({ what, why, todo }) => (
              <div key={what}>
                <dt>{what}</dt>
                <dd>
                  {why}
                  {todo && <> → {todo}</>}
                </dd>
              </div>
            ))}
          </dl>
        </details>
      )}
    </div>
  );
}
