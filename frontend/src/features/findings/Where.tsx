import { Link } from "@tanstack/react-router";
import type { Finding } from "@/api/types";
import { words } from "@/ui/format";
import { LabelledOperation } from "../overview/Top";

/** What a finding is about; leads to its endpoint where it has one. */
export function Where({ finding }: { finding: Finding }) {
  const { subject, endpoint_ids: endpoints } = finding;
  const endpoint =
    subject.kind === "endpoint" ? subject.id : endpoints.length === 1 ? endpoints[0] : undefined;
  const label = <LabelledOperation label={subject.label} />;
  return (
    <>
      {endpoint ? (
        <Link to="/endpoints/$id" params={{ id: endpoint }}>
          {label}
        </Link>
      ) : (
        label
      )}
      {subject.kind === "endpoint" || subject.kind === "route" ? null : (
        <div className="muted">{words(subject.kind)}</div>
      )}
    </>
  );
}
