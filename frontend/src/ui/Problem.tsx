import { Alert } from "@mantine/core";
import { IconAlertTriangle, IconInfoCircle } from "@tabler/icons-react";
import { CANCELLED, problemOf } from "@/api/client";
import { duration } from "./format";
import { useWait } from "./useWait";

interface ProblemProps {
  error: unknown;
  /** Fields that show their own message. */
  beside?: string[];
}

/** A problem inside a form: what happened, what stayed as it was, what to do, and how long to wait. */
export function FormProblem({ error, beside = [] }: ProblemProps) {
  const wait = useWait(error);
  if (!error) return null;
  const problem = problemOf(error);
  const calm = problem.code === CANCELLED;
  const Mark = calm ? IconInfoCircle : IconAlertTriangle;
  const elsewhere = (problem.errors ?? []).filter(
    (item) => !beside.some((field) => item.pointer.split("/").at(-1) === field),
  );
  return (
    <Alert
      color={calm ? "gray" : "red"}
      variant="light"
      icon={<Mark size={18} aria-hidden />}
      title={problem.title}
      role="alert"
    >
      {[problem.detail, problem.unchanged, problem.action].filter(Boolean).join(" ")}
      {elsewhere.map((item) => (
        <div key={item.pointer + item.detail}>
          {item.pointer ? (
            <>
              <code>{item.pointer}</code>:{" "}
            </>
          ) : null}
          {item.detail}
        </div>
      ))}
      {wait ? <div aria-hidden>Possible again in {duration(wait)}.</div> : null}
      {problem.request_id ? <div className="mono muted">Request {problem.request_id}</div> : null}
    </Alert>
  );
}
