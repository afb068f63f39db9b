import { Alert } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { problemOf } from "@/api/client";

/** A problem inside a form: what happened, what stayed as it was, what to do. */
export function FormProblem({ error }: { error: unknown }) {
  if (!error) return null;
  const problem = problemOf(error);
  return (
    <Alert
      color="red"
      variant="light"
      icon={<IconAlertTriangle size={18} aria-hidden />}
      title={problem.title}
      role="alert"
    >
      {[problem.detail, problem.unchanged, problem.action].filter(Boolean).join(" ")}
      {problem.errors?.map((item) => (
        <div key={item.pointer + item.detail}>
          <code>{item.pointer}</code>: {item.detail}
        </div>
      ))}
      {problem.request_id ? <div className="mono muted">Request {problem.request_id}</div> : null}
    </Alert>
  );
}
