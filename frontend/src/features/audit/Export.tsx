import { Button, Menu } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import type { Asked } from "./asked";

const FORMS = [
  { value: "csv", label: "CSV", hint: "For spreadsheets" },
  { value: "jsonl", label: "JSON lines", hint: "Everything a hash covers, to verify elsewhere" },
];

/** Takes the entries that the filters leave along as a file, all of them and not only the loaded ones. */
export function Export({ asked }: { asked: Asked }) {
  const href = (form: string): string =>
    `/api/v1/audit/export?${new URLSearchParams({ ...asked, as: form }).toString()}`;
  return (
    <Menu position="bottom-start" shadow="md" width={280}>
      <Menu.Target>
        <Button size="xs" variant="default" leftSection={<IconDownload size={14} aria-hidden />}>
          Export
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {Object.keys(asked).length ? "All entries that match the filters" : "All entries"}
        </Menu.Label>
        {FORMS.map((form) => (
          <Menu.Item key={form.value} component="a" href={href(form.value)} download>
            {form.label}
            <div className="muted" style={{ fontSize: 12 }}>
              {form.hint}
            </div>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
