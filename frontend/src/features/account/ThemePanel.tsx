import { Radio, Stack } from "@mantine/core";
import { useTheme } from "@/app/useTheme";
import type { Theme } from "@/api/types";

export function ThemePanel() {
  const { theme, setTheme } = useTheme();
  return (
    <Radio.Group aria-label="Theme" value={theme} onChange={(value) => setTheme(value as Theme)}>
      <Stack gap={10}>
        <Radio value="system" label="Same as the system" />
        <Radio value="light" label="Light" />
        <Radio value="dark" label="Dark" />
      </Stack>
    </Radio.Group>
  );
}
