import { Alert, Button, CopyButton, Group, Modal, Stack } from "@mantine/core";
import { IconCopy, IconDownload } from "@tabler/icons-react";
import { useSession } from "@/api/session";
import { download } from "@/ui/table/csv";
import css from "./Account.module.css";

/** Recovery codes, the one time they are shown. */
export function RecoveryCodes({ codes, onClose }: { codes: string[]; onClose: () => void }) {
  const { user, tenant } = useSession();
  const text = [
    `Portcullis recovery codes of ${user.email} in ${tenant.name} (${window.location.host})`,
    "Each of them works once, instead of a code or passkey.",
    "",
    ...codes,
    "",
  ].join("\n");
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title="Keep your recovery codes"
      closeOnClickOutside={false}
      closeOnEscape={false}
      withCloseButton={false}
    >
      <Stack>
        <Alert color="yellow">
          They are shown this one time. Keep them where you find them without your phone: in a password
          manager or on paper.
        </Alert>
        <ul className={css["codes"]} aria-label="Recovery codes">
          {codes.map((code) => (
            <li key={code}>{code}</li>
          ))}
        </ul>
        <Group justify="space-between">
          <Group gap={8}>
            <Button
              variant="default"
              leftSection={<IconDownload size={16} aria-hidden />}
              onClick={() => download("portcullis-recovery-codes.txt", text, "text/plain;charset=utf-8")}
            >
              Download
            </Button>
            <CopyButton value={text}>
              {({ copied, copy }) => (
                <Button
                  variant="default"
                  leftSection={<IconCopy size={16} aria-hidden />}
                  onClick={copy}
                  aria-live="polite"
                >
                  {copied ? "Copied" : "Copy"}
                </Button>
              )}
            </CopyButton>
          </Group>
          <Button onClick={onClose}>I have kept them</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
