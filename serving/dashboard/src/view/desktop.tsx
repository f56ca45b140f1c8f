import type { ComponentChildren } from "preact";
import type { Desktop, Remark } from "../model";
import { minuteOf } from "../words/format";

/** What the person has to know of their desktop: a pause, what capture cannot see there, what was lost. Nothing when all is well. */
export function DesktopNotice({ desktop }: { desktop: Desktop }) {
  const { pausedUntil, missing, lost } = desktop;
  if (pausedUntil === null && missing.length === 0 && lost.length === 0) return null;
  return (
    <div class="notice" role="status" data-testid="desktop-notice">
      {pausedUntil !== null && (
        <p>
          <strong>Paused</strong> until {minuteOf(pausedUntil)}: nothing is captured, and no label is made of this time.
        </p>
      )}
      {missing.length > 0 && (
        <Remarks open={pausedUntil === null} remarks={missing}>
          <strong>Not everything can be seen here:</strong> {missing.map(({ what }) => what).join(", ")}
        </Remarks>
      )}
      {lost.length > 0 && (
        <Remarks open={false} remarks={lost}>
          <strong>Lost since the agent started:</strong> {lost.map(({ what }) => what).join(", ")}
        </Remarks>
      )}
    </div>
  );
}

function Remarks({ open, remarks, children }: { open: boolean; remarks: readonly Remark[]; children: ComponentChildren }) {
  return (
    <details open={open}>
      <summary>{children}</summary>
      <dl>
        {remarks.map(({ what, why, hint }) => (
          <div key={what}>
            <dt>{what}</dt>
            <dd>
              {why}
              {hint && <> → {hint}</>}
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
