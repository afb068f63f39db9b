import { Alert } from "@mantine/core";
import { IconHelpCircle } from "@tabler/icons-react";
import type { ReadingProblem } from "@/api/types";

interface NotKnownProps {
  title: string;
  error: ReadingProblem | null;
  /** When it is tried again, and what stays meanwhile. */
  after: string;
}

/** Something of a connection could not be read: why, and what to do. */
export function NotKnown({ title, error, after }: NotKnownProps) {
  return (
    <Alert
      mb={16}
      color="yellow"
      variant="light"
      role="status"
      icon={<IconHelpCircle size={18} aria-hidden />}
      title={title}
    >
      {[error?.detail, error?.unchanged, error?.action, after].filter(Boolean).join(" ")}
    </Alert>
  );
}
