import { closeCodeName } from "./close-code-name.ts";
import { formatCount } from "./formatting.ts";
import type { CloseLine } from "./overview-history.ts";

const Rows = 6;

/** Which codes streams closed with most, and who began it. */
export function CloseLedger({ lines }: { readonly lines: readonly CloseLine[] }) {
  return (
    <section class="panel ledger" aria-labelledby="ledger-title">
      <h2 id="ledger-title">Close codes</h2>
      {lines.length === 0 ? (
        <p class="none">no stream has closed yet</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">code, and who began</th>
              <th scope="col" class="number" title="since this page was opened">
                seen
              </th>
              <th scope="col" class="number" title="since the gateway started">
                total
              </th>
            </tr>
          </thead>
          <tbody>
            {lines.slice(0, Rows).map(({ code, initiator, seen, total }) => (
              <tr key={`${code} ${initiator}`}>
                <th scope="row" title={closeCodeName(code)}>
                  <b>{code}</b> {initiator} <span class="muted">{closeCodeName(code)}</span>
                </th>
                <td class="number">{formatCount(seen)}</td>
                <td class="number">{formatCount(total)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
